"""A meeting while it runs: start, attendance, cases put off, notes, quorum."""

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from board.meetings import (
    NoteConflict,
    expected_quorum,
    mark_discussed,
    postpone,
    quorum_of,
    set_attendance,
    start_meeting,
    write_note,
)
from board.minutes import unrecorded
from board.models import AgendaItem, Meeting, PrivateNote
from patients.models import AuditEvent
from tests.board.meeting_factories import make_item, make_meeting, make_series
from tests.patients.factories import make_patient, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def chair(db):
    return make_user("chair")


@pytest.fixture
def item(chair):
    return make_item(make_meeting(chair), make_patient(chair), chair)


def test_a_start_remembers_who_was_there_last_time(chair):
    series = make_series(chair)
    past = make_meeting(chair, series=series)
    Meeting.objects.filter(pk=past.pk).update(started_at=past.starts_at, state="closed", starts_at="2026-01-01T10:00Z")
    past.attendance.filter(name="Seat 5").update(state="apology")
    meeting = make_meeting(chair, series=series, present=False)
    started = start_meeting(by=chair, meeting=meeting)
    assert started.state == "running" and started.started_at is not None
    assert set(meeting.attendance.filter(state="present").values_list("name", flat=True)) == {
        "Seat 1", "Seat 2", "Seat 3", "Seat 4",
    }  # fmt: skip
    assert quorum_of(started).text == "pathology missing"
    assert AuditEvent.objects.filter(action="set_attendance").count() == 4


def test_a_start_with_the_seats_that_are_there_remembers_nothing(chair):
    meeting = make_meeting(chair, present=False)
    first = meeting.attendance.get(name="Seat 1")
    start_meeting(by=chair, meeting=meeting, present=[first.pk])
    assert list(meeting.attendance.filter(state="present")) == [first]


def test_a_second_start_changes_nothing(chair):
    meeting = make_meeting(chair)
    first = start_meeting(by=chair, meeting=meeting).started_at
    assert start_meeting(by=chair, meeting=meeting).started_at == first
    assert AuditEvent.objects.filter(action="start_meeting").count() == 1


def test_only_who_runs_meetings_starts_them(chair):
    with pytest.raises(PermissionDenied, match="Coordinators and the chair"):
        start_meeting(by=make_user("clinician"), meeting=make_meeting(chair))


def test_quorum_is_of_those_present_and_apologies_are_not_expected(chair):
    meeting = make_meeting(chair, present=False)
    seat = meeting.attendance.get(discipline="pathology")
    set_attendance(by=chair, meeting=meeting, seat=seat.pk, state="apology")
    assert quorum_of(meeting).light == "red"
    assert expected_quorum(meeting).light == "amber" and expected_quorum(meeting).text == "pathology missing"
    assert AuditEvent.objects.get(action="set_attendance").after == {"name": "Seat 5", "state": "apology"}


def test_attendance_knows_its_words_and_its_own_seats(chair):
    meeting, other = make_meeting(chair), make_meeting(chair)
    seat = other.attendance.first()
    with pytest.raises(ValidationError, match="no such seat"):
        set_attendance(by=chair, meeting=meeting, seat=seat.pk, state="left")
    with pytest.raises(ValidationError, match="Choose expected"):
        set_attendance(by=chair, meeting=other, seat=seat.pk, state="asleep")


def test_a_case_is_put_off_with_a_reason_and_once(chair, item):
    with pytest.raises(ValidationError, match="Say why"):
        postpone(by=chair, item=item, reason=" ")
    assert postpone(by=chair, item=item, reason="no images").state == "postponed"
    assert postpone(by=chair, item=item, reason="again").state_reason == "no images"
    assert AuditEvent.objects.filter(action="postpone").count() == 1
    assert unrecorded(item.meeting) == []


def test_a_discussed_case_is_not_put_off(chair, item):
    assert unrecorded(item.meeting) == [item]
    assert mark_discussed(item).state == "discussed"
    with pytest.raises(ValidationError, match="discussed"):
        postpone(by=chair, item=item, reason="late")


def test_nobody_puts_off_a_case_they_may_not_see(item):
    with pytest.raises(PermissionDenied, match="no access"):
        postpone(by=make_user("coordinator"), item=item, reason="x")


def test_a_closed_meeting_is_read_only(chair, item):
    Meeting.objects.filter(pk=item.meeting_id).update(state="closed")
    seat = item.meeting.attendance.first()
    for act in (
        lambda: start_meeting(by=chair, meeting=item.meeting),
        lambda: set_attendance(by=chair, meeting=item.meeting, seat=seat.pk, state="left"),
        lambda: postpone(by=chair, item=item, reason="x"),
        lambda: write_note(by=chair, item=item, text="x", is_private=False),
    ):
        with pytest.raises(ValidationError, match="closed"):
            act()


def test_a_private_note_is_its_writers_and_its_words_stay_out_of_the_trail(chair, item):
    write_note(by=chair, item=item, text="ask again", is_private=True)
    write_note(by=chair, item=item, text="ask twice", is_private=True)
    assert PrivateNote.objects.get(item=item).text == "ask twice"
    item.refresh_from_db()
    assert item.minuted == ""
    for event in AuditEvent.objects.filter(action="write_private_note"):
        assert event.before is None and event.after is None


def test_a_minuted_note_is_kept_with_what_stood_there(chair, item):
    write_note(by=chair, item=item, text="liver first", is_private=False)
    write_note(by=chair, item=item, text="liver first, then bone", is_private=False)
    last = AuditEvent.objects.filter(action="write_note").order_by("pk").last()
    assert last.before == {"minuted": "liver first"} and last.after == {"minuted": "liver first, then bone"}
    with pytest.raises(PermissionDenied):
        write_note(by=make_user("clinician"), item=item, text="x", is_private=False)


def test_a_note_that_somebody_else_has_changed_is_not_replaced_unseen(chair, item):
    write_note(by=chair, item=item, text="liver first", is_private=False, base="")
    with pytest.raises(NoteConflict) as refused:
        write_note(by=chair, item=item, text="bone first", is_private=False, base="")
    assert refused.value.theirs == "liver first"
    write_note(by=chair, item=item, text="liver first, then bone", is_private=False, base="liver first\r\n")
    item.refresh_from_db()
    assert item.minuted == "liver first, then bone"


def test_a_note_sent_twice_is_no_conflict_with_itself(chair, item):
    for _ in range(2):
        write_note(by=chair, item=item, text="liver first", is_private=False, base="")
    write_note(by=chair, item=item, text="mine", is_private=True, base="")
    with pytest.raises(NoteConflict):
        write_note(by=chair, item=item, text="from my other window", is_private=True, base="")


@pytest.mark.parametrize("is_private", [True, False])
def test_no_note_is_written_on_a_case_that_was_taken_off(chair, item, is_private):
    AgendaItem.objects.filter(pk=item.pk).update(state="removed")
    with pytest.raises(ValidationError, match="not on the agenda"):
        write_note(by=chair, item=item, text="late", is_private=is_private)
    assert not PrivateNote.objects.exists()
