"""The patient page at work: tabs, the source drawer, an answered decision in three clicks, newer data, paper."""

import datetime as dt

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from board.models import Contact
from board.services import look_again, record_decision
from demo.people import demo_team
from imaging.models import UptakeMeasurement
from patients.models import LabResult, Patient, User
from patients.services import grant_access
from tests.board.factories import FOLLOW_UP, add_lab, published_case
from tests.patients.factories import make_patient, make_user

pytestmark = pytest.mark.django_db(transaction=True)
STATE = "/patients/0001/state/"


def rows_of_the_case() -> None:
    user, patient = published_case()
    add_lab(user, patient, value=104, reference_low=150, reference_high=400)
    words = {"outcome": "not_yet", "text": "Repeat.", "owner": "Dr K"}
    record_decision(by=user, patient=patient, decided_on=FOLLOW_UP, **words)
    UptakeMeasurement.objects.filter(suv_max=16.9).update(suv_max=17.5)
    look_again(patient)


@pytest.fixture
def case(transactional_db, kept_rows, sign_in):
    kept_rows.bring(rows_of_the_case)
    user, patient = User.objects.get(username="reader-0001"), Patient.objects.get()
    sign_in(user, "/patients/0001/")
    return user, patient


def fits(page) -> bool:
    return page.evaluate("document.scrollingElement.scrollWidth <= window.innerWidth")


def test_the_drawer_has_its_steps_one_below_the_other_and_no_serious_finding(case, page, has_no_serious_finding):
    page.locator(".heatmap a.cell").first.click()
    page.locator("#drawer .chain").wait_for()
    has_no_serious_finding()
    steps = page.locator("#drawer .chain > li").evaluate_all("all => all.map(li => li.getBoundingClientRect().left)")
    assert len(steps) > 3 and len(set(steps)) == 1
    assert fits(page)


def test_a_drawer_that_was_closed_leads_nowhere(case, page, expected_errors):
    """Its source did not come, and nobody waits for it any more: whoever reads on keeps the page."""
    expected_errors.append("Failed to load resource")
    held = []
    address, cell = page.url, page.locator(".heatmap a.cell").first
    page.route(cell.evaluate("link => link.href"), lambda route, _request: held.append(route))
    cell.click()
    expect(page.locator("#drawer")).to_be_visible()
    for _ in range(100):
        if held:
            break
        page.wait_for_timeout(50)
    page.keyboard.press("Escape")
    expect(page.locator("#drawer")).to_be_hidden()
    held[0].abort()
    page.wait_for_timeout(500)
    assert len(held) == 1 and page.url == address


def test_the_focused_number_opens_its_source_by_key_and_gives_the_focus_back(case, page):
    cell = page.locator(".heatmap a.cell").nth(1)
    cell.focus()
    page.keyboard.press("i")
    page.locator("#drawer .chain").wait_for()
    assert "20 Apr 2026" in page.locator("#drawer-title").inner_text()
    assert page.locator("#drawer").get_by_text("SUVbw = rescaled stored value × factor").is_visible()
    page.keyboard.press("Escape")
    assert not page.locator("#drawer").is_visible()
    assert cell.evaluate("el => el === document.activeElement")
    assert page.url.endswith("/patients/0001/")


def test_without_a_focused_number_the_key_does_nothing(case, page):
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("i")
    page.wait_for_timeout(200)
    assert not page.locator("#drawer").is_visible()


def test_without_script_a_number_leads_to_a_page_of_its_own(case, browser, page, live_server):
    context = browser.new_context(java_script_enabled=False, storage_state=page.context.storage_state())
    plain = context.new_page()
    plain.goto(f"{live_server.url}/patients/0001/")
    plain.locator(".heatmap a.cell").first.click()
    assert "/patients/0001/source/" in plain.url
    assert plain.get_by_role("heading", name="Region and measurement").is_visible()
    context.close()


def test_from_the_home_card_to_the_answer_in_three_clicks(case, page, live_server):
    page.goto(live_server.url)
    page.get_by_role("link", name="0001 Decision rests on older inputs").click()
    assert page.locator("tr.is-changed").first.is_visible()
    page.get_by_label("Reason, in a few words").fill("read, no change of plan")
    page.get_by_role("button", name="Acknowledge").click()
    page.wait_for_url("**#decision-*")
    assert page.get_by_text("read, no change of plan").is_visible()
    assert page.locator("tr.is-changed").count() == 0
    page.goto(live_server.url)
    assert page.get_by_text("Decision rests on older inputs").count() == 0


@pytest.mark.parametrize("expected_errors", [["422"]])
def test_a_call_is_logged_only_with_a_next_date_and_that_stands_on_the_first_page(
    case, page, live_server, shoot, has_no_serious_finding
):
    page.get_by_role("link", name="Contacts", exact=True).click()
    page.get_by_label("Who was contacted").select_option("patient")
    page.get_by_label("Outcome", exact=True).select_option("reached")
    page.get_by_label("What comes next").select_option("visit")
    page.get_by_label("Note").fill("will ring back")
    page.get_by_role("button", name="Store contact").click()
    expect(page.get_by_text("Give the next date, so that this patient is not lost.")).to_be_visible()
    expect(page.get_by_label("Note")).to_have_value("will ring back")
    assert not Contact.objects.exists()
    next_week = (timezone.localdate() + dt.timedelta(days=7)).isoformat()
    page.get_by_label("Next date").fill(next_week)
    page.get_by_role("button", name="Store contact").click()
    row = page.locator("tr", has_text="will ring back")
    expect(row).to_contain_text(f"Visit, {next_week}")
    has_no_serious_finding()
    shoot("contacts")
    page.goto(live_server.url)
    expect(page.get_by_role("link", name="0001 Visit")).to_be_visible()


def test_newer_data_are_announced_and_the_page_stays_as_it_is(case, page):
    user, patient = case
    assert not page.locator("[data-stale]").is_visible()
    before = page.locator("main").inner_text()
    add_lab(user, patient, analyte="hb", value=11, unit="g/dL")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    page.locator("[data-stale]").wait_for(state="visible")
    assert "Newer data exist, reload." in page.locator("[data-stale]").inner_text()
    assert page.locator("main").inner_text().endswith(before[-400:])
    page.locator("[data-stale]").get_by_role("link", name="Reload").click()
    page.wait_for_load_state("networkidle")
    assert not page.locator("[data-stale]").is_visible()
    assert LabResult.objects.count() == 2


def test_keys_of_the_patient_page(case, page, live_server):
    user, _ = case
    make_patient(by=user, case_number="0002")
    page.keyboard.press("?")
    said = page.locator("#help").inner_text()
    for what in ("Timeline", "Lesions over time", "Record a decision", "Next case in the list", "print this page"):
        assert what in said
    page.keyboard.press("Escape")
    page.keyboard.press("h")
    assert page.evaluate("document.activeElement.id") == "lesions-title"
    page.keyboard.press("t")
    assert page.evaluate("document.activeElement.id") == "timeline-title"
    page.evaluate("window.print = () => { window.wasPrinted = true; }")
    page.keyboard.press("r")
    assert page.evaluate("window.wasPrinted")
    page.keyboard.press("]")
    page.wait_for_url("**/patients/0002/")
    page.keyboard.press("[")
    page.wait_for_url("**/patients/0001/")


def test_paper_shows_the_same_picture_and_no_controls(case, page):
    words = "() => [...document.querySelectorAll('.timeline svg text')].map(t => t.textContent)"
    marks = "() => document.querySelectorAll('.timeline svg a').length"
    on_screen = page.evaluate(words), page.evaluate(marks)
    page.emulate_media(media="print")
    assert (page.evaluate(words), page.evaluate(marks)) == on_screen
    assert page.locator(".heatmap").first.is_visible()
    for gone in (".tabs", ".answer", ".ask"):
        assert not page.locator(gone).first.is_visible()
    assert page.locator(".timeline-scroll > svg > title").count() == 1


def test_a_demo_team_case_with_many_scans_fits(page, live_server, sign_in):
    from demo.scale import load

    by, team = demo_team()
    load(6, by=by, team=team)
    reader = make_user("nuclear_medicine")
    team.members.add(reader)
    sign_in(reader)
    for number in range(6):
        page.goto(f"{live_server.url}/patients/SYN-{number:07d}/")
        assert fits(page)


def test_an_observer_sees_the_drawer_but_nothing_to_answer(page, live_server, sign_in):
    user, patient = published_case()
    reader = make_user("observer")
    grant_access(by=user, patient=patient, user=reader, kind="care_team", reason="reads along")
    sign_in(reader, "/patients/0001/")
    assert page.locator(".answer, .ask").count() == 0
    page.locator(".heatmap a.cell").first.click()
    page.locator("#drawer .chain").wait_for()


def test_values_are_tried_by_key_live_and_by_button_and_nothing_is_kept(
    case, page, live_server, has_no_serious_finding, expected_errors
):
    """W opens the sandbox; the answer follows the typing; a value that cannot be read keeps what was typed."""
    before = LabResult.objects.count()
    page.keyboard.press("w")
    page.wait_for_url("**/patients/0001/what-if/")
    answer = page.locator("[data-what-if-result]")
    expect(answer).to_contain_text("both verdicts are as recorded")
    page.get_by_label("L01 stomach: uptake").select_option("below")
    expect(answer).to_contain_text("1 tried value")  # the other lesion is as old as its scan, so the verdict stays open
    page.get_by_label("L02 liver VIII: uptake").select_option("above")
    expect(answer).to_contain_text("≠ verdict differs")
    expect(answer).to_contain_text("Not met under krenning-gt2")
    expected_errors.append("422")
    page.get_by_label("Platelets").fill("many")
    expect(answer).to_contain_text("Write a number such as 88")
    assert page.get_by_label("Platelets").get_attribute("aria-invalid") == "true"
    page.get_by_label("Platelets").fill("70")
    expect(answer).to_contain_text("3 tried values")
    assert page.get_by_label("Platelets").get_attribute("aria-invalid") is None
    page.get_by_role("button", name="Recompute").click()
    expect(page.get_by_label("Platelets")).to_have_value("70")
    assert page.url == f"{live_server.url}/patients/0001/what-if/"
    has_no_serious_finding()
    assert fits(page)
    page.get_by_role("link", name="Reset").click()
    expect(page.get_by_label("Platelets")).to_have_value("")
    assert LabResult.objects.count() == before


def test_a_result_that_could_not_be_computed_again_does_not_stand_beside_other_values(case, page, expected_errors):
    expected_errors.append("Failed to load resource")
    page.keyboard.press("w")
    page.wait_for_url("**/patients/0001/what-if/")
    answer = page.locator("[data-what-if-result]")
    expect(answer).to_contain_text("both verdicts are as recorded")
    for failing in (lambda route: route.abort(), lambda route: route.fulfill(status=500, body="away")):
        page.route("**/what-if/", failing)
        page.get_by_label("L01 stomach: uptake").select_option("below")
        expect(answer).to_contain_text("Not computed for these values")
        expect(answer).not_to_contain_text("as recorded")
        page.unroute("**/what-if/")
        page.get_by_label("L01 stomach: uptake").select_option("above")
        expect(answer).to_contain_text("1 tried value")
        expect(answer).not_to_contain_text("Not computed")


def test_coming_back_to_the_tab_adds_no_further_questions_to_the_server(case, page):
    """Each return asks at once; afterwards it is still once a minute."""
    asked = []
    page.on("request", lambda request: request.url.endswith(STATE) and asked.append(request.url))
    page.clock.install()
    page.reload()
    page.wait_for_load_state("networkidle")
    for count in range(1, 4):
        with page.expect_response(lambda response: response.url.endswith(STATE)):
            page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        assert len(asked) == count
    page.wait_for_timeout(300)
    page.clock.fast_forward(61_000)
    page.wait_for_timeout(500)
    assert len(asked) == 4


def test_the_eligibility_tab_is_legible_and_compares_sets(case, page, live_server, has_no_serious_finding):
    page.get_by_role("link", name="Eligibility", exact=True).click()
    page.get_by_role("link", name="Side by side").click()
    page.get_by_label("A", exact=True).select_option("krenning-gt2")
    page.get_by_label("B", exact=True).select_option("lutathera-smpc-eu")
    page.get_by_role("button", name="Compare").click()
    expect(page.locator("#compare .compare-only").first).to_contain_text("Only in")
    has_no_serious_finding()
    assert fits(page)
    page.get_by_role("link", name="Facts").click()
    page.locator("#facts a[data-source]").first.click()
    page.locator("#drawer .chain").wait_for()
    has_no_serious_finding()
