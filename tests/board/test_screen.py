"""The screen of the room: who moves it, what a command changes, and what it never does."""

import datetime as dt

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from board.models import AgendaItem, Display, ScreenState
from board.screen import NotInControl, command, screen_of, show_closed
from board.screen_state import seconds_of, state_json
from patients.models import AuditEvent
from tests.board.meeting_factories import make_item, make_meeting
from tests.patients.factories import make_patient, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def chair():
    return make_user("chair", username="chair")


@pytest.fixture
def board(chair):
    """A running meeting of three cases, the second postponed."""
    meeting = make_meeting(chair, state="running")
    items = [make_item(meeting, make_patient(by=chair), chair) for _ in range(3)]
    AgendaItem.objects.filter(pk=items[1].pk).update(state="postponed")
    return meeting, items


def test_the_screen_waits_until_a_case_is_shown(board, chair):
    meeting, items = board
    assert screen_of(meeting).view == "waiting"
    state = command(by=chair, meeting=meeting, action="next")
    assert (state.item, state.view, state.version) == (items[0], "overview", 2)


def test_next_and_previous_pass_over_what_was_postponed_and_stop_at_the_ends(board, chair):
    meeting, items = board
    command(by=chair, meeting=meeting, action="next")
    state = command(by=chair, meeting=meeting, action="next")
    assert state.item == items[2]
    at_the_end = command(by=chair, meeting=meeting, action="next")
    assert (at_the_end.item, at_the_end.version) == (items[2], state.version)
    assert command(by=chair, meeting=meeting, action="previous").item == items[0]
    assert state_json(meeting, user=chair)["position"] == 1


def test_another_case_begins_with_its_overview_and_without_the_sentence_of_the_last(board, chair):
    meeting, items = board
    for action, value in (("next", ""), ("view", "what_if"), ("sentence", "on")):
        command(by=chair, meeting=meeting, action=action, value=value)
    state = command(by=chair, meeting=meeting, action="show", value=str(items[2].pk))
    assert (state.view, state.shows_sentence, state.lesion) == ("overview", False, 0)


def test_a_blank_screen_stays_blank_when_the_case_changes(board, chair):
    meeting, _ = board
    command(by=chair, meeting=meeting, action="blank", value="on")
    state = command(by=chair, meeting=meeting, action="next")
    assert state.is_blank
    assert state_json(meeting, user=chair)["frame"]["key"] == "blank"


def test_absolute_commands_sent_twice_change_nothing(board, chair):
    meeting, items = board
    for action, value in (("show", str(items[0].pk)), ("blank", "on"), ("view", "heatmap")):
        once = command(by=chair, meeting=meeting, action=action, value=value).version
        assert command(by=chair, meeting=meeting, action=action, value=value).version == once


def test_somebody_else_must_take_over_and_that_is_written_down(board, chair):
    meeting, _ = board
    command(by=chair, meeting=meeting, action="next", window="laptop")
    other = make_user("coordinator", username="other")
    with pytest.raises(NotInControl) as refused:
        command(by=other, meeting=meeting, action="blank")
    assert refused.value.controller == "chair"
    with pytest.raises(NotInControl):
        command(by=chair, meeting=meeting, action="blank", window="tablet")
    state = command(by=other, meeting=meeting, action="take_over", window="desk")
    assert (state.controller, state.controller_key) == (other, "desk")
    logged = AuditEvent.objects.filter(action="screen_control").last()
    assert (logged.by, logged.before) == (other, {"controller": chair.pk})


def test_no_case_before_the_meeting_runs_and_none_after_it(chair):
    meeting = make_meeting(chair)
    item = make_item(meeting, make_patient(by=chair), chair)
    with pytest.raises(ValidationError, match="Start the meeting first"):
        command(by=chair, meeting=meeting, action="show", value=str(item.pk))
    meeting.state = "closed"
    meeting.save()
    with pytest.raises(ValidationError, match="closed"):
        command(by=chair, meeting=meeting, action="test")
    assert state_json(meeting, user=chair)["view"] == "closed"


def test_only_a_case_that_the_person_may_see_can_be_shown(board):
    meeting, items = board
    stranger = make_user("chair", username="stranger")
    with pytest.raises(PermissionDenied, match="not yours to show"):
        command(by=stranger, meeting=meeting, action="show", value=str(items[0].pk))
    assert screen_of(meeting).item is None


@pytest.mark.parametrize("role", ["clinician", "nuclear_medicine", "observer", "display", "system_admin"])
def test_other_roles_do_not_move_the_screen(board, role):
    meeting, _ = board
    with pytest.raises(PermissionDenied):
        command(by=make_user(role, username="another"), meeting=meeting, action="next")


def test_a_case_of_another_meeting_is_not_shown(board, chair):
    meeting, _ = board
    elsewhere = make_item(make_meeting(chair), make_patient(by=chair), chair)
    with pytest.raises(ValidationError, match="not on the agenda"):
        command(by=chair, meeting=meeting, action="show", value=str(elsewhere.pk))


def test_time_on_the_screen_is_added_up_case_by_case(board, chair, monkeypatch):
    meeting, items = board
    command(by=chair, meeting=meeting, action="next")
    _age(meeting, 90)
    assert 89 <= seconds_of(screen_of(meeting)) <= 91
    command(by=chair, meeting=meeting, action="next")
    items[0].refresh_from_db()
    assert 89 <= items[0].seconds <= 91
    command(by=chair, meeting=meeting, action="view", value="waiting")
    assert not state_json(meeting, user=chair)["is_timed"]
    command(by=chair, meeting=meeting, action="previous")
    assert 89 <= seconds_of(screen_of(meeting)) <= 91


def test_closing_counts_the_last_case_and_shows_the_last_card(board, chair):
    meeting, items = board
    command(by=chair, meeting=meeting, action="next")
    _age(meeting, 30)
    assert show_closed(meeting).view == "closed"
    items[0].refresh_from_db()
    assert 29 <= items[0].seconds <= 31


def test_theme_and_text_are_kept_for_each_display_and_never_go_below_the_smallest_size(board, chair, django_user_model):
    meeting, _ = board
    one, two = (_display(meeting, n) for n in "12")
    command(by=chair, meeting=meeting, action="theme", value=f"light:{one.pk}")
    command(by=chair, meeting=meeting, action="text", value="+")
    command(by=chair, meeting=meeting, action="text", value=f"-:{two.pk}")
    command(by=chair, meeting=meeting, action="text", value=f"-:{two.pk}")
    one.refresh_from_db(), two.refresh_from_db()
    assert (one.theme, one.text_percent, two.theme, two.text_percent) == ("light", 110, "dark", 100)
    elsewhere = _display(make_meeting(chair), "3")
    with pytest.raises(ValidationError, match="No such display"):
        command(by=chair, meeting=meeting, action="theme", value=f"light:{elsewhere.pk}")


@pytest.mark.parametrize(("action", "value"), [("dance", ""), ("view", "test"), ("blank", "maybe"), ("lesion", "99")])
def test_what_is_no_command_changes_nothing(board, chair, action, value):
    meeting, _ = board
    version = command(by=chair, meeting=meeting, action="next").version
    with pytest.raises(ValidationError):
        command(by=chair, meeting=meeting, action=action, value=value)
    assert screen_of(meeting).version == version


def _age(meeting, seconds):
    state = ScreenState.objects.get(meeting=meeting)
    state.shown_since -= dt.timedelta(seconds=seconds)
    state.save()


def _display(meeting, n):
    until = meeting.starts_at
    return Display.objects.create(meeting=meeting, code_until=until, token_digest=n * 64, label=f"Room {n}")


def test_the_refusal_to_show_a_case_names_its_place_and_never_its_number(board):
    meeting, items = board
    stranger = make_user("chair", username="stranger")
    with pytest.raises(PermissionDenied) as refused:
        command(by=stranger, meeting=meeting, action="show", value=str(items[2].pk))
    assert "Case 3 of the agenda" in str(refused.value)
    assert items[2].patient.case_number not in str(refused.value)


def test_a_case_taken_off_while_it_is_shown_leaves_the_waiting_card(board, chair):
    meeting, items = board
    command(by=chair, meeting=meeting, action="next")
    AgendaItem.objects.filter(pk=items[0].pk).update(state="removed")
    found = state_json(meeting, user=chair)
    assert (found["view"], found["item"], found["frame"]["key"], found["is_timed"]) == (
        "waiting",
        None,
        "waiting",
        False,
    )
    for action, value in (("view", "heatmap"), ("lesion", "next"), ("sentence", "on")):
        with pytest.raises(ValidationError, match="No case"):
            command(by=chair, meeting=meeting, action=action, value=value)
    assert command(by=chair, meeting=meeting, action="next").item == items[2]
