"""Nothing that was typed on the console is lost, overwritten unseen, or sent into another case or by another person."""

import re

import pytest
from django.contrib.sessions.models import Session
from playwright.sync_api import expect

from board.drafts import draft_of, save_draft
from board.meetings import write_note
from board.models import AgendaItem, BoardDecision
from patients.models import User
from tests.journeys.conftest import RESULTS, HeldAnswer, becomes, serious_findings
from tests.journeys.room import opened_room

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
PASSWORD = "not-a-real-password"


@pytest.fixture
def room(browser, live_server, chair_of_three):
    found, said = opened_room(browser, live_server.url, chair_of_three, PASSWORD), []
    for page in (found.console, found.display):
        page.on("pageerror", lambda error: said.append(str(error)))
    found.begin()
    found.press("PageDown")
    found.shows("Case 1 of 3")
    expect(found.console.locator(".console-identity h2")).to_have_text("Case 0001")
    yield found
    found.close()
    assert said == []


def item_of(room, number: str) -> AgendaItem:
    return AgendaItem.objects.get(meeting=room.meeting, patient__case_number=number)


def recommendation(room):
    return room.console.locator("[data-decision-form]").get_by_label("Recommendation")


def case(room, number: str):
    return room.console.locator("a.agenda-item", has_text=number)


def theirs(room, text: str) -> None:
    item, other = item_of(room, "0001"), User.objects.get(username="coordinator")
    save_draft(by=other, item=item, seen_version=draft_of(item).version, content={"text": text})


def in_conflict(room) -> None:
    recommendation(room).fill("mine")
    theirs(room, "theirs")
    expect(room.console.locator("[data-conflict]")).to_contain_text("theirs", timeout=10_000)


def test_a_conflict_waits_for_a_choice_before_anything_is_saved_or_signed(room):
    console = room.console
    in_conflict(room)
    console.get_by_label("Your password").fill(PASSWORD)
    console.locator("[data-sign]").click()
    expect(console.locator("[data-decision-state]")).to_contain_text("choose first")
    expect(console.get_by_role("button", name="Take these")).to_be_focused()
    console.evaluate("dispatchEvent(new Event('online'))")
    recommendation(room).press_sequentially(" and more")
    console.wait_for_timeout(3000)
    assert draft_of(item_of(room, "0001")).content["text"] == "theirs"
    assert BoardDecision.objects.filter(item__meeting=room.meeting).count() == 0
    console.get_by_role("button", name="Keep mine").click()
    expect(console.locator("[data-decision-state]")).to_contain_text("Saved", timeout=10_000)
    assert draft_of(item_of(room, "0001")).content["text"] == "mine and more"


def test_a_case_that_is_not_saved_stays_open_until_the_person_says_otherwise(room):
    console = room.console
    in_conflict(room)
    case(room, "0002").click()
    expect(console.locator("[data-screen-said]")).to_contain_text("Case 0001 is not saved")
    expect(console.locator(".console-identity h2")).to_have_text("Case 0001")
    expect(recommendation(room)).to_have_value("mine")
    console.screenshot(path=RESULTS / "console-held-back.png")
    case(room, "0002").click()
    expect(console.locator(".console-identity h2")).to_have_text("Case 0002")
    case(room, "0001").click()
    expect(console.locator(".console-identity h2")).to_have_text("Case 0001")
    expect(console.locator("[data-screen-said]")).to_be_hidden()
    kept = console.locator("[data-kept]")
    expect(kept).to_contain_text("mine")
    expect(recommendation(room)).to_have_value("theirs")
    assert serious_findings(console) == []
    console.screenshot(path=RESULTS / "console-kept-words.png")
    kept.get_by_role("button", name="Take it in").click()
    expect(console.locator("[data-conflict]")).to_contain_text("theirs")
    console.get_by_role("button", name="Keep mine").click()
    expect(console.locator("[data-decision-state]")).to_contain_text("Saved", timeout=10_000)
    assert draft_of(item_of(room, "0001")).content["text"] == "mine"


def test_saving_by_itself_takes_the_focus_from_nobody(room):
    console = room.console
    form = console.locator("[data-decision-form]")
    form.get_by_label("or by").fill("no day at all")
    note = console.get_by_label("Minuted note on case 0001")
    note.focus()
    expect(console.locator("[data-decision-refused]")).to_be_visible(timeout=10_000)
    expect(note).to_be_focused()


def signed_out(room) -> None:
    Session.objects.all().delete()


def sign_in_again(room, username: str) -> None:
    tab = room.console.context.new_page()
    tab.goto(f"{room.base}/meetings/")
    tab.get_by_label("User name").fill(username)
    tab.get_by_label("Password").fill(PASSWORD)
    tab.get_by_role("button", name="Sign in").click()
    tab.wait_for_url("**/meetings/")
    tab.close()


def test_signed_in_again_in_another_tab_the_same_page_goes_on(room):
    console = room.console
    signed_out(room)
    recommendation(room).fill("typed while signed out")
    console.get_by_label("Minuted note on case 0001").fill("noted while signed out")
    expect(console.locator("[data-decision-state]")).to_contain_text("signed out", timeout=10_000)
    expect(console.locator("[data-outbox]")).to_contain_text("Signed out: will send 2", timeout=10_000)
    sign_in_again(room, "coordinator")
    console.evaluate("dispatchEvent(new Event('online'))")
    console.wait_for_timeout(1500)
    item = item_of(room, "0001")
    assert draft_of(item).content["text"] != "typed while signed out" and item.minuted == ""
    signed_out(room)
    sign_in_again(room, "chair")
    console.evaluate("dispatchEvent(new Event('online'))")
    expect(console.locator("[data-outbox]")).to_be_hidden(timeout=20_000)
    item = item_of(room, "0001")
    assert (draft_of(item).content["text"], item.minuted) == ("typed while signed out", "noted while signed out")
    assert item.draft.updated_by.username == "chair"


def test_a_note_about_a_case_taken_off_the_agenda_goes_nowhere_and_stays_to_be_copied(room):
    console = room.console
    console.context.set_offline(True)
    console.get_by_label("Minuted note on case 0001").fill("about 0001 only")
    expect(console.locator("[data-outbox]")).to_contain_text("will send", timeout=15_000)
    AgendaItem.objects.filter(pk=item_of(room, "0001").pk).update(state="removed")
    console.context.set_offline(False)
    sheet = console.locator("[data-refused]")
    expect(sheet).to_contain_text("1 note not taken", timeout=15_000)
    assert not AgendaItem.objects.filter(meeting=room.meeting).exclude(minuted="").exists()
    console.reload()
    sheet.locator("summary").click()
    expect(sheet.get_by_role("textbox")).to_have_value("about 0001 only")
    assert serious_findings(console) == []
    console.screenshot(path=RESULTS / "console-refused-note.png")
    sheet.get_by_role("button", name="Throw it away").click()
    expect(sheet).to_be_hidden()
    assert console.evaluate("Object.keys(localStorage).filter((key) => /outbox|refused/.test(key))") == []


def test_two_people_in_one_minuted_note_keep_both_texts(room):
    console, item = room.console, item_of(room, "0001")
    note = console.get_by_label("Minuted note on case 0001")
    note.fill("first")
    expect(console.locator("[data-note=minuted] [data-queue-said]")).to_have_text("Kept.", timeout=10_000)
    write_note(by=User.objects.get(username="coordinator"), item=item, text="their note", is_private=False)
    sent = []

    def refused_once(route, request):
        sent.append(request.post_data)
        if len(sent) > 1:
            return route.continue_()
        return route.fulfill(status=409, json={"code": "conflict", "theirs": "their note"})

    console.route("**/note/", refused_once)
    note.press_sequentially(", second")
    expect(note).to_have_value(re.compile(r"^their note\n[\s\S]*first, second$"), timeout=10_000)
    note.press_sequentially(", third")
    expect(console.locator("[data-note=minuted] [data-queue-said]")).to_have_text("Kept.", timeout=10_000)
    assert "base=first&" in f"{sent[0]}&" and "base=their+note&" in f"{sent[1]}&"
    item.refresh_from_db()
    assert item.minuted == note.input_value()
    assert item.minuted.count("first") == 1 and item.minuted.endswith("third")


def test_kept_is_not_said_of_words_that_are_still_on_their_way(room):
    console, note = room.console, room.console.get_by_label("Minuted note on case 0001")
    said = console.locator("[data-note=minuted] [data-queue-said]")
    on_their_way = []
    console.route("**/note/", lambda route, _request: on_their_way.append(route))
    note.fill("first")
    becomes(console, lambda: len(on_their_way), 1)
    note.press_sequentially(", second")
    with console.expect_response("**/note/"):
        on_their_way[0].continue_()
    becomes(console, lambda: len(on_their_way), 2)
    expect(said).to_have_text("")
    on_their_way[1].continue_()
    expect(said).to_have_text("Kept.", timeout=10_000)
    assert item_of(room, "0001").minuted == note.input_value() == "first, second"


def test_putting_off_keeps_the_note_that_is_being_typed(room):
    console = room.console
    console.get_by_text("Put off with a reason").click()
    console.get_by_label("Why it is put off").fill("the weight is asked for")
    console.get_by_label("Minuted note on case 0001").fill("minuted at the last moment")
    console.get_by_role("button", name="Put off", exact=True).click()
    expect(case(room, "0001")).to_contain_text("put off")
    expect(console.get_by_label("Minuted note on case 0001")).to_have_value("minuted at the last moment")
    assert item_of(room, "0001").minuted == "minuted at the last moment"


def signing(room) -> list:
    """A decision whose signature is on its way: the request, held until it is let go on."""
    console, held = room.console, []
    form = console.locator("[data-decision-form]")
    room.press("m")
    recommendation(room).fill("Labs first")
    form.get_by_label("Next step", exact=True).select_option("labs")
    form.get_by_label("Within").select_option("14")
    form.get_by_label("Owner").fill("Oncology")
    form.get_by_label("Consensus").check()
    expect(console.locator("[data-decision-state]")).to_contain_text("Saved", timeout=10_000)
    console.route("**/sign/", lambda route, _request: held.append(route))
    console.get_by_label("Your password").fill(PASSWORD)
    console.locator("[data-sign]").click()
    expect(console.locator("[data-decision-state]")).to_have_text("Signing")
    return held


def test_a_late_answer_to_a_signature_does_not_throw_the_page_back_to_its_case(room):
    console, held = room.console, signing(room)
    case(room, "0002").click()
    expect(console.locator(".console-identity h2")).to_have_text("Case 0002")
    console.evaluate("window.isSamePage = true")
    held[0].continue_()
    expect(case(room, "0001")).to_contain_text("signed", timeout=10_000)
    expect(console.locator(".console-identity h2")).to_have_text("Case 0002")
    assert console.evaluate("window.isSamePage")


def test_ctrl_enter_signs_only_from_inside_the_decision(room):
    console = room.console
    console.get_by_label("Minuted note on case 0001").focus()
    console.keyboard.press("Control+Enter")
    expect(console.get_by_label("Minuted note on case 0001")).to_be_focused()
    expect(console.get_by_label("Your password")).to_have_attribute("autocomplete", "new-password")
    recommendation(room).focus()
    console.keyboard.press("Control+Enter")
    expect(console.get_by_label("Your password")).to_be_focused()


def test_the_displays_sheet_closes_on_escape_on_a_press_outside_and_after_pairing(room):
    console = room.console
    sheet, button = console.locator("[data-displays]"), console.locator("[data-displays] summary")
    expect(sheet).not_to_have_attribute("open", re.compile(".*"))  # it was paired by the fixture
    button.click()
    console.get_by_label("Code on the display").focus()
    console.keyboard.press("Escape")
    expect(sheet).not_to_have_attribute("open", re.compile(".*"))
    expect(button).to_be_focused()
    button.click()
    expect(sheet).to_have_attribute("open", "")
    console.locator(".console-title").click()
    expect(sheet).not_to_have_attribute("open", re.compile(".*"))


def test_two_cases_on_no_key_reaches_the_form_of_the_first_before_the_last_has_come(room):
    """The page of the case in between answers first: what is pressed then is about no case at all."""
    console, waiting = room.console, []
    console.route("**/console/?item=*", lambda route, _request: waiting.append(route))
    room.press("PageDown")
    room.shows("Case 2 of 3")
    room.press("PageDown")
    room.shows("Case 3 of 3")
    second, third = [str(item_of(room, number).pk) for number in ("0002", "0003")]
    for route in [one for one in waiting if second in one.request.url]:
        route.continue_()
    console.wait_for_timeout(700)
    room.press("e")
    recommendation(room).evaluate("(area) => area.focus()")
    console.keyboard.type("for case 0003")
    assert console.locator("[data-decision-form] :checked[name=outcome]").count() == 0
    assert recommendation(room).input_value() == ""
    console.unroute("**/console/?item=*")
    expect(console.locator(".console-identity h2")).to_have_text("Case 0003")
    assert third in console.url


def test_an_answer_to_a_signature_while_the_next_case_opens_does_not_hold_it_back(room):
    console, held, pages = room.console, signing(room), []
    console.route("**/console/?item=*", lambda route, _request: pages.append(route))
    case(room, "0002").click()
    console.wait_for_timeout(300)
    held[0].continue_()
    for _ in range(100):
        if BoardDecision.objects.filter(item__meeting=room.meeting).exists():
            break
        console.wait_for_timeout(50)
    console.wait_for_timeout(500)
    for one in pages:
        one.continue_()
    console.unroute("**/console/?item=*")
    expect(console.locator(".console-identity h2")).to_have_text("Case 0002")
    expect(case(room, "0001")).to_contain_text("signed", timeout=10_000)
    assert console.locator(".console-identity h2").inner_text() == "Case 0002"


def test_a_note_that_is_typed_while_the_case_comes_anew_stays(room):
    """After putting off the page brings the case again: words typed meanwhile stand in it, and all of them are kept."""
    console = room.console
    note = console.get_by_label("Minuted note on case 0001")
    note.fill("First.")
    expect(console.locator("[data-note=minuted] [data-queue-said]")).to_have_text("Kept.", timeout=10_000)
    held = HeldAnswer(console, "**/console/?item=*")
    console.locator("[data-send] [name=reason]").first.evaluate(
        "(one) => { const fold = one.closest('details'); if (fold) fold.open = true; }"
    )
    console.locator("[data-send] [name=reason]").first.fill("Labs are missing")
    console.locator("[data-send] button").first.click()
    held.wait()
    note.focus()
    console.keyboard.press("End")
    console.keyboard.type(" Second.")
    held.let_go()
    assert note.input_value() == "First. Second."
    expect(note).to_be_focused()
    console.keyboard.type(" Third.")
    console.wait_for_timeout(2500)
    assert note.input_value() == "First. Second. Third."
    assert item_of(room, "0001").minuted == "First. Second. Third."


def test_a_case_is_opened_by_a_press_during_which_the_agenda_comes_anew(room):
    console = room.console
    held = HeldAnswer(console, "**/console/?item=*")
    console.locator("[data-send] [name=reason]").first.evaluate(
        "(one) => { const fold = one.closest('details'); if (fold) fold.open = true; }"
    )
    console.locator("[data-send] [name=reason]").first.fill("Labs are missing")
    console.locator("[data-send] button").first.click()
    held.wait()
    box = console.locator("[data-part=agenda] a", has_text="0003").first.bounding_box()
    console.mouse.move(box["x"] + 9, box["y"] + box["height"] / 2)
    console.mouse.down()
    held.let_go()
    console.mouse.up()
    expect(console.locator(".console-identity h2")).to_have_text("Case 0003")
