"""`make screenshots`: every page of the demonstration as a picture in docs/screenshots, from a server of its own."""

import io
import sys
from collections.abc import Callable
from dataclasses import dataclass

from django.utils import timezone
from PIL import Image

from demo.meeting_shots import BEGUN, OVER, held, take_after, take_before, take_during
from demo.people_shots import take_people
from demo.screen_shots import rooms, take_wall
from demo.site import REPOSITORY, chromium, demo_site, scans_of, sign_in

FOLDER = REPOSITORY / "docs" / "screenshots"
SIZE = {"width": 1366, "height": 768}
MOST_BYTES = 120_000
EMPTY = "0099"
DRAWN = "[data-all-ms]"
EMPTY_CASE = (
    "from demo.people import demo_team; from patients.services import create_patient; by, team = demo_team(); "
    f"create_patient(by=by, case_number={EMPTY!r}, team=team)"
)


@dataclass(frozen=True)
class Shot:
    """``do`` works on the page before its picture is taken; ``is_other`` turns the theme the page has by itself."""

    name: str
    address: str
    do: Callable | None = None
    is_other: bool = False
    ready: str = "main"


def at(selector: str) -> Callable:
    """The part of a long page that begins with ``selector``, below the banner that stays."""
    return lambda page: page.locator(selector).first.evaluate(
        "el => { const banner = document.querySelector('.identity'); el.scrollIntoView();"
        " scrollBy(0, -(banner?.offsetHeight ?? 0) - 12); }"
    )


def in_layout(words: str, lesion: str) -> Callable:
    def do(page) -> None:
        page.get_by_title(words).click()
        page.locator(".lesions").get_by_text(lesion).first.click()
        page.mouse.move(0, 0)

    return do


def source(page) -> None:
    page.locator(".heatmap a.cell").first.click()
    page.locator("#drawer .chain").wait_for()


def amending(page) -> None:
    """The form of the reader: of a signed reading it opens as an amendment."""
    page.locator(".grade-foot summary").click()
    page.locator(".grade-foot [name=reason]").fill("To show the form")
    page.get_by_role("button", name="Open version").click()
    page.wait_for_selector(DRAWN)
    page.locator(".lesions").get_by_text("L01").first.click()


def report(page) -> None:
    page.goto(page.locator("[data-report]").evaluate("link => link.href"))


def shots(follow_up: str, baseline: str, no_suv: str, fdg: str) -> list[Shot]:
    case = "/patients/0001/"
    tabs = ("change", "scans", "histology", "lines", "labs", "decisions", "contacts", "audit")
    pair, axial, body = "All: MIP and three slices", "Axial: PET above CT", "Body: MIP, coronal and sagittal"
    return [
        Shot("home", "/"),
        Shot("watch", "/watch/"),
        Shot("patients", "/patients/"),
        Shot("cohort", "/cohort/?small=1", at("#swimmer-title")),
        Shot("cohort-conversion", "/cohort/?tab=conversion&small=1"),
        Shot("entry", f"{case}entry/", ready="form[data-is-ready]"),
        Shot("entry-new", "/patients/new/", ready="form[data-is-ready]"),
        Shot("patient", case),
        Shot("patient-dark", case, is_other=True),
        Shot("patient-lesions", case, at("#lesions")),
        Shot("patient-criteria", case, at("#criteria")),
        *(Shot(f"patient-{tab}", f"{case}?tab={tab}") for tab in tabs),
        Shot("patient-eligibility", "/patients/0007/?tab=eligibility", at("#criteria")),
        Shot("patient-compare", "/patients/0007/?tab=eligibility&a=lutathera-smpc-eu&b=lutia", at("#compare")),
        Shot("patient-what-if", "/patients/0002/what-if/"),
        Shot("patient-change-ssa", "/patients/0004/?tab=change"),
        Shot("patient-source", case, source),
        Shot("patient-equal", "/patients/0002/"),
        Shot("patient-no-suv", "/patients/0003/"),
        Shot("patient-ssa-only", "/patients/0004/"),
        Shot("patient-lesion-loss", "/patients/0005/", at("#lesions")),
        Shot("patient-nothing-booked", "/patients/0008/"),
        Shot("patient-empty", f"/patients/{EMPTY}/"),
        Shot("reading", f"{follow_up}read/", in_layout(pair, "L02"), ready=DRAWN),
        Shot("reading-axial", f"{follow_up}read/", in_layout(axial, "L01"), ready=DRAWN),
        Shot("reading-body", f"{follow_up}read/", in_layout(body, "L01"), ready=DRAWN),
        Shot("reading-light", f"{follow_up}read/", in_layout(pair, "L02"), is_other=True, ready=DRAWN),
        Shot("reading-no-suv", f"{no_suv}read/"),
        Shot("scan", follow_up, ready="figure[data-frame]"),
        Shot("scan-dark", follow_up, is_other=True, ready="figure[data-frame]"),
        Shot("scan-baseline", baseline, ready="figure[data-frame]"),
        Shot("scan-no-suv", no_suv),
        Shot("scan-fdg", fdg, at("#fdg")),
        Shot("upload", "/imaging/upload/"),
        Shot("jobs", "/imaging/jobs/"),
        Shot("held", "/imaging/held/"),
        Shot("import-table", "/import-table/"),
        Shot("emergency", "/people/emergency/"),
        Shot("patient-known", f"{case}?known={timezone.localdate().isoformat()}"),
        Shot("decide", f"{case}decide/"),
        Shot("report", f"{follow_up}read/", report),
        Shot("reading-form", f"{follow_up}read/", amending, ready=DRAWN),
    ]


NIGHT = "from board.nightly import check_everybody; check_everybody()"


# What a site is brought to before its pictures are taken, and what takes them.
SITES: tuple[tuple[Callable, Callable], ...] = (
    (lambda: (rooms(),), take_wall),
    (lambda: (NIGHT,), take_before),
    (lambda: (held(BEGUN),), take_during),
    (lambda: (held(OVER), NIGHT), take_after),
    (lambda: (NIGHT,), take_people),
)


def main() -> int:
    from playwright.sync_api import sync_playwright

    if chromium() is None:
        sys.stderr.write("No Chromium here: install it or set PRRT_CHROMIUM.\n")
        return 1
    with demo_site(EMPTY_CASE, NIGHT) as site, sync_playwright() as playwright:
        flags = ["--no-sandbox", "--disable-gpu"]
        browser = playwright.chromium.launch(executable_path=chromium(), args=flags)
        page = browser.new_page(viewport=SIZE, locale="en-GB", timezone_id="UTC", reduced_motion="reduce")
        taken = _take_all(page, site)
        for prepared, take_from in SITES:
            with demo_site(*prepared()) as other:
                taken |= {_kept(name, webp(png)) for name, png in take_from(browser, other)}
        browser.close()
    for left in {path.stem for path in FOLDER.glob("*.webp")} - taken:
        (FOLDER / f"{left}.webp").unlink()
    return 0


def _take_all(page, site: str) -> set[str]:
    """Names of the pictures taken."""
    sign_in(page, site)
    (follow_up, baseline), (no_suv, *_) = scans_of(page, site, "0001"), scans_of(page, site, "0003")
    fdg, *_ = scans_of(page, site, "0006")
    wanted = shots(follow_up, baseline, no_suv, fdg)
    FOLDER.mkdir(exist_ok=True)
    return {_kept(shot.name, take(page, site, shot)) for shot in wanted}


def _kept(name: str, picture: bytes) -> str:
    (FOLDER / f"{name}.webp").write_bytes(picture)
    sys.stdout.write(f"{len(picture) / 1000:6.0f} kB  {name}\n")
    return name


def take(page, site: str, shot: Shot) -> bytes:
    page.goto(shot.address if shot.address.startswith("http") else site + shot.address)
    page.wait_for_selector(shot.ready)
    page.wait_for_load_state("networkidle")
    if shot.is_other:
        page.locator("[data-theme-toggle]").click()
    if shot.do:
        shot.do(page)
    page.wait_for_timeout(300)
    picture = webp(page.screenshot(animations="disabled"))
    if shot.is_other:
        page.locator("[data-theme-toggle]").click()
    return picture


def webp(png: bytes) -> bytes:
    """As good as fits: slices full of noise need more than forms do."""
    image = Image.open(io.BytesIO(png)).convert("RGB")
    for quality in range(90, 30, -10):
        out = io.BytesIO()
        image.save(out, "WEBP", quality=quality, method=6)
        if out.tell() <= MOST_BYTES:
            break
    return out.getvalue()
