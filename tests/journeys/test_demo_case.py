"""The published case as a person meets it: sign in, open it, see both scans and the gate that changed."""

import zipfile

import pytest
from playwright.sync_api import expect

from demo.accounts import DEMO_PASSWORD, DEMO_USER
from demo.loading import CASES
from imaging.models import Lesion, LesionMatch, Proposal, Scan
from patients.models import User

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture
def cohort(demo_loaded):
    user = User.objects.get(username=DEMO_USER)
    return user, list(Scan.objects.filter(patient__case_number="0001").order_by("clinical_date"))


def test_case_one_from_sign_in_to_both_scans(
    page, live_server, cohort, worker, shoot, has_no_serious_finding, shows_every_cell_whole
):
    _, (baseline, followup) = cohort
    page.goto(f"{live_server.url}/")
    page.get_by_label("User name").fill(DEMO_USER)
    page.get_by_label("Password").fill(DEMO_PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{live_server.url}/")
    shoot("home")
    page.get_by_role("link", name="Patients", exact=True).first.click()
    shoot("patients")
    page.get_by_role("link", name="0001").first.click()
    expect(page.get_by_role("heading", name="Case 0001")).to_be_visible()
    page.wait_for_load_state("networkidle")
    shoot("case-1")
    text = page.locator("main").inner_text()
    for words in ("9.09", "11.47", "CAPTEM", "68Ga-DOTATATE"):
        assert words in text.replace("⁶⁸", "68"), words
    assert "not met" in text.lower() and "cannot determine" in text.lower()
    assert "redifferentiat" not in text.lower()

    for number in CASES:
        page.goto(f"{live_server.url}/patients/{number}/")
        shows_every_cell_whole()
    page.goto(f"{live_server.url}/imaging/scans/{baseline.pk}/")
    expect(page.get_by_text("9.09").first).to_be_visible()
    expect(page.get_by_text("below liver").first).to_be_visible()
    expect(page.get_by_text("unsigned proposal").first).to_be_visible()
    shoot("case-1-baseline")
    page.goto(f"{live_server.url}/imaging/scans/{followup.pk}/")
    expect(page.get_by_text("11.47").first).to_be_visible()
    expect(page.get_by_text("above liver").first).to_be_visible()
    _the_picture_turns_by_key(page)
    shoot("case-1-follow-up")
    _a_match_is_confirmed(page, followup)
    _a_focus_is_called_physiologic_and_another_becomes_a_lesion(page, followup)
    shoot("case-1-follow-up-decided")
    has_no_serious_finding()
    _an_export_is_downloaded(page)
    _both_scans_are_read_side_by_side(page, followup, shoot)


def _the_picture_turns_by_key(page):
    canvas = page.locator("[data-mip-canvas]")
    expect(canvas).to_be_visible()
    canvas.focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("[data-mip-angle-text]")).to_have_text("10°")
    page.locator(".key-slices img").first.scroll_into_view_if_needed()
    page.wait_for_function("() => document.querySelector('.key-slices img').naturalHeight > 100")


def _a_match_is_confirmed(page, scan):
    waiting = LesionMatch.objects.filter(scan=scan, state="open", lesion__isnull=False)
    before = waiting.count()
    assert before >= 4, "every lesion of the scan before is carried over"
    page.locator("#matches .decision").first.get_by_role("button", name="Confirm").click()
    page.wait_for_load_state("networkidle")
    expect(page.locator("#matches")).to_contain_text("confirmed as")
    assert waiting.count() == before - 1


def _a_focus_is_called_physiologic_and_another_becomes_a_lesion(page, scan):
    assert Lesion.objects.filter(patient=scan.patient).count() == 4, "a proposal is no lesion"
    waiting = Proposal.objects.filter(scan=scan, kind="focus", state="open", is_physiologic=False)
    before = waiting.count()
    page.locator("#proposals > .decisions-list .decision").first.get_by_role("button", name="Physiologic").click()
    page.wait_for_load_state("networkidle")
    first = page.locator("#proposals > .decisions-list .decision").first
    first.get_by_label("is lesion").select_option("new")
    first.get_by_label("Organ of").fill("liver")
    first.get_by_role("button", name="Accept").click()
    page.wait_for_load_state("networkidle")
    expect(page.locator("main")).to_contain_text("L05")
    assert waiting.count() == before - 2
    page.wait_for_function("() => document.body.innerText.includes('L05 liver')")


def _an_export_is_downloaded(page):
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Export for PACS").click()
    with zipfile.ZipFile(waiting.value.path()) as archive:
        assert sorted(archive.namelist()) == ["for-tumour-board-ko.dcm", "lesions-seg.dcm", "measurements-sr.dcm"]


def _both_scans_are_read_side_by_side(page, scan, shoot):
    """The views of the publication's captions, each lesion on both scans, and SUV as it is in the chart."""
    page.goto(page.url.split("/imaging/")[0] + f"/imaging/scans/{scan.pk}/")
    page.get_by_role("link", name="Read").first.click()
    page.wait_for_selector("[data-all-ms]")
    page.locator(".lesions").get_by_text("L01").click()
    for role, suv in (("old", "9.09"), ("new", "11.47")):
        expect(page.locator(f"[data-scan='{role}'] [data-at-cross]")).to_have_text(f"Cross-hair SUVbw {suv} g/mL")
    page.keyboard.press("j")
    for role, suv in (("old", "4.60"), ("new", "16.90")):
        expect(page.locator(f"[data-scan='{role}'] [data-at-cross]")).to_have_text(f"Cross-hair SUVbw {suv} g/mL")
    expect(page.locator("[data-link-words]")).to_contain_text("Linked at L02")
    shoot("case-1-reading")
    for name, views in (
        ("Axial: PET above CT", ("axial-pet", "axial-ct")),
        ("Body: MIP, coronal and sagittal", ("mip", "coronal", "sagittal")),
    ):
        page.get_by_title(name).click()
        for role in ("old", "new"):
            shown = page.locator(f"[data-scan='{role}'] [data-view]:visible")
            assert {shown.nth(n).get_attribute("data-view") for n in range(shown.count())} == set(views)
        shoot(f"case-1-reading-{views[0]}")
