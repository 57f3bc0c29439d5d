"""The decision form in a browser: saved while it is written, two hands at once, no network, signed by key."""

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from board.drafts import draft_of, save_draft
from board.models import BoardDecision
from patients.services import grant_access
from tests.board.factories import published_case
from tests.board.meeting_factories import make_item, make_meeting
from tests.journeys.conftest import HeldAnswer
from tests.patients.factories import make_user

pytestmark = pytest.mark.django_db(transaction=True)
SECRET = "not-a-real-password"


@pytest.fixture
def item(sign_in):
    user, patient = published_case()
    meeting = make_meeting(user, state="running", started_at=timezone.now())
    meeting.attendance.filter(discipline="pathology").update(state="apology")
    item = make_item(meeting, patient, user, question="Suitable for PRRT after CAPTEM?")
    sign_in(user, f"/meetings/items/{item.pk}/draft/")
    return item


def fill(page):
    page.keyboard.press("m")
    page.get_by_label("Recommendation, shown to the room").fill("Get labs, eGFR, pregnancy status")
    page.get_by_label("Next step", exact=True).select_option("labs")
    page.get_by_label("Within").select_option("7")
    page.get_by_label("Owner of the next step").fill("Oncologist")
    for name in ("Stage", "Guideline", "Supportive"):
        page.get_by_label(name, exact=True).check()
    page.get_by_label("Consensus").check()


def test_saved_while_it_is_written_and_signed_by_key(item, page, shoot, has_no_serious_finding):
    state = page.locator("[data-decision-state]")
    fill(page)
    expect(state).to_contain_text("Saved", timeout=10_000)
    draft = draft_of(item)
    assert (draft.content["outcome"], draft.content["considered"]) == (
        "more_data",
        ["stage", "guideline", "supportive"],
    )
    has_no_serious_finding()
    shoot("decision-form")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_label("Your password")).to_be_focused()
    page.keyboard.type("guess")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("This is not your password").first).to_be_visible()
    shoot("decision-wrong-password")
    page.get_by_label("Your password").fill(SECRET)
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("Verification code")).to_be_visible()
    assert BoardDecision.objects.get().text == "Get labs, eGFR, pregnancy status"
    shoot("decision-signed")


@pytest.fixture
def expected_errors():
    return ["403", "409", "422", "Failed to load resource", "ERR_INTERNET_DISCONNECTED"]


def test_two_hands_at_once_see_both_texts(item, page, shoot, has_no_serious_finding):
    fill(page)
    expect(page.locator("[data-decision-state]")).to_contain_text("Saved", timeout=10_000)
    other = make_user("chair", first_name="Another", last_name="Chair")
    grant_access(by=item.added_by, patient=item.patient, user=other, kind="care_team", reason="test")
    theirs = {"text": "Treat now", "owner": "Nuclear medicine"}
    save_draft(by=other, item=item, seen_version=draft_of(item).version, content=theirs)
    page.get_by_label("Recommendation, shown to the room").fill("Wait for the labs")
    conflict = page.locator("[data-conflict]")
    expect(conflict).to_contain_text("Treat now", timeout=10_000)
    expect(conflict).to_contain_text("Wait for the labs")
    expect(page.get_by_label("Owner of the next step")).to_have_value("Nuclear medicine")
    has_no_serious_finding()
    shoot("decision-conflict")
    page.get_by_role("button", name="Keep mine").click()
    expect(page.locator("[data-decision-state]")).to_contain_text("Saved", timeout=10_000)
    held = draft_of(item).content
    assert (held["text"], held["owner"]) == ("Wait for the labs", "Nuclear medicine")


def test_without_a_network_the_text_is_kept_over_a_reload_and_sent_later(item, page):
    state = page.locator("[data-decision-state]")
    page.context.set_offline(True)
    fill(page)
    expect(state).to_contain_text("Kept on this computer", timeout=10_000)
    page.context.set_offline(False)
    expect(state).to_contain_text("Saved", timeout=15_000)
    assert draft_of(item).content["text"] == "Get labs, eGFR, pregnancy status"
    assert page.evaluate("Object.keys(localStorage).filter((key) => key.startsWith('prrt.draft'))") == []


def test_the_pages_of_a_case_outside_a_meeting(item, page, shoot, has_no_serious_finding):
    page.goto(page.url.split("/meetings/")[0] + "/patients/0001/decide/")
    has_no_serious_finding()
    shoot("decide")
    page.get_by_label("Within").select_option("7")
    page.get_by_label("or by").fill("2027-01-08")
    page.get_by_label("Recommendation").fill("Wait")
    expect(page.get_by_label("Within")).to_have_value("")
    page.locator("[data-sign]").click()
    expect(page.get_by_text("Choose an outcome.").first).to_be_visible()
    shoot("decide-refused")


def test_what_is_signed_is_what_stands_in_the_form_until_the_answer_comes(item, page):
    """A word typed after Sign would be neither in the signature nor anywhere else."""
    fill(page)
    expect(page.locator("[data-decision-state]")).to_contain_text("Saved", timeout=10_000)
    held = HeldAnswer(page, "**/sign/")
    page.get_by_label("Your password").fill("guess")
    page.keyboard.press("Control+Enter")
    held.wait()
    form, text = page.locator("[data-decision-form]"), page.get_by_label("Recommendation, shown to the room")
    text.click()
    page.keyboard.type("Late. ")
    page.get_by_label("Majority").click(force=True)
    assert text.input_value() == "Get labs, eGFR, pregnancy status"
    assert page.get_by_label("Consensus").is_checked()
    assert form.get_attribute("aria-busy") == "true"
    held.let_go()
    expect(page.get_by_text("This is not your password").first).to_be_visible()
    assert form.get_attribute("aria-busy") is None
    expect(page.get_by_label("Your password")).to_be_focused()
    text.click()
    page.keyboard.press("Control+Home")
    page.keyboard.type("First: ")
    expect(text).to_have_value("First: Get labs, eGFR, pregnancy status")


def test_words_that_wait_for_an_answer_are_not_overwritten_by_what_cannot_be_saved(item, page):
    state, kept = page.locator("[data-decision-state]"), page.locator("[data-kept]")
    page.on("dialog", lambda dialog: dialog.accept())
    page.route("**/draft/", lambda route: route.abort() if route.request.method == "POST" else route.continue_())
    page.get_by_label("Recommendation, shown to the room").fill("Written in the morning")
    expect(state).to_contain_text("Kept on this computer", timeout=10_000)
    page.evaluate("document.querySelector('[data-decision-form]').remove()")
    page.goto(page.url)
    expect(kept).to_contain_text("Written in the morning")
    page.get_by_label("Recommendation, shown to the room").fill("Written at noon")
    expect(state).to_contain_text("No answer from the server", timeout=10_000)
    assert "Written in the morning" in page.evaluate("Object.values({...localStorage}).join()")
    expect(state).to_contain_text("Leave the page open and choose above")
    page.get_by_role("button", name="Throw it away").click()
    expect(state).to_contain_text("Kept on this computer", timeout=10_000)
    assert "Written at noon" in page.evaluate("Object.values({...localStorage}).join()")
