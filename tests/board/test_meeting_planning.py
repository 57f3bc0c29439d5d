"""Series and meetings: seats, quorum, moving a meeting, and what that does to grants and dates."""

import datetime as dt

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from board.agenda import list_case
from board.agenda_version import AgendaConflict
from board.domain.quorum import NET_QUORUM
from board.meeting_cancel import cancel_meeting
from board.meeting_grants import unshared
from board.meeting_planning import Seat, change_meeting, create_meeting, groups_of, next_dates, store_series
from board.meetings import set_attendance, start_meeting
from board.models import AgendaItem, Meeting, MeetingSeries, WatchState
from patients.models import AccessGrant, AuditEvent, Patient
from patients.services import revoke_access
from tests.board.meeting_factories import make_meeting
from tests.patients.factories import make_patient, make_user

pytestmark = pytest.mark.django_db
TOMORROW = dt.timedelta(days=1)


@pytest.fixture
def chair(db):
    return make_user("chair")


def series(**values) -> MeetingSeries:
    standard = {"name": "NET board", "weekday": 3, "starts_at": dt.time(15, 30), "quorum": NET_QUORUM}
    return MeetingSeries(**standard | values)


def meeting(**values) -> Meeting:
    return Meeting(title="NET board", starts_at=timezone.now() + TOMORROW, quorum=NET_QUORUM, **values)


def seats_of(found):
    return [Seat(seat.name, seat.discipline, seat.is_chair, seat.user) for seat in found.attendance.all()]


def test_a_meeting_of_a_series_takes_over_its_members(chair):
    members = [Seat("Chair", "oncology", is_chair=True, user=chair), Seat("Pathology", "pathology")]
    stored = store_series(by=chair, series=series(), seats=members)
    made = create_meeting(by=chair, meeting=meeting(series=stored))
    assert seats_of(made) == members
    assert set(made.attendance.values_list("state", flat=True)) == {"expected"}
    assert AuditEvent.objects.get(action="create_series").after["members"] == [
        ["Chair", "oncology", True, chair.pk], ["Pathology", "pathology", False, None],
    ]  # fmt: skip


def test_a_series_that_stays_the_same_leaves_no_trace(chair):
    stored = store_series(by=chair, series=series(), seats=[Seat("Pathology", "pathology")])
    store_series(by=chair, series=stored, seats=[Seat("Pathology", "pathology")])
    assert not AuditEvent.objects.filter(action="update_series").exists()
    store_series(by=chair, series=stored, seats=[])
    assert AuditEvent.objects.get(action="update_series").after["members"] == []


def test_seats_are_told_apart_and_have_a_discipline_and_a_fitting_account(chair):
    for seats, said in (
        ([Seat("A", "oncology"), Seat("A", "surgery")], "Two seats are called A"),
        ([Seat("A", "astrology")], "discipline of A"),
        ([Seat("A", "oncology", user=make_user("system_admin"))], "may not see meetings"),
    ):
        with pytest.raises(ValidationError, match=said):
            store_series(by=chair, series=series(), seats=seats)
    assert not MeetingSeries.objects.exists()


def test_only_who_prepares_plans(chair):
    with pytest.raises(PermissionDenied):
        store_series(by=make_user("clinician"), series=series(), seats=[])
    with pytest.raises(PermissionDenied):
        create_meeting(by=make_user("observer"), meeting=meeting())


def test_nobody_plans_into_the_past(chair):
    late = meeting()
    late.starts_at = timezone.now() - TOMORROW
    with pytest.raises(ValidationError, match="past"):
        create_meeting(by=chair, meeting=late)


def test_quorum_groups_are_disciplines_each_once_and_none_empty():
    assert groups_of([["surgery", "oncology", "oncology"], [], ["oncology", "surgery"]]) == [["oncology", "surgery"]]
    with pytest.raises(ValidationError, match="astrology"):
        groups_of([["astrology"]])


def test_the_next_days_come_after_what_is_planned(chair):
    stored = store_series(by=chair, series=series(weekday=timezone.localdate().weekday(), every_weeks=2), seats=[])
    first = next_dates(stored)[0]
    assert first == timezone.localdate() + 7 * TOMORROW
    starts_at = timezone.make_aware(dt.datetime.combine(first, stored.starts_at))
    planned = meeting(series=stored)
    planned.starts_at = starts_at
    create_meeting(by=chair, meeting=planned)
    assert next_dates(stored)[0] == first + 14 * TOMORROW


def listed(chair, found):
    patient = make_patient(chair)
    list_case(by=chair, meeting=found, patient=patient, lane="noting", question="?")
    found.refresh_from_db()
    return patient


def test_who_comes_sees_the_cases_and_who_leaves_loses_them(chair):
    member, found = make_user("clinician"), make_meeting(chair, present=False)
    patient = listed(chair, found)
    seats = seats_of(found)
    with_member = [*seats, Seat("Extra", "endoscopy", user=member)]
    change_meeting(by=chair, meeting=found, seen_version=found.version, seats=with_member)
    assert Patient.objects.visible_to(member).filter(pk=patient.pk).exists()
    found.refresh_from_db()
    change_meeting(by=chair, meeting=found, seen_version=found.version, seats=seats)
    assert not Patient.objects.visible_to(member).filter(pk=patient.pk).exists()


def test_an_apology_survives_a_change_of_the_room(chair):
    found = make_meeting(chair, present=False)
    seat = found.attendance.get(discipline="surgery")
    set_attendance(by=chair, meeting=found, seat=seat.pk, state="apology")
    change_meeting(by=chair, meeting=found, seen_version=found.version, seats=seats_of(found), place="Room 3")
    assert found.attendance.get(discipline="surgery").state == "apology"
    assert Meeting.objects.get(pk=found.pk).place == "Room 3"


def test_a_meeting_that_moves_takes_grants_and_dates_with_it(chair):
    found = make_meeting(chair, present=False)
    patient = listed(chair, found)
    later = found.starts_at + 7 * TOMORROW
    change_meeting(by=chair, meeting=found, seen_version=found.version, seats=seats_of(found), starts_at=later)
    grant = AccessGrant.objects.get(patient=patient, kind="board", revoked_at=None)
    assert grant.until == later + dt.timedelta(minutes=90, days=14)
    assert WatchState.objects.get(patient=patient).due == timezone.localdate(later)


def test_changes_name_the_version_they_saw_and_end_with_the_start(chair):
    found = make_meeting(chair, present=False)
    with pytest.raises(AgendaConflict):
        change_meeting(by=chair, meeting=found, seen_version=found.version + 1, seats=[])
    start_meeting(by=chair, meeting=found)
    with pytest.raises(ValidationError, match="running"):
        change_meeting(by=chair, meeting=found, seen_version=found.version, seats=[])


def test_a_board_may_ask_for_nothing_but_its_chair(chair):
    found = create_meeting(by=chair, meeting=Meeting(title="x", starts_at=timezone.now() + TOMORROW, quorum=[[]]))
    assert found.quorum == []


def test_nobody_opens_a_case_to_anybody_that_they_may_not_see_themselves(chair):
    found = make_meeting(chair, present=False)
    theirs = listed(chair, found)
    other = make_user("coordinator")
    mine = make_patient(other)
    list_case(by=other, meeting=found, patient=mine, lane="noting", question="?")
    found.refresh_from_db()
    seats = [*seats_of(found), Seat("Extra", "endoscopy", user=other)]
    later = found.starts_at + 7 * TOMORROW
    change_meeting(by=other, meeting=found, seen_version=found.version, seats=seats, starts_at=later)
    assert list(Patient.objects.visible_to(other)) == [mine]
    assert unshared(found) == 1
    assert Patient.objects.visible_to(chair).filter(pk=theirs.pk).exists()
    found.refresh_from_db()
    change_meeting(by=chair, meeting=found, seen_version=found.version, seats=seats_of(found))
    assert Patient.objects.visible_to(other).count() == 2 and unshared(found) == 0


def test_a_grant_taken_away_by_hand_does_not_come_back_with_another_change(chair):
    member, found = make_user("clinician"), make_meeting(chair, present=False)
    patient = listed(chair, found)
    seats = [*seats_of(found), Seat("Extra", "endoscopy", user=member)]
    change_meeting(by=chair, meeting=found, seen_version=found.version, seats=seats)
    revoke_access(AccessGrant.objects.get(user=member, patient=patient), by=chair, reason="a relative")
    found.refresh_from_db()
    later = found.starts_at + 7 * TOMORROW
    change_meeting(by=chair, meeting=found, seen_version=found.version, seats=seats, starts_at=later)
    assert not Patient.objects.visible_to(member).filter(pk=patient.pk).exists()


def test_a_meeting_far_ahead_is_no_next_date(chair):
    far = timezone.now() + dt.timedelta(days=740)
    with pytest.raises(ValidationError, match="two years"):
        create_meeting(by=chair, meeting=Meeting(title="x", starts_at=far, quorum=[]))
    found = make_meeting(chair, present=False)
    with pytest.raises(ValidationError, match="two years"):
        change_meeting(by=chair, meeting=found, seen_version=found.version, seats=seats_of(found), starts_at=far)


def test_a_cancelled_meeting_is_no_date_of_its_cases_any_more(chair):
    found = make_meeting(chair, present=False)
    patient, member = listed(chair, found), make_user("clinician")
    hidden = make_patient(make_user("coordinator"))
    AgendaItem.objects.create(meeting=found, patient=hidden, lane="noting", position=9, why="referral", added_by=chair)
    seats = [*seats_of(found), Seat("Extra", "endoscopy", user=member)]
    change_meeting(by=chair, meeting=found, seen_version=found.version, seats=seats)
    with pytest.raises(ValidationError, match="Say why"):
        cancel_meeting(by=chair, meeting=found, reason=" ")
    done = cancel_meeting(by=chair, meeting=found, reason="snow")
    assert done.is_cancelled and not done.is_open
    assert set(found.items.values_list("state", "state_reason")) == {("removed", "snow")}
    assert WatchState.objects.get(patient=patient).has_no_date and WatchState.objects.get(patient=hidden).has_no_date
    assert not Patient.objects.visible_to(member).exists()
    assert cancel_meeting(by=chair, meeting=found, reason="again").closed_at == done.closed_at
    assert AuditEvent.objects.get(action="cancel_meeting").reason == "snow"
    with pytest.raises(ValidationError, match="cancelled"):
        start_meeting(by=chair, meeting=found)


def test_a_meeting_that_runs_or_holds_a_signed_case_is_not_cancelled(chair):
    found = make_meeting(chair, present=False)
    with pytest.raises(PermissionDenied):
        cancel_meeting(by=make_user("clinician"), meeting=found, reason="x")
    listed(chair, found)
    found.items.update(state="discussed")
    with pytest.raises(ValidationError, match="signed"):
        cancel_meeting(by=chair, meeting=found, reason="x")
    start_meeting(by=chair, meeting=found)
    with pytest.raises(ValidationError, match="running"):
        cancel_meeting(by=chair, meeting=found, reason="x")
