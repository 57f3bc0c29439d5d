"""The chair's console: who may open it, what it says of each case, and presenting from a patient's page."""

import datetime as dt

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone

from board.console import Console
from board.console_room import seats_of
from board.models import AgendaItem, Attendance, Display, Meeting, PrivateNote
from board.presenting import present_case, presentable
from board.screen import NotInControl, command, screen_of
from patients.models import AuditEvent
from patients.services import grant_access
from tests.board.meeting_factories import make_item, make_meeting
from tests.patients.factories import make_patient, make_user

pytestmark = pytest.mark.django_db
MOST_QUERIES = 40


@pytest.fixture
def chair():
    return make_user("chair", username="chair")


@pytest.fixture
def board(chair):
    meeting = make_meeting(chair, state="running")
    items = [make_item(meeting, make_patient(by=chair), chair) for _ in range(3)]
    return meeting, items


def page(client, meeting, query=""):
    return client.get(reverse("board:console", args=[meeting.pk]) + query)


def statuses(meeting, user) -> list[str]:
    return [line.status for line in Console(meeting, user).lines]


@pytest.mark.parametrize(
    ("role", "status"), [("chair", 200), ("coordinator", 200), ("clinician", 403), ("observer", 403)]
)
def test_only_those_who_run_meetings_open_it(client, board, role, status):
    client.force_login(make_user(role))
    assert page(client, board[0]).status_code == status


def test_the_form_is_that_of_the_case_asked_for_else_of_the_room_else_the_first_without_a_record(chair, board):
    meeting, items = board
    AgendaItem.objects.filter(pk=items[0].pk).update(state="postponed")
    assert Console(meeting, chair).opened == items[1]
    command(by=chair, meeting=meeting, action="show", value=str(items[2].pk))
    assert Console(meeting, chair).opened == items[2]
    assert Console(meeting, chair, str(items[0].pk)).opened == items[0]
    assert Console(meeting, chair, "no-such-case").opened == items[2]


def test_each_case_says_how_far_it_is(chair, board):
    meeting, items = board
    command(by=chair, meeting=meeting, action="show", value=str(items[1].pk))
    AgendaItem.objects.filter(pk=items[0].pk).update(state="postponed", state_reason="labs missing")
    AgendaItem.objects.filter(pk=items[2].pk).update(is_late=True)
    assert statuses(meeting, chair) == ["put off", "on screen", "added late"]
    shown = Console(meeting, chair)
    assert (shown.recorded_count, [line.number for line in shown.unrecorded]) == (1, [2, 3])


def test_a_case_nobody_gave_access_to_is_a_number_and_nothing_else(client, chair, board):
    meeting, _ = board
    hidden = make_patient(by=make_user("coordinator"), case_number="ZQHIDDEN")
    item = make_item(meeting, hidden, chair, question="ZQQUESTION")
    client.force_login(chair)
    text = page(client, meeting, f"?item={item.pk}").content.decode()
    assert "ZQHIDDEN" not in text and "ZQQUESTION" not in text and f'data-item="{item.pk}"' not in text
    assert "4 · not yours to see" in text
    assert Console(meeting, chair, str(item.pk)).opened != item


def test_a_case_for_noting_is_recorded_once_somebody_has_looked_at_it(chair, board):
    meeting, items = board
    AgendaItem.objects.filter(pk__in=[item.pk for item in items[1:]]).update(lane="noting")
    AgendaItem.objects.filter(pk=items[2].pk).update(reviewer="Dr K")
    shown = Console(meeting, chair)
    assert statuses(meeting, chair) == ["waiting", "waiting", "looked at by Dr K"]
    assert ([line.number for line in shown.unrecorded], shown.recorded_count) == ([1, 2], 1)


def test_a_private_note_is_on_the_console_of_its_writer_only(client, chair, board):
    meeting, items = board
    other = make_user("coordinator")
    grant_access(by=chair, patient=items[0].patient, user=other, kind="board", reason="sits on the board")
    PrivateNote.objects.create(item=items[0], user=chair, text="ZQPRIVATE")
    for user, is_there in ((chair, True), (other, False)):
        client.force_login(user)
        assert (b"ZQPRIVATE" in page(client, meeting).content) is is_there


def test_the_meeting_cannot_be_closed_while_a_case_has_no_record(client, chair, board):
    meeting, _ = board
    client.force_login(chair)
    text = page(client, meeting).content.decode()
    assert "3 without a record" in text and "Close and write the minutes" not in text
    AgendaItem.objects.filter(meeting=meeting).update(state="postponed", state_reason="labs missing")
    text = page(client, meeting).content.decode()
    assert "without a record" not in text and "Close and write the minutes" in text


def test_before_the_start_there_is_a_start_and_no_form(client, chair, board):
    meeting, _ = board
    Meeting.objects.filter(pk=meeting.pk).update(state="planned")
    client.force_login(chair)
    text = page(client, meeting).content.decode()
    assert "The meeting has not begun." in text and "Put off with a reason" not in text


def test_seats_are_named_where_a_discipline_has_several(chair, board):
    meeting, _ = board
    Attendance.objects.create(meeting=meeting, name="Dr K", discipline="oncology")
    labels = [seat.label for seat in seats_of(meeting)]
    assert labels == ["Nuclear medicine", "Oncology: Dr K", "Oncology: Seat 2", "Surgery", "Radiology", "Pathology"]
    assert {seat.row.name: seat.other_state for seat in seats_of(meeting)}["Dr K"] == "present"


def test_the_end_counts_the_case_on_the_screen_once_and_none_that_is_recorded(chair, board, monkeypatch):
    meeting, items = board
    now = meeting.starts_at + dt.timedelta(minutes=30)
    AgendaItem.objects.filter(pk=items[0].pk).update(state="discussed")
    command(by=chair, meeting=meeting, action="show", value=str(items[1].pk))
    screen = screen_of(meeting)
    screen.shown_since = now - dt.timedelta(minutes=4)
    screen.save()
    monkeypatch.setattr(timezone, "now", lambda: now)
    found = Console(Meeting.objects.get(pk=meeting.pk), chair).ending
    assert found.at == now + dt.timedelta(minutes=6 + 10) and found.late_minutes == 30 + 16 - 90


def test_the_console_costs_the_same_for_few_cases_and_for_many(client, chair, django_assert_max_num_queries):
    meeting = make_meeting(chair, state="running")
    for _ in range(30):
        make_item(meeting, make_patient(by=chair), chair)
    client.force_login(chair)
    page(client, meeting)
    with django_assert_max_num_queries(MOST_QUERIES):
        assert page(client, meeting).status_code == 200


def test_a_case_is_presented_from_its_page_by_whoever_moves_the_screen(client, chair, board):
    meeting, items = board
    command(by=chair, meeting=meeting, action="show", value=str(items[0].pk), window="the console")
    client.force_login(chair)
    address = reverse("board:patient", args=[items[1].patient.case_number])
    assert b'data-key="p"' in client.get(address).content
    response = client.post(reverse("board:present", args=[items[1].patient.case_number]))
    assert response["Location"] == address
    assert (screen_of(meeting).item, screen_of(meeting).controller_key) == (items[1], "the console")


def test_nobody_else_presents_it_and_the_page_does_not_offer_it(client, chair, board):
    meeting, items = board
    other = make_user("coordinator")
    grant_access(by=chair, patient=items[0].patient, user=other, kind="board", reason="sits on the board")
    command(by=chair, meeting=meeting, action="show", value=str(items[1].pk))
    assert presentable(other, items[0].patient) is None
    with pytest.raises(ValidationError):
        present_case(by=other, patient=items[0].patient)
    client.force_login(other)
    assert b'data-key="p"' not in client.get(reverse("board:patient", args=[items[0].patient.case_number])).content
    assert screen_of(meeting).item == items[1]


@pytest.mark.parametrize("change", [{"state": "planned"}, {"state": "closed"}])
def test_a_case_is_presented_only_in_a_running_meeting(chair, board, change):
    meeting, items = board
    command(by=chair, meeting=meeting, action="show", value=str(items[0].pk))
    Meeting.objects.filter(pk=meeting.pk).update(**change)
    assert presentable(chair, items[1].patient) is None


def test_a_postponed_case_is_not_presented(chair, board):
    meeting, items = board
    command(by=chair, meeting=meeting, action="show", value=str(items[0].pk))
    AgendaItem.objects.filter(pk=items[1].pk).update(state="postponed")
    assert presentable(chair, items[1].patient) is None


def test_taking_over_is_written_down_and_shuts_the_other_window_out(chair, board):
    meeting, items = board
    command(by=chair, meeting=meeting, action="show", value=str(items[0].pk), window="first")
    with pytest.raises(NotInControl):
        command(by=chair, meeting=meeting, action="next", window="second")
    command(by=chair, meeting=meeting, action="take_over", window="second")
    with pytest.raises(NotInControl):
        command(by=chair, meeting=meeting, action="next", window="first")
    assert AuditEvent.objects.filter(action="screen_control").count() == 2


def test_each_display_of_the_room_has_a_button_that_ends_it(client, chair, board):
    meeting, _ = board
    room = Display.objects.create(meeting=meeting, label="Room 2", code_until=timezone.now(), token_digest="1" * 64)
    Display.objects.create(meeting=meeting, label="Gone", code_until=timezone.now(), token_digest="2" * 64, ended_at=timezone.now())  # fmt: skip
    client.force_login(chair)
    said = page(client, meeting).content.decode()
    address = reverse("board:display_unpair", args=[meeting.pk, room.pk])
    assert said.count("data-unpair>") == 1 and f'action="{address}"' in said and "Unpair Room 2" in said
    back = reverse("board:console", args=[meeting.pk])
    assert client.post(address, {"next": back}).url == back
    room.refresh_from_db()
    assert room.ended_at is not None and "Unpair Room 2" not in page(client, meeting).content.decode()
