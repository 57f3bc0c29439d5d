"""The reading workspace in a browser: two scans of a small phantom, by mouse and by key, and what is left without scripts."""

import re

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from imaging import volumes
from imaging.domain.geometry import lps_to_index
from imaging.models import Lesion, Scan
from imaging.selectors import current_suv
from imaging.services import place_voi
from patients.services import record
from tests.imaging.phantom import BORN, two_bodies, write_pet
from tests.imaging.test_views_series import bring, run_all
from tests.patients.factories import make_patient, make_user

pytestmark = pytest.mark.django_db(transaction=True)
PLACES = {"L01": (-24.0, 0.0, -376.0), "L02": (0.0, 0.0, -376.0)}
READOUT = "[data-scan='{}'] [data-at-cross]"


@pytest.fixture
def reader():
    return make_user("nuclear_medicine")


@pytest.fixture
def after(reader, tmp_path, settings) -> Scan:
    """Two lesions on both scans; on the second scan everything lies two voxels further left and one higher."""
    settings.FILE_STORE_DIR = tmp_path / "store"
    patient = make_patient(by=reader, case_number="SYN-a", birth_date=BORN, sex_for_formulas="F")

    def moved(values):
        two_bodies(values)
        values[:] = values.take(range(-2, values.shape[2] - 2), axis=2, mode="wrap")

    about = {"patient_id": "SYN-a", "family_name": "SYN-a^"}
    bring(reader, write_pet(tmp_path / "a", "a", paint=two_bodies), patient)
    bring(reader, write_pet(tmp_path / "b", "b", paint=moved, days_later=14, **about), patient)
    scans = list(Scan.objects.order_by("clinical_date"))
    for label, (x, y, z) in PLACES.items():
        lesion = record(Lesion, by=reader, patient=patient, label=label, organ="liver")
        for scan, shift in zip(scans, (0, 8), strict=True):
            place_voi(
                by=reader,
                scan=scan,
                role="lesion",
                lesion=lesion,
                method="sphere",
                centre_lps=(x + shift, y, z),
                radius_mm=10,
            )
    run_all()
    return scans[1]


@pytest.fixture
def opened(page, sign_in, reader, after):
    sign_in(reader, reverse("imaging:read", args=[after.pk]))
    page.wait_for_selector("[data-all-ms]")
    return page


def stored_suv(scan: Scan, lps) -> float:
    """What the images themselves hold at a place, without anything the viewer uses."""
    volume = volumes.load_volume(scan.pet_series, current_suv(scan.pet_series).result)
    x, y, z = lps_to_index(volume.affine, lps).round().astype(int)
    return float(volume.crop(volume.everything)[z, y, x])


def said(page, role: str) -> tuple[float, list[float]]:
    """SUV on the page and the place it is said to be of."""
    line = page.locator(READOUT.format(role))
    value = re.search(r"SUVbw (\d+\.\d\d) g/mL", line.inner_text())
    assert value, line.inner_text()
    return float(value[1]), [float(v) for v in line.get_attribute("data-lps").split()]


def shades(page, role: str, view: str) -> int:
    """How many different greys or colours a picture has."""
    return page.evaluate(
        """([role, view]) => {
          const canvas = document.querySelector(`[data-scan="${role}"] [data-view="${view}"] canvas`);
          const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
          return new Set(new Uint32Array(data.buffer)).size;
        }""",
        [role, view],
    )


def test_both_scans_are_drawn_and_go_to_their_own_place_of_a_lesion(opened, after, has_no_serious_finding):
    for role in ("old", "new"):
        for view in ("mip", "axial", "coronal", "sagittal"):
            assert shades(opened, role, view) > 8, (role, view)
    before = after.patient.scan_rows.exclude(pk=after.pk).get()
    for label in PLACES:
        opened.keyboard.press("j")
        expect(opened.locator(".lesions [aria-current]")).to_contain_text(label)
        for role, scan in (("old", before), ("new", after)):
            suv, lps = said(opened, role)
            row = scan.vois.get(lesion__label=label).measurements.get(superseded_at=None)
            assert lps == pytest.approx(row.hottest_voxel["lps_mm"], abs=1e-3)
            assert suv == pytest.approx(row.suv_max, abs=0.006) and suv == pytest.approx(
                stored_suv(scan, lps), abs=0.006
            )
    expect(opened.locator("[data-link-words]")).to_contain_text("Linked at L02")
    has_no_serious_finding()


def test_every_place_under_the_cross_hair_has_the_suv_of_the_images(opened, after):
    before = after.patient.scan_rows.exclude(pk=after.pk).get()
    for view in ("axial", "coronal", "sagittal"):
        box = opened.locator(f"[data-scan='new'] [data-view='{view}'] canvas").bounding_box()
        for across, down in ((0.5, 0.5), (0.42, 0.46), (0.61, 0.55)):
            opened.mouse.click(box["x"] + across * box["width"], box["y"] + down * box["height"])
            for role, scan in (("old", before), ("new", after)):
                text = opened.locator(READOUT.format(role)).inner_text()
                if "outside" in text:
                    continue
                suv, lps = said(opened, role)
                assert suv == pytest.approx(stored_suv(scan, lps), abs=0.006), (view, role, lps)
            pointer = opened.locator("[data-scan='new'] [data-at-pointer]").inner_text()
            assert f"{said(opened, 'new')[0]:.2f} g/mL" in pointer, "the pointer stands on the cross-hair"


def test_steps_keep_both_scans_at_the_lesion_and_the_link_can_be_cut(opened):
    opened.keyboard.press("j")
    starts = {role: said(opened, role)[1] for role in ("old", "new")}
    opened.keyboard.press("ArrowUp")
    for role, start in starts.items():
        assert said(opened, role)[1] == pytest.approx([start[0], start[1], start[2] + 4], abs=1e-3)
    opened.keyboard.press("l")
    expect(opened.locator("[data-link-words]")).to_contain_text("each scan moves by itself")
    here = said(opened, "old")[1]
    opened.locator("[data-scan='new'] [data-view='axial'] canvas").hover()
    opened.mouse.wheel(0, 100)
    assert said(opened, "new")[1] == pytest.approx(starts["new"], abs=1e-3) and said(opened, "old")[1] == here


def test_the_window_is_fixed_until_it_is_unlocked_and_then_warns(opened):
    strip = opened.locator("[data-window-strip]")
    expect(strip).to_be_hidden()
    expect(opened.get_by_text("SUV 0 to 15")).to_be_visible()
    opened.keyboard.press("w")
    opened.get_by_label("This scan, up to SUV").fill("30")
    expect(strip).to_contain_text("Windows differ: do not compare by eye.")
    opened.get_by_role("button", name="Lock the window").click()
    expect(strip).to_be_hidden()
    expect(opened.get_by_text("SUV 0 to 15")).to_be_visible()


def test_a_click_on_the_projection_chooses_the_lesion_and_elsewhere_the_hottest_voxel(opened, after):
    heard = "document.addEventListener('reading:lesion', (e) => (document.body.dataset.heard = e.detail.lesion))"
    opened.evaluate(heard)
    lesion = Lesion.objects.get(label="L02")
    opened.locator(f".lesions [data-lesion='{lesion.pk}']").click()
    spot = opened.evaluate(
        """async () => {
          const { ready } = await import("/static/js/reading/reading.js");
          const work = await ready;
          const panel = work.panels.find((p) => p.role === "new" && p.marks);
          const mark = panel.marks(work.state).find((m) => m.label === "L01");
          const box = panel.canvas.getBoundingClientRect();
          return [box.left + (mark.x * box.width) / panel.canvas.width, box.top + (mark.y * box.height) / panel.canvas.height];
        }"""
    )
    opened.mouse.click(*spot)
    first = Lesion.objects.get(label="L01")
    expect(opened.locator(".lesions [aria-current]")).to_contain_text("L01")
    assert opened.evaluate("document.body.dataset.heard") == str(first.pk)


def test_layouts_zoom_and_turning_draw_and_stay_quick(opened):
    for name in ("Axial: PET above CT", "Body: MIP, coronal and sagittal", "All: MIP and three slices"):
        opened.get_by_title(name).click()
        opened.keyboard.press("j")
        assert float(opened.locator("[data-workspace]").get_attribute("data-redraw-ms")) > 0
    before = opened.locator("[data-scan='new'] [data-view='mip'] canvas").get_attribute("aria-label")
    opened.locator("[data-scan='new'] [data-view='mip'] canvas").press("ArrowRight")
    expect(opened.locator("[data-scan='new'] [data-view='mip'] canvas")).not_to_have_attribute("aria-label", before)
    opened.keyboard.press("+")
    opened.keyboard.press("Space")
    assert "is-swapped" in opened.locator("[data-scans]").get_attribute("class")


def test_keys_are_in_the_help_and_letters_can_be_turned_off(opened):
    opened.keyboard.press("?")
    help_dialog = opened.get_by_role("dialog")
    for words in ("Next lesion", "Unlock or lock the SUV window", "Swap the places"):
        expect(help_dialog).to_contain_text(words)
    help_dialog.get_by_label(re.compile("Single-letter keys")).uncheck()
    help_dialog.get_by_role("button", name="Close").click()
    opened.keyboard.press("j")
    assert opened.locator(".lesions [aria-current]").count() == 0


def test_leaving_stops_and_lets_go(page, sign_in, reader, after):
    sign_in(reader, reverse("imaging:read", args=[after.pk]))
    page.wait_for_selector("[data-all-ms]")
    held = page.evaluate(
        """async () => {
          const work = await (await import("/static/js/reading/reading.js")).ready;
          dispatchEvent(new PageTransitionEvent("pagehide"));
          return [work.panels.length, ...work.scans.flatMap((s) => [s.pet, s.ct, s.frames, s.regions.length])];
        }"""
    )
    assert held == [0, None, None, None, 0, None, None, None, 0]


def test_without_volumes_the_projections_and_slices_stay(page, sign_in, reader, after, expected_errors):
    expected_errors.append("Failed to load resource")
    page.route(
        "**/imaging/products/*/",
        lambda route: route.abort() if route.request.resource_type == "fetch" else route.continue_(),
    )
    sign_in(reader, reverse("imaging:read", args=[after.pk]))
    expect(page.get_by_text("Volumes unavailable: reading by MIP only")).to_be_visible()
    expect(page.locator("[data-scan='new'] [data-still]")).to_be_visible()
    expect(page.locator("[data-fallback] img").first).to_be_visible()
    expect(page.get_by_text("L01").first).to_be_visible()


def test_without_scripts_a_reading_is_still_possible(browser, live_server, reader, after, client):
    client.force_login(reader)
    context = browser.new_context(java_script_enabled=False, viewport={"width": 1366, "height": 768})
    cookie = client.cookies["sessionid"].value
    context.add_cookies([{"name": "sessionid", "value": cookie, "url": live_server.url}])
    page = context.new_page()
    page.goto(f"{live_server.url}{reverse('imaging:read', args=[after.pk])}")
    stills = page.locator("[data-still]")
    assert stills.count() == 2
    for n in range(2):
        assert stills.nth(n).evaluate("i => i.naturalWidth") > 10
    page.locator("[data-fallback] img").first.scroll_into_view_if_needed()
    expect(page.locator("[data-fallback] img").first).to_be_visible()
    assert "L01" in page.locator(".lesions").inner_text()
    context.close()


def test_the_projections_zoom_and_move_with_the_slices(opened):
    canvas = opened.locator("[data-scan='old'] [data-view='mip'] canvas")
    place = """async () => {
      const work = await (await import("/static/js/reading/reading.js")).ready;
      const panel = work.panels.find((one) => one.role === "old" && one.marks);
      const mark = panel.marks(work.state).find((one) => one.label === "L02");
      return [panel.placed(work.state).perMm, mark.x, mark.y, panel.canvas.width, panel.canvas.height];
    }"""
    opened.keyboard.press("j")
    opened.keyboard.press("j")
    whole = opened.evaluate(place)[0]
    canvas.press("+")
    canvas.press("+")
    near, x, y, width, height = opened.evaluate(place)
    assert near == pytest.approx(whole * 1.25**2)
    assert (x, y) == pytest.approx((width / 2, height / 2)), "the chosen lesion is in the middle"
    box = canvas.bounding_box()
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    opened.keyboard.down("Shift")
    opened.mouse.move(*middle)
    opened.mouse.down()
    opened.mouse.move(middle[0] + 20, middle[1] - 10, steps=4)
    opened.mouse.up()
    opened.keyboard.up("Shift")
    _, moved_x, moved_y, *_ = opened.evaluate(place)
    scale = width / box["width"]
    assert (moved_x - x, moved_y - y) == pytest.approx((20 * scale, -10 * scale), abs=1.5)
    canvas.hover()
    opened.keyboard.down("Control")
    opened.mouse.wheel(0, 400)
    opened.mouse.wheel(0, 400)
    opened.mouse.wheel(0, 400)
    opened.keyboard.up("Control")
    assert opened.evaluate(place)[0] == pytest.approx(whole), "the whole again"


def test_the_tools_take_one_row_and_marking_one_more(opened):
    opened.set_viewport_size({"width": 1366, "height": 768})
    height = "name => document.querySelector(name).getBoundingClientRect().height"
    picture = "() => document.querySelector('[data-scan=new] [data-view=axial]').getBoundingClientRect().toJSON()"
    opened.keyboard.press("j")
    assert opened.evaluate(height, ".tools") < 54 and opened.evaluate(height, ".mark-row") < 44
    before = opened.evaluate(picture)
    opened.keyboard.press("a")
    expect(opened.locator(".mark-ask [name=organ]")).to_be_visible()
    assert opened.evaluate(height, ".mark-row") < 44
    assert opened.evaluate(picture) == before, "the pictures stay where they are while marking"
    opened.keyboard.press("Escape")
    opened.keyboard.press("i")
    smooth = opened.get_by_role("button", name="Smooth")
    expect(smooth).to_be_hidden()
    opened.get_by_text("Picture", exact=True).click()
    expect(smooth).to_have_attribute("aria-pressed", "false")
    opened.keyboard.press("Escape")
    expect(smooth).to_be_hidden()
