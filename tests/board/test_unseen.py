"""A case that whoever runs the meeting may not see keeps it from nothing; who comes late gets a seat."""

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.urls import reverse

from board.agenda_version import AgendaConflict
from board.late_seat import add_seat
from board.meeting_planning import Seat
from board.minutes import close_meeting
from board.models import AgendaItem, Attendance, WatchState
from board.unseen import settle_unseen
from patients.models import Patient
from tests.board.meeting_factories import make_item, make_meeting
from tests.patients.factories import make_patient, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def chair():
    return make_user("chair")


@pytest.fixture
def board(chair):
    """Two cases on it, the first one shared with somebody else only."""
    meeting = make_meeting(chair, state="running")
    theirs = make_item(meeting, make_patient(make_user("clinician"), case_number="HIDDEN-1"), chair)
    mine = make_item(meeting, make_patient(chair), chair, lane="noting", reviewer="Dr R")
    return meeting, theirs, mine


def settle(chair, meeting, **values):
    standard = {"number": 1, "seen_version": meeting.version, "to": "postponed", "reason": "nobody here may see it"}
    return settle_unseen(by=chair, meeting=meeting, **standard | values)


def test_it_is_put_off_by_its_number_and_the_meeting_can_be_closed(chair, board):
    meeting, theirs, _ = board
    settle(chair, meeting)
    theirs.refresh_from_db()
    assert (theirs.state, theirs.state_reason) == ("postponed", "nobody here may see it")
    assert WatchState.objects.get(patient=theirs.patient).has_no_date
    assert not Patient.objects.visible_to(chair).filter(pk=theirs.patient_id).exists()
    assert close_meeting(by=chair, meeting=meeting).content["cases"]


def test_it_is_taken_off_by_its_number(chair, board):
    meeting, theirs, _ = board
    settle(chair, meeting, to="removed")
    theirs.refresh_from_db()
    assert theirs.state == AgendaItem.State.REMOVED


def test_a_number_is_of_the_agenda_that_was_seen_and_of_a_case_that_is_not_shown(chair, board):
    meeting, theirs, _ = board
    with pytest.raises(AgendaConflict):
        settle(chair, meeting, seen_version=meeting.version + 1)
    for wrong, said in (({"number": 2}, "yours to see"), ({"number": 3}, "no such"), ({"reason": " "}, "Say why")):
        with pytest.raises(ValidationError, match=said):
            settle(chair, meeting, **wrong)
    with pytest.raises(ValidationError, match="Put it off or take it off"):
        settle(chair, meeting, to="discussed")
    with pytest.raises(PermissionDenied):
        settle(make_user("clinician"), meeting)
    theirs.refresh_from_db()
    assert theirs.state == "listed"


def test_the_console_offers_it_and_names_nothing(client, chair, board):
    meeting = board[0]
    client.force_login(chair)
    page = client.get(reverse("board:console", args=[meeting.pk])).content.decode()
    address = reverse("board:meeting_unseen", args=[meeting.pk])
    assert address in page and "HIDDEN-1" not in page
    sent = {"number": "1", "version": str(meeting.version), "to": "postponed", "reason": "not shared"}
    answer = client.post(address, sent, headers={"accept": "application/json"})
    assert (answer.status_code, answer.json()) == (200, {"number": 1, "state": "postponed"})
    again = client.post(address, sent, headers={"accept": "application/json"})
    assert again.status_code == 422 and "HIDDEN-1" not in again.content.decode()


def test_who_comes_late_gets_a_seat_and_the_cases_of_whoever_gives_it(chair, board):
    meeting, _, mine = board
    member = make_user("clinician")
    seat = add_seat(by=chair, meeting=meeting, seat=Seat("Dr Late", "endoscopy", user=member))
    assert seat.state == Attendance.State.PRESENT
    assert list(Patient.objects.visible_to(member)) == [mine.patient]
    with pytest.raises(ValidationError, match="called Dr Late"):
        add_seat(by=chair, meeting=meeting, seat=Seat("Dr Late", "surgery"))
    with pytest.raises(PermissionDenied):
        add_seat(by=member, meeting=meeting, seat=Seat("Dr Other", "surgery"))


def test_a_seat_is_given_on_the_page_of_the_meeting(client, chair, board):
    meeting = board[0]
    member = make_user("clinician")
    client.force_login(chair)
    address = reverse("board:meeting_seat", args=[meeting.pk])
    assert address in client.get(reverse("board:meeting", args=[meeting.pk])).content.decode()
    client.post(address, {"name": "Dr Late", "discipline": "endoscopy", "user": member.pk})
    assert meeting.attendance.get(name="Dr Late").user == member
    refused = client.post(address, {"name": "", "discipline": "endoscopy"})
    assert refused.status_code == 422 and "name" in refused.content.decode().lower()
