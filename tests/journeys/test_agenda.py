"""The agenda under the hand: what is pressed or typed while the server still answers the step before is not lost."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from board.agenda_order import arrange
from board.models import Meeting
from tests.journeys.conftest import HeldAnswer, becomes
from tests.journeys.room import planned_meeting

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def meeting(chair_of_three, page, sign_in):
    found = planned_meeting(chair_of_three)
    sign_in(chair_of_three, reverse("board:meeting", args=[found.pk]))
    return found


def order(page) -> list[str]:
    return page.locator('[data-lane="discuss"] [data-item][draggable="true"]').evaluate_all(
        "rows => rows.map(row => row.textContent.match(/000\\d/)[0])"
    )


def stored(meeting) -> list[str]:
    return list(meeting.items.order_by("position").values_list("patient__case_number", flat=True))


def minutes_of(meeting, number: str):
    return lambda: meeting.items.get(patient__case_number=number).minutes


def focus_row(page, number: str) -> None:
    page.locator('[data-item][draggable="true"]', has_text=number).locator("[id]").first.focus()


def taken_in_the_hand(page, number: str, *, over: str) -> dict:
    """A row is dragged over another one and not dropped yet; where that other one is."""
    row, last = (page.locator('[data-item][draggable="true"]', has_text=one).bounding_box() for one in (number, over))
    page.mouse.move(row["x"] + 8, row["y"] + row["height"] / 2)
    page.mouse.down()
    page.mouse.move(last["x"] + 8, last["y"] + last["height"] / 2, steps=4)
    return last


def moved_down(page) -> HeldAnswer:
    """The first case one down; the answer of the server waits."""
    held = HeldAnswer(page, "**/agenda/")
    focus_row(page, "0001")
    page.keyboard.press("Alt+ArrowDown")
    held.wait()
    return held


def test_every_key_counts_while_the_step_before_is_on_its_way(page, meeting):
    """Down, down: the second press is about the agenda as the first has left it on the screen."""
    held = moved_down(page)
    page.keyboard.press("Alt+ArrowDown")
    assert order(page) == ["0002", "0003", "0001"]
    held.let_go()
    becomes(page, lambda: stored(meeting), ["0002", "0003", "0001"])
    expect(page.locator("[data-agenda-said]")).to_have_text("Stored.")
    assert order(page) == ["0002", "0003", "0001"]


def test_minutes_given_while_a_step_is_on_its_way_are_stored(page, meeting):
    held = moved_down(page)
    page.get_by_label("Minutes for case 0003").fill("25")
    page.keyboard.press("Tab")
    held.let_go()
    expect(page.get_by_label("Minutes for case 0003")).to_have_value("25")
    becomes(page, minutes_of(meeting, "0003"), 25)
    assert stored(meeting) == ["0002", "0001", "0003"]


def test_a_question_that_is_being_typed_stays_when_the_agenda_comes_anew(page, meeting):
    held = HeldAnswer(page, "**/agenda/")
    page.get_by_label("Minutes for case 0003").fill("25")
    page.keyboard.press("Tab")
    held.wait()
    page.get_by_label("Change case 0001").click()
    question = page.locator('[data-item][draggable="true"]', has_text="0001").get_by_label("Question to the board")
    question.fill("A question nobody has asked yet")
    held.let_go()
    expect(page.locator("[data-agenda-said]")).to_have_text("Stored.")
    expect(question).to_be_visible()
    expect(question).to_have_value("A question nobody has asked yet")
    expect(question).to_be_focused()


def test_minutes_that_are_being_typed_when_the_agenda_comes_anew_are_stored_when_they_are_left(page, meeting):
    held = moved_down(page)
    page.get_by_label("Minutes for case 0003").fill("25")
    held.let_go()
    expect(page.locator("[data-agenda-said]")).to_have_text("Stored.")
    expect(page.get_by_label("Minutes for case 0003")).to_be_focused()
    page.keyboard.press("Tab")
    becomes(page, minutes_of(meeting, "0003"), 25)
    expect(page.get_by_label("Minutes for case 0003")).to_have_value("25")


def test_what_was_done_after_a_refused_step_is_not_stored(page, meeting, expected_errors):
    """Somebody else has changed the agenda: neither the first step nor one that was built on it goes over theirs."""
    expected_errors.append("409")
    held = HeldAnswer(page, "**/agenda/")
    meeting.version += 1
    meeting.save()
    focus_row(page, "0001")
    page.keyboard.press("Alt+ArrowDown")
    held.wait()
    page.keyboard.press("Alt+ArrowDown")
    held.let_go()
    expect(page.locator("[data-agenda-notice]")).to_be_visible()
    page.wait_for_timeout(500)
    assert order(page) == stored(meeting) == ["0001", "0002", "0003"]


def test_what_was_stored_is_not_called_lost_where_the_page_cannot_be_read_again(page, meeting, expected_errors):
    expected_errors.append("Failed to load resource")
    page.route(page.url, lambda route: route.abort())
    focus_row(page, "0001")
    page.keyboard.press("Alt+ArrowDown")
    expect(page.locator("[data-agenda-notice]")).to_contain_text("Stored, but")
    assert stored(meeting) == ["0002", "0001", "0003"]


def test_a_row_that_is_held_in_the_hand_is_not_taken_out_of_it_when_the_agenda_comes_anew(page, meeting):
    held = moved_down(page)
    last = taken_in_the_hand(page, "0002", over="0003")
    held.let_go()
    page.mouse.move(last["x"] + 8, last["y"] + last["height"] - 3, steps=4)
    page.mouse.up()
    becomes(page, lambda: stored(meeting), ["0001", "0003", "0002"])
    assert order(page) == ["0001", "0003", "0002"]


def test_what_another_arranged_meanwhile_is_not_undone_by_a_row_that_was_held_in_the_hand(
    page, meeting, chair_of_three, expected_errors
):
    """The row is put down on the agenda as it was: a conflict, and what the other one did stands."""
    expected_errors.append("409")
    held = moved_down(page)
    last = taken_in_the_hand(page, "0002", over="0003")
    keys = {item.patient.case_number: str(item.pk) for item in meeting.items.select_related("patient")}
    wanted = sorted(keys, reverse=True)
    version = Meeting.objects.get(pk=meeting.pk).version
    arrange(
        by=chair_of_three,
        meeting=meeting,
        seen_version=version,
        discuss=[keys[number] for number in wanted],
        noting=[],
    )
    held.let_go()
    page.mouse.move(last["x"] + 8, last["y"] + last["height"] - 3, steps=4)
    page.mouse.up()
    expect(page.locator("[data-agenda-notice]")).to_be_visible()
    assert stored(meeting) == wanted
    becomes(page, lambda: order(page), wanted)


def test_a_press_of_another_button_holds_no_step_up(page, meeting):
    """The menu of the browser may swallow the coming up of the right button."""
    page.locator("h1").first.hover()
    page.mouse.down(button="right")
    focus_row(page, "0001")
    for wanted in (["0002", "0001", "0003"], ["0002", "0003", "0001"]):
        page.keyboard.press("Alt+ArrowDown")
        expect(page.locator("[data-agenda-said]")).to_have_text("Stored.", timeout=4_000)
        becomes(page, lambda: stored(meeting), wanted)
        page.evaluate("document.querySelector('[data-agenda-said]').textContent = ''")
