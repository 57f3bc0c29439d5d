"""Marks made in the reading workspace: shown when stored, numbers of this very outline, undone, refused in words."""

import re

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from imaging import masks, selectors
from imaging.models import Lesion, LesionMatch, Voi
from imaging.services import amend_reading, outlines, place_voi, start_reading
from patients.models import AuditEvent
from tests.imaging.phantom import two_bodies
from tests.imaging.scan_rows import BODY, FIRST, SECOND, bring_scan, focus, fresh, match, new_lesion, work_off
from tests.imaging.signing import sign
from tests.journeys.conftest import HeldAnswer, becomes

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def settled(transactional_db, doctor, phantom_case, import_files, tmp_path, settings):
    """A scan with a liver reference and one lesion of which every number is stored."""
    scan = bring_scan(import_files, tmp_path, phantom_case, paint=two_bodies)
    place_voi(by=doctor, scan=scan, role="liver", method="sphere", centre_lps=BODY, radius_mm=12)
    lesion = new_lesion(doctor, phantom_case)
    outlines.grow(by=doctor, scan=scan, lesion=lesion, seed_lps=FIRST, rule="percent", parameter=60, reach_mm=30)
    work_off()
    start_reading(by=doctor, scan=scan)
    return fresh(scan)


@pytest.fixture
def desk(page, live_server, doctor, settled):
    """The reading workspace with every volume there."""
    doctor.set_password("not-a-real-password")
    doctor.save()
    page.goto(f"{live_server.url}{reverse('imaging:read', args=[settled.pk])}")
    page.get_by_label("User name").fill(doctor.username)
    page.get_by_label("Password").fill("not-a-real-password")
    page.get_by_role("button", name="Sign in").click()
    page.locator("[data-workspace][data-all-ms]").wait_for()
    page.locator(".marking").wait_for()
    page.locator(".lesions a[data-lesion]").first.click()
    expect(page.locator("[data-numbers]")).to_contain_text("L01")
    return page


def numbers(page) -> tuple[str, dict[str, float]]:
    """The line of the bar: whose region, and its numbers by name."""
    line = page.locator("[data-numbers]").inner_text()
    found = re.search(r"SUVmax ([\d.]+), mean ([\d.]+), peak ([\d.]+) g/mL; ([\d.]+) mL(?:; ([\d.]+) × liver)?", line)
    assert found, line
    return line, dict(
        zip(("max", "mean", "peak", "volume", "ratio"), map(float, found.groups(default="nan")), strict=True)
    )


def stored(scan, label: str = "L01") -> dict[str, float]:
    rows = [item for item in selectors.measurements(fresh(scan)) if item.voi.lesion and item.voi.lesion.label == label]
    row = rows[0].measurement
    liver = next(item.measurement for item in selectors.measurements(fresh(scan)) if item.voi.role == "liver")
    return {
        "max": row.suv_max,
        "mean": row.suv_mean,
        "peak": row.suv_peak_local,
        "volume": row.volume_ml,
        "ratio": row.suv_peak_local / liver.suv_mean,
    }


def go_to(page, point) -> None:
    """The cross-hair to a place of this scan, by the arrow keys as a person would, from the lesion."""
    here = [float(v) for v in page.locator('[data-scan="new"] [data-at-cross]').get_attribute("data-lps").split()]
    for key, by in (("ArrowRight", point[0] - here[0]), ("ArrowDown", point[1] - here[1])):
        opposite = {"ArrowRight": "ArrowLeft", "ArrowDown": "ArrowUp"}[key]
        for _ in range(round(abs(by) / 4)):
            page.keyboard.press(key if by > 0 else opposite)


def said(page, words: str) -> None:
    expect(page.locator("[data-said]")).to_contain_text(words)


def test_by_keys_a_second_lesion_with_numbers_at_once_and_stored(desk, settled, has_no_serious_finding, shoot):
    desk.keyboard.press("a")
    go_to(desk, SECOND)
    desk.keyboard.press("Enter")
    expect(desk.get_by_label("Organ", exact=True)).to_be_focused()
    assert not Lesion.objects.filter(label="L02").exists(), "nothing is marked before its organ is known"
    desk.keyboard.type("liver")
    desk.keyboard.press("Enter")
    expect(desk.locator("[data-numbers]")).to_contain_text("L02")
    line, at_once = numbers(desk)
    assert "provisional" in line
    expect(desk.locator(".lesions a[data-label=L02]")).to_have_attribute("aria-current", "true")
    has_no_serious_finding()
    shoot("marking")
    work_off()
    expect(desk.locator("[data-numbers]")).not_to_contain_text("provisional", timeout=10_000)
    assert numbers(desk)[1] == at_once == pytest.approx(stored(settled, "L02"), abs=0.006)
    expect(desk.locator(".grade-lesion.is-current h3")).to_contain_text("L02")
    desk.keyboard.press("z")
    said(desk, "Undone: mark.")
    expect(desk.locator(".lesions a[data-label=L02]")).to_have_count(0)
    expect(desk.locator("[data-sentence]")).to_contain_text("1 lesion still to read")


def test_thresholds_step_and_every_step_can_be_undone_and_done_again(desk, settled):
    before = numbers(desk)[1]
    seen = [before]
    for percent in (65, 70):
        desk.keyboard.press("]")
        expect(desk.locator("[data-threshold]")).to_have_text(f"{percent} %")
        seen.append(numbers(desk)[1])
    for key, expected, percent in (("z", seen[1], 65), ("z", seen[0], 60), ("Z", seen[1], 65), ("Z", seen[2], 70)):
        desk.keyboard.press(key)
        expect(desk.locator("[data-threshold]")).to_have_text(f"{percent} %")
        assert numbers(desk)[1] == expected, key
    assert seen[1]["volume"] > seen[2]["volume"], "another threshold, another volume"
    work_off()
    expect(desk.locator("[data-numbers]")).not_to_contain_text("provisional", timeout=10_000)
    assert numbers(desk)[1] == pytest.approx(stored(settled), abs=0.006)


def test_taking_away_asks_first_and_is_undone(desk, settled):
    desk.keyboard.press("Delete")
    dialog = desk.locator("[data-remove-dialog]")
    expect(dialog).to_be_visible()
    desk.keyboard.press("Escape")
    expect(dialog).not_to_be_visible()
    assert Voi.objects.filter(scan=settled, role="lesion").count() == 1
    desk.keyboard.press("x")
    expect(dialog.get_by_label("Why")).to_have_value("physiologic uptake")
    desk.get_by_role("button", name="Take away").click()
    said(desk, "taken away: saved.")
    assert not Voi.objects.filter(scan=settled, role="lesion").exists()
    expect(desk.locator("[data-numbers]")).to_have_text("")
    desk.keyboard.press("z")
    said(desk, "Undone: taken away.")
    expect(desk.locator("[data-numbers]")).to_contain_text("L01")
    assert Voi.objects.get(scan=settled, role="lesion").lesion.label == "L01"


def test_a_split_and_a_merge_are_undone_whole(desk, settled, doctor):
    voi = Voi.objects.get(scan=settled, role="lesion")
    outlines.regrow(by=doctor, voi=voi, rule="suv", parameter=4, reason="wide")
    work_off()
    desk.reload()
    desk.locator("[data-workspace][data-all-ms]").wait_for()
    desk.locator(".lesions a[data-lesion]").first.click()
    whole = numbers(desk)[1]
    desk.get_by_role("button", name="Split").click()
    desk.get_by_label("Organ", exact=True).fill("liver")
    desk.locator('[data-scan="new"] [data-view="axial"] canvas').focus()
    desk.keyboard.press("Enter")
    said(desk, "First part set.")
    go_to(desk, SECOND)
    desk.keyboard.press("Enter")
    said(desk, "split: saved.")
    assert Voi.objects.filter(scan=settled, role="lesion").count() == 2
    desk.keyboard.press("Escape")
    desk.locator(".lesions a[data-label=L01]").click()
    assert numbers(desk)[1]["volume"] < whole["volume"]
    desk.get_by_label("Merge the chosen region with").select_option(index=1)
    said(desk, "merge: saved.")
    assert numbers(desk)[1] == whole
    desk.keyboard.press("z")
    said(desk, "Undone: merge.")
    assert Voi.objects.filter(scan=settled, role="lesion").count() == 2
    desk.keyboard.press("z")
    said(desk, "Undone: split.")


@pytest.fixture
def expected_errors():
    return ["Failed to load resource"]


def test_what_somebody_else_changed_is_said_and_shown(desk, settled, colleague):
    voi = Voi.objects.get(scan=settled, role="lesion")
    outlines.widen(by=colleague, voi=voi, by_mm=4, reason="seen wider")
    desk.keyboard.press("]")
    said(desk, "changed")
    assert desk.locator("[data-said]").get_attribute("data-kind") == "error"
    expect(desk.locator("[data-numbers]")).to_contain_text("being measured")
    work_off()
    expect(desk.locator("[data-numbers]")).not_to_contain_text("being measured", timeout=10_000)
    desk.locator("[data-numbers]").filter(has_text=f"{stored(settled)['volume']:.2f} mL").wait_for(timeout=10_000)
    assert Voi.objects.get(pk=voi.pk).origin["how"] == "dilate", "the step was not taken"


def test_a_lost_network_keeps_the_step_and_shows_nothing_as_stored(desk, settled):
    before = numbers(desk)
    desk.route("**/outline/", lambda route: route.abort())
    desk.keyboard.press("]")
    said(desk, "is not saved: the server does not answer.")
    assert numbers(desk) == before and desk.locator("[data-threshold]").inner_text() == "60 %"
    desk.unroute("**/outline/")
    desk.get_by_role("button", name="Try again").click()
    expect(desk.locator("[data-threshold]")).to_have_text("65 %")
    assert Voi.objects.get(scan=settled, role="lesion").origin["parameters"]["parameter"] == 65


def test_a_mark_whose_answer_was_lost_is_not_made_twice(desk, settled):
    def swallow(route):
        route.fetch()
        route.abort()

    desk.route("**/regions/", swallow)
    desk.keyboard.press("a")
    go_to(desk, SECOND)
    desk.get_by_label("Organ", exact=True).fill("liver")
    desk.locator('[data-scan="new"] [data-view="axial"] canvas').focus()
    desk.keyboard.press("Enter")
    said(desk, "is not saved")
    desk.unroute("**/regions/")
    desk.get_by_role("button", name="Try again").click()
    said(desk, "It had been saved after all.")
    assert Voi.objects.filter(scan=settled, role="lesion").count() == 2


def drag(page, by: tuple[float, float]) -> None:
    """By so many pixels from the middle of the axial slice of this scan, in small moves as a hand makes them."""
    box = page.locator('[data-scan="new"] [data-view="axial"] canvas').bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + by[0], y + by[1], steps=4)
    page.mouse.up()


def test_a_box_is_dragged_and_only_what_is_hot_in_it_is_marked(desk, settled):
    """From the middle of the first body to the lower right: the second body is in no part of it."""
    for _ in range(3):
        desk.keyboard.press("+")
    desk.get_by_role("button", name="Box").click()
    desk.get_by_label("Organ", exact=True).fill("bone")
    drag(desk, (24, 18))
    said(desk, "mark: saved.")
    expect(desk.locator("[data-numbers]")).to_contain_text("L02 bone")
    voi = Voi.objects.get(scan=settled, lesion__label="L02")
    given = voi.origin["parameters"]
    assert (voi.origin["how"], given["rule"], given["parameter"]) == ("box_threshold", "percent", 45)
    low, high = given["low_lps_mm"], given["high_lps_mm"]
    wide = [b - a for a, b in zip(low, high, strict=True)]
    assert low[:2] == pytest.approx(FIRST[:2], abs=0.01), "dragged from the voxel in the middle"
    assert wide[0] / wide[1] == pytest.approx(24 / 18, rel=0.1) and wide[0] > 2
    assert wide[2] == pytest.approx(max(wide[:2]), abs=0.01), "as deep as its longer side"
    assert (low[2] + high[2]) / 2 == pytest.approx(FIRST[2], abs=0.01), "the slice in the middle"
    stored = masks.load(voi.mask_sha256).mask
    start, stop = stored.bounds.start, stored.bounds.stop
    last = [round((FIRST[n] + wide[n] + 64) / 4) for n in (0, 1)]
    assert (start[2], start[1]) == (10, 16) and stop[2] <= last[0] + 1 and stop[1] <= last[1] + 1
    assert stored.voxels.any() and numbers(desk)[1]["max"] > 0
    desk.keyboard.press("Escape")
    desk.keyboard.press("z")
    said(desk, "Undone: mark.")
    expect(desk.locator(".lesions a[data-label=L02]")).to_have_count(0)
    desk.keyboard.press("Z")
    said(desk, "Done again: mark.")
    expect(desk.locator("[data-numbers]")).to_contain_text("L02 bone")


def test_a_reference_is_dragged_and_every_ratio_follows(desk, settled, doctor):
    second = new_lesion(doctor, settled.patient, "L02")
    outlines.grow(by=doctor, scan=settled, lesion=second, seed_lps=SECOND, rule="percent", parameter=60, reach_mm=20)
    work_off()
    desk.reload()
    desk.locator("[data-workspace][data-all-ms]").wait_for()
    before = {label: stored(settled, label)["ratio"] for label in ("L01", "L02")}
    for label, ratio in before.items():
        desk.locator(f".lesions a[data-label={label}]").click()
        expect(desk.locator("[data-numbers]")).to_contain_text(f"{ratio:.2f} × liver")
    desk.get_by_label("Reference organ", exact=True).select_option("liver")
    desk.keyboard.press("+")  # brings the cross-hair, and so the reference, into the middle of the picture
    drag(desk, (-28, 2))
    said(desk, "liver moved: saved.")
    liver = Voi.objects.get(scan=settled, role="liver")
    assert float(liver.centre_x_mm) < BODY[0] - 16, "over the edge of a hot body, where the mean is another"
    for label, ratio in before.items():
        desk.locator(f".lesions a[data-label={label}]").click()
        expect(desk.locator("[data-numbers]")).to_contain_text(label)
        expect(desk.locator("[data-numbers]")).not_to_contain_text(f"{ratio:.2f} ×")
    work_off()
    for label, ratio in before.items():
        after = stored(settled, label)["ratio"]
        assert after != pytest.approx(ratio, abs=0.01), label
        desk.locator(f".lesions a[data-label={label}]").click()
        expect(desk.locator("[data-numbers]")).to_contain_text(f"{after:.2f} × liver", timeout=10_000)


def test_a_confirmed_match_is_undone_and_confirmed_again(desk, settled, doctor, import_files, tmp_path, live_server):
    later = bring_scan(import_files, tmp_path, settled.patient, "b", paint=two_bodies, days_later=60)
    work_off()
    LesionMatch.objects.filter(scan=later).delete()
    row = match(later, settled, Lesion.objects.get(), proposal=focus(later, 9), confidence=0.9)
    desk.goto(f"{live_server.url}{reverse('imaging:read', args=[later.pk])}")
    desk.locator("[data-workspace][data-all-ms]").wait_for()
    desk.locator(".lesions a[data-label=L01]").click()
    for key, words, state, count in (
        ("m", "L01 match confirmed: saved.", "confirmed", 1),
        ("z", "Undone: L01 match confirmed.", "open", 0),
        ("Z", "Done again: L01 match confirmed.", "confirmed", 1),
        ("z", "Undone: L01 match confirmed.", "open", 0),
    ):
        desk.keyboard.press(key)
        said(desk, words)
        row.refresh_from_db()
        assert row.state == state and Voi.objects.filter(scan=later, role="lesion").count() == count, words
        expect(desk.locator("form[data-match]")).to_have_count(1 - count)
    assert AuditEvent.objects.filter(action="reopen_match", by=doctor, reason="undone while reading").count() == 2


def test_an_accepted_focus_that_redrew_a_region_is_undone_to_both(desk, settled):
    before = Voi.objects.get(scan=settled, role="lesion")
    found = focus(settled, 1, lesion=before.lesion)
    desk.reload()
    desk.locator("[data-workspace][data-all-ms]").wait_for()
    desk.locator(".lesions a[data-label=L01]").click()
    first = numbers(desk)[1]
    desk.keyboard.press("]")
    expect(desk.locator("[data-threshold]")).to_have_text("65 %")
    desk.locator("a[data-label=F01]").click()
    desk.keyboard.press("c")
    said(desk, "F01 accepted: saved.")
    assert Voi.objects.get(scan=settled, role="lesion").mask_sha256 == found.mask_sha256
    expect(desk.locator("a[data-label=F01]")).to_have_count(0)
    desk.keyboard.press("z")
    said(desk, "Undone: F01 accepted.")
    expect(desk.locator("a[data-label=F01]")).to_have_count(1)
    desk.keyboard.press("z")
    said(desk, "Undone: threshold 65.")
    desk.locator(".lesions a[data-label=L01]").click()
    expect(desk.locator("[data-threshold]")).to_have_text("60 %")
    assert numbers(desk)[1] == first and Voi.objects.get(pk=before.pk).mask_sha256 == before.mask_sha256
    for words in ("Done again: threshold 65.", "Done again: F01 accepted."):
        desk.keyboard.press("Z")
        said(desk, words)
    assert Voi.objects.get(pk=before.pk).mask_sha256 == found.mask_sha256


def test_a_lesion_of_this_reading_goes_with_its_region_and_comes_back(desk, settled):
    desk.keyboard.press("a")
    go_to(desk, SECOND)
    desk.get_by_label("Organ", exact=True).fill("liver")
    desk.locator('[data-scan="new"] [data-view="axial"] canvas').focus()
    desk.keyboard.press("Enter")
    said(desk, "mark: saved.")
    expect(desk.locator("[data-numbers]")).to_contain_text("L02")
    desk.keyboard.press("Escape")
    desk.keyboard.press("Delete")
    desk.locator("[data-remove-dialog]").get_by_label("Why").fill("seen twice")
    desk.get_by_role("button", name="Take away").click()
    said(desk, "Its lesion was marked nowhere else and went with it.")
    expect(desk.locator(".lesions a[data-label=L02]")).to_have_count(0)
    assert not Lesion.objects.filter(label="L02").exists()
    desk.keyboard.press("z")
    said(desk, "Undone: taken away.")
    expect(desk.locator(".lesions a[data-label=L02]")).to_have_count(1)
    assert Voi.objects.filter(scan=settled, lesion__label="L02").count() == 1


def test_keys_pressed_faster_than_the_server_answers_are_all_taken(desk, settled):
    for key in "]]][":
        desk.keyboard.press(key)
    expect(desk.locator("[data-threshold]")).to_have_text("70 %")
    expect(desk.locator("[data-said]")).to_have_text("threshold 70: saved.")
    assert Voi.objects.get(scan=settled, role="lesion").origin["parameters"]["parameter"] == 70
    assert Voi.versions.filter(scan=settled, role="lesion").count() == 5


def test_a_list_from_before_a_step_does_not_bring_the_earlier_outline_back(desk, settled):
    """The list is asked for, then a step is taken and answered, then the list comes: it is the older of the two."""
    held = []
    desk.route("**/regions.json", lambda route: held.append((route, route.fetch())) if not held else route.continue_())
    desk.keyboard.press("]")
    expect(desk.locator("[data-threshold]")).to_have_text("65 %")
    becomes(desk, lambda: len(held), 1)
    desk.keyboard.press("]")
    expect(desk.locator("[data-threshold]")).to_have_text("70 %")
    route, answer = held[0]
    route.fulfill(response=answer)
    desk.wait_for_timeout(200)
    assert desk.locator("[data-threshold]").inner_text() == "70 %"
    assert numbers(desk)[1]["volume"] > 0


def test_lists_from_before_a_score_do_not_bring_back_that_it_is_missing(desk, settled):
    """The lists are asked for, then a score is given and saved, then the lists come: they are the older of the two."""
    held = []
    desk.route(
        re.compile("/read/lists/"), lambda route: held.append((route, route.fetch())) if not held else route.continue_()
    )
    sentence = desk.locator(".grading [data-sentence]")
    expect(sentence).to_contain_text("1 lesion still to read")
    desk.keyboard.press("]")
    becomes(desk, lambda: len(held), 1)
    desk.keyboard.press("3")
    expect(sentence).not_to_contain_text("lesion")
    route, answer = held[0]
    route.fulfill(response=answer)
    desk.wait_for_timeout(1_000)
    assert "lesion" not in sentence.inner_text()
    expect(desk.locator(".lesions a[data-lesion] .krenning").first).to_have_text("3")


def test_foci_are_decided_from_the_list_and_its_counts_follow(desk, settled):
    focus(settled, 1), focus(settled, 2)
    desk.reload()
    desk.locator("[data-workspace][data-all-ms]").wait_for()
    expect(desk.locator(".lesions .list-title")).to_have_text("Foci to decide, 2")
    desk.locator("a[data-label=F01]").click()
    desk.keyboard.press("x")
    expect(desk.locator(".lesions .list-title")).to_have_text("Foci to decide, 1")
    expect(desk.locator("a[data-label=F02]")).to_have_attribute("aria-current", "true")
    desk.keyboard.press("z")
    expect(desk.locator(".lesions .list-title")).to_have_text("Foci to decide, 2")


def test_a_signed_outline_is_changed_with_a_reason_only(desk, settled, doctor):
    reading = sign(by=doctor, reading=graded(settled, doctor))
    amend_reading(by=doctor, reading=reading, reason="looked again")
    desk.reload()
    desk.locator("[data-workspace][data-all-ms]").wait_for()
    desk.locator(".lesions a[data-lesion]").first.click()
    desk.keyboard.press("]")
    expect(desk.locator(".mark-ask").get_by_label("Why")).to_be_focused()
    assert desk.locator("[data-threshold]").inner_text() == "60 %"
    desk.keyboard.type("seen smaller")
    desk.keyboard.press("Enter")
    expect(desk.locator("[data-threshold]")).to_have_text("65 %")


def graded(scan, doctor):
    from imaging.services import score_lesion

    reading = scan.readings.get()
    score_lesion(by=doctor, reading=reading, lesion=Lesion.objects.get(), score_low=3, score_high=3)
    return reading


@pytest.fixture
def two(desk, settled):
    """A second lesion beside the first, marked and stored; the first one is chosen."""
    desk.keyboard.press("a")
    go_to(desk, SECOND)
    desk.keyboard.press("Enter")
    desk.keyboard.type("liver")
    desk.keyboard.press("Enter")
    expect(desk.locator("[data-numbers]")).to_contain_text("L02")
    work_off()
    expect(desk.locator("[data-numbers]")).not_to_contain_text("provisional", timeout=10_000)
    desk.keyboard.press("Escape")
    desk.locator(".lesions a[data-label=L01]").click()
    expect(desk.locator("[data-numbers]")).to_contain_text("L01")
    desk.wait_for_load_state("networkidle")
    return desk


def test_who_has_gone_on_to_another_lesion_is_not_taken_back_by_a_late_answer(two):
    """The next key would score the lesion that was left."""
    held = HeldAnswer(two, "**/outline/")
    two.keyboard.press("]")
    held.wait()
    two.keyboard.press("j")
    second = two.locator(".lesions a[data-label=L02]")
    expect(second).to_have_attribute("aria-current", "true")
    held.let_go()
    expect(two.locator("[data-said]")).to_contain_text("saved")
    expect(second).to_have_attribute("aria-current", "true")
    two.keyboard.press("2")
    expect(second.locator(".krenning").first).to_have_text("2")


def test_a_computed_score_taken_over_late_does_not_take_the_reader_away(two, doctor, phantom_case):
    """Taking over goes on to the next lesion, but not with somebody who has gone elsewhere meanwhile."""
    new_lesion(doctor, phantom_case, "L03")
    two.reload()
    two.locator("[data-workspace][data-all-ms]").wait_for()
    two.locator(".lesions a[data-label=L01]").click()
    expect(two.locator("[data-numbers]")).to_contain_text("L01")
    held = HeldAnswer(two, "**/score/")
    two.keyboard.press("y")
    held.wait()
    two.locator(".lesions a[data-label=L03]").click()
    current = two.locator(".grade-lesion.is-current h3")
    expect(current).to_contain_text("L03")
    held.let_go()
    expect(two.locator(".lesions a[data-label=L01] .source").last).to_have_text("read")
    expect(current).to_contain_text("L03")


def test_the_lesion_that_was_chosen_for_the_next_mark_stays_chosen(desk, settled):
    """One more region of L01: the list that is read again meanwhile does not make a new lesion of it."""
    desk.keyboard.press("]")
    expect(desk.locator("[data-threshold]")).to_have_text("65 %")
    desk.keyboard.press("a")
    lesion = desk.locator("[data-ask] [name=lesion]")
    lesion.select_option(label="L01, one more region")
    chosen = lesion.input_value()
    work_off()
    expect(desk.locator("[data-numbers]")).not_to_contain_text("provisional", timeout=10_000)
    desk.wait_for_timeout(500)
    expect(lesion).to_have_value(chosen)


def test_an_answer_to_a_score_from_before_a_new_lesion_does_not_say_that_all_are_read(desk, settled):
    held = HeldAnswer(desk, "**/score/")
    sentence = desk.locator(".grading [data-sentence]")
    desk.keyboard.press("3")
    held.wait()
    desk.keyboard.press("a")
    go_to(desk, SECOND)
    desk.keyboard.press("Enter")
    desk.keyboard.type("liver")
    desk.keyboard.press("Enter")
    expect(desk.locator(".lesions a[data-label=L02]")).to_have_count(1)
    work_off()
    expect(desk.locator("[data-numbers]")).not_to_contain_text("provisional", timeout=10_000)
    desk.wait_for_timeout(1_000)
    expect(sentence).to_contain_text("1 lesion still to read")
    held.let_go()
    desk.wait_for_timeout(500)
    expect(sentence).to_contain_text("1 lesion still to read")


def test_an_entry_for_a_lesion_that_was_taken_away_does_not_stand_in_the_way_of_the_signature(
    desk, settled, expected_errors
):
    expected_errors.append("Failed to load resource")
    desk.keyboard.press("a")
    go_to(desk, SECOND)
    desk.keyboard.press("Enter")
    desk.keyboard.type("liver")
    desk.keyboard.press("Enter")
    expect(desk.locator(".grade-lesion.is-current h3")).to_contain_text("L02")
    desk.route("**/score/", lambda route: route.abort())
    desk.keyboard.press("3")
    expect(desk.locator("[data-save-state]")).to_have_text("Not saved")
    desk.keyboard.press("z")
    expect(desk.locator(".lesions a[data-label=L02]")).to_have_count(0)
    expect(desk.locator(".grade-lesion")).to_have_count(1)
    desk.keyboard.press("Control+Enter")
    expect(desk.locator("[data-save-state]")).to_have_text("Not ready to sign")


def test_who_has_gone_on_after_deciding_on_a_focus_is_not_taken_to_the_next_one(desk, settled):
    focus(settled, 1), focus(settled, 2)
    desk.reload()
    desk.locator("[data-workspace][data-all-ms]").wait_for()
    desk.locator(".lesions a[data-region]").first.click()
    held = HeldAnswer(desk, "**/reject/")
    desk.keyboard.press("n")
    held.wait()
    lesion = desk.locator(".lesions a[data-lesion]").first
    lesion.click()
    expect(lesion).to_have_attribute("aria-current", "true")
    held.let_go()
    expect(desk.locator("[data-foci] a[data-region]")).to_have_count(1)
    expect(lesion).to_have_attribute("aria-current", "true")


def test_the_regions_are_asked_for_again_when_the_first_answer_does_not_come(page, desk, settled):
    failed = []

    def fail_first(route):
        if failed:
            return route.continue_()
        failed.append(route.request.url)
        return route.abort()

    page.route("**/regions.json", fail_first)
    page.reload()
    page.locator("[data-workspace][data-all-ms]").wait_for()
    page.locator(".lesions a[data-lesion]").first.click()
    expect(page.locator("[data-numbers]")).to_contain_text("SUVmax")
    assert failed


def test_a_page_opened_while_numbers_are_computed_shows_them_when_they_are_stored(page, desk, settled):
    desk.keyboard.press("]")
    expect(desk.locator("[data-numbers]")).to_contain_text("provisional")
    page.reload()
    page.locator("[data-workspace][data-all-ms]").wait_for()
    page.locator(".lesions a[data-lesion]").first.click()
    expect(page.locator("[data-numbers]")).to_contain_text("being measured")
    work_off()
    expect(page.locator("[data-numbers]")).to_contain_text("SUVmax", timeout=10_000)


def press_on(page, button) -> None:
    """The button of the mouse goes down on it, and stays down."""
    box = button.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()


def test_a_press_is_not_lost_when_the_list_comes_anew_while_the_button_is_down(desk, settled):
    focus(settled, 1), focus(settled, 2)
    desk.reload()
    desk.locator("[data-workspace][data-all-ms]").wait_for()
    held = HeldAnswer(desk, "**/read/lists/*")
    desk.locator("[data-foci] [data-do=reject]").first.click()
    held.wait()
    press_on(desk, desk.locator("[data-foci] li:not(:has(button:disabled)) [data-do=reject]").first)
    held.let_go()
    desk.mouse.up()
    expect(desk.locator("[data-foci] a[data-region]")).to_have_count(0)


def test_the_list_is_asked_for_again_when_the_server_could_not_give_it(desk, settled, expected_errors):
    expected_errors.append("Failed to load resource")
    focus(settled, 1), focus(settled, 2)
    desk.reload()
    desk.locator("[data-workspace][data-all-ms]").wait_for()
    desk.route("**/read/lists/*", lambda route: route.abort())
    desk.locator("[data-foci] [data-do=reject]").first.click()
    desk.wait_for_timeout(1_500)
    expect(desk.locator("[data-foci] a[data-region]")).to_have_count(2)
    desk.unroute("**/read/lists/*")
    expect(desk.locator("[data-foci] a[data-region]")).to_have_count(1, timeout=10_000)
