"""The agenda: listing with gate and grants, order, versions, the freeze, and the date it gives a case."""

import datetime as dt

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from board.agenda import list_case, put_back, take_off, times_postponed
from board.agenda_order import arrange, edit_item, freeze, move, put_hard_first
from board.agenda_version import AgendaConflict
from board.closing import close_case
from board.follow_up import ask
from board.gate import NotReady
from board.meetings import mark_discussed, postpone, start_meeting
from board.models import AgendaItem, CaseQuestion, Meeting, WatchState
from board.watching import has_date, keep_watch
from patients.models import AccessGrant, AuditEvent, Patient
from tests.board.meeting_factories import make_item, make_meeting
from tests.patients.factories import make_patient, make_user

pytestmark = pytest.mark.django_db
WHY = "brought to the meeting"


@pytest.fixture
def chair(db):
    return make_user("chair")


@pytest.fixture
def meeting(chair):
    return make_meeting(chair, present=False)


@pytest.fixture
def patient(chair):
    return make_patient(chair)


def listed(chair, meeting, patient, lane="discuss", question="Surgery first?", **more):
    return list_case(by=chair, meeting=meeting, patient=patient, lane=lane, question=question, reason=WHY, **more)


def three(chair, meeting):
    items = [listed(chair, meeting, make_patient(chair)) for _ in range(3)]
    meeting.refresh_from_db()
    return items


def order(meeting, lane="discuss"):
    return list(meeting.items.filter(lane=lane).exclude(state="removed").order_by("position"))


# --- listing ---------------------------------------------------------------------------------------


def test_a_listed_case_keeps_its_question_and_asks_it_of_the_case(chair, meeting, patient):
    item = listed(chair, meeting, patient, question="Surgery first?")
    assert (item.question, item.lane, item.position, item.state) == ("Surgery first?", "discuss", 1, "listed")
    assert CaseQuestion.objects.get(patient=patient).text == "Surgery first?"
    assert AuditEvent.objects.get(action="list_case").patient == patient
    meeting.refresh_from_db()
    assert (meeting.version, meeting.agenda_by) == (2, chair)


def test_the_question_of_the_case_is_taken_over(chair, meeting, patient):
    ask(by=chair, patient=patient, text="PRRT after CAPTEM?")
    assert listed(chair, meeting, patient, question="").question == "PRRT after CAPTEM?"


def test_without_a_question_it_is_not_listed_unless_somebody_says_why(chair, meeting, patient):
    with pytest.raises(NotReady, match="Question: missing"):
        list_case(by=chair, meeting=meeting, patient=patient, lane="noting")
    assert not AgendaItem.objects.exists() and not AccessGrant.objects.filter(kind="board").exists()
    item = list_case(by=chair, meeting=meeting, patient=patient, lane="noting", reason="asked by telephone")
    assert item.gate_missing == ["Question: missing"] and item.gate_reason == "asked by telephone"


def test_a_question_about_prrt_asks_for_pet_blood_and_lines(chair, meeting, patient):
    with pytest.raises(NotReady) as refused:
        list_case(by=chair, meeting=meeting, patient=patient, lane="discuss", question="PRRT now?")
    assert [point.key for point in refused.value.points] == ["labs", "sstr", "lines"]
    item = list_case(by=chair, meeting=meeting, patient=patient, lane="discuss", question="Surgery first?")
    assert item.gate_missing == [] and item.gate_reason == ""


def test_sent_twice_it_is_listed_once(chair, meeting, patient):
    assert listed(chair, meeting, patient) == listed(chair, meeting, patient)
    with pytest.raises(ValidationError, match="already"):
        listed(chair, meeting, patient, lane="noting")
    assert AuditEvent.objects.filter(action="list_case").count() == 1


def test_a_closed_case_and_the_dead_are_not_listed(chair, meeting, patient):
    close_case(by=chair, patient=patient, reason="declined", text="declined further treatment")
    with pytest.raises(ValidationError, match="Open it again"):
        listed(chair, meeting, patient)
    dead = make_patient(chair)
    Patient.objects.filter(pk=dead.pk).update(vital_status="deceased")
    with pytest.raises(ValidationError, match="died"):
        listed(chair, meeting, dead)


def test_who_may_not_prepare_or_not_see_the_case_lists_nothing(chair, meeting, patient):
    with pytest.raises(PermissionDenied, match="Coordinators and the chair"):
        listed(make_user("clinician"), meeting, patient)
    with pytest.raises(PermissionDenied, match="no access"):
        listed(make_user("coordinator"), meeting, patient)


def test_a_closed_meeting_takes_no_case(chair, meeting, patient):
    Meeting.objects.filter(pk=meeting.pk).update(state="closed")
    with pytest.raises(ValidationError, match="closed"):
        listed(chair, meeting, patient)


# --- who may read it -------------------------------------------------------------------------------


def test_the_members_of_the_board_may_read_it_until_two_weeks_after(chair, meeting, patient):
    member = make_user("clinician")
    meeting.attendance.filter(discipline="surgery").update(user=member)
    assert not Patient.objects.visible_to(member).filter(pk=patient.pk).exists()
    listed(chair, meeting, patient)
    assert Patient.objects.visible_to(member).filter(pk=patient.pk).exists()
    grant = AccessGrant.objects.get(user=member, patient=patient)
    assert grant.kind == "board" and grant.until == meeting.starts_at + dt.timedelta(minutes=90, days=14)
    assert not Patient.objects.visible_to(member, at=grant.until).filter(pk=patient.pk).exists()


def test_taken_off_before_the_meeting_it_is_closed_to_them_again(chair, meeting, patient):
    member = make_user("clinician")
    meeting.attendance.filter(discipline="surgery").update(user=member)
    item = listed(chair, meeting, patient)
    meeting.refresh_from_db()
    take_off(by=chair, item=item, seen_version=meeting.version)
    assert not Patient.objects.visible_to(member).filter(pk=patient.pk).exists()


def test_another_meeting_keeps_its_own_grant(chair, meeting, patient):
    member = make_user("clinician")
    other = make_meeting(chair, present=False)
    for one in (meeting, other):
        one.attendance.filter(discipline="surgery").update(user=member)
        listed(chair, one, patient)
    item = AgendaItem.objects.get(meeting=meeting)
    meeting.refresh_from_db()
    take_off(by=chair, item=item, seen_version=meeting.version)
    assert Patient.objects.visible_to(member).filter(pk=patient.pk).exists()


def test_taken_off_while_it_runs_the_members_keep_what_they_have_seen(chair, meeting, patient):
    member = make_user("clinician")
    meeting.attendance.filter(discipline="surgery").update(user=member)
    item = listed(chair, meeting, patient)
    start_meeting(by=chair, meeting=meeting)
    meeting.refresh_from_db()
    take_off(by=chair, item=item, seen_version=meeting.version)
    assert Patient.objects.visible_to(member).filter(pk=patient.pk).exists()


# --- the date it gives -----------------------------------------------------------------------------


def state_of(patient) -> WatchState:
    return WatchState.objects.get(patient=patient)


def test_a_listing_is_a_next_date_and_a_postponement_takes_it_away(chair, meeting, patient):
    assert keep_watch(patient).has_no_date
    item = listed(chair, meeting, patient)
    assert not state_of(patient).has_no_date and has_date(patient)
    reason = next(reason for reason in state_of(patient).reasons if reason["kind"] == "meeting")
    assert reason["due"] == timezone.localdate(meeting.starts_at).isoformat() and "NET board" in reason["sentence"]
    postpone(by=chair, item=item, reason="no images")
    assert state_of(patient).has_no_date and not has_date(patient)
    meeting.refresh_from_db()
    put_back(by=chair, item=item, seen_version=meeting.version)
    assert not state_of(patient).has_no_date


def test_taken_off_or_never_discussed_at_a_closed_meeting_the_date_is_gone(chair, meeting, patient):
    listed(chair, meeting, patient)
    Meeting.objects.filter(pk=meeting.pk).update(state="closed")
    assert keep_watch(patient).has_no_date and not has_date(patient)
    Meeting.objects.filter(pk=meeting.pk).update(state="planned")
    assert not keep_watch(patient).has_no_date
    meeting.refresh_from_db()
    take_off(by=chair, item=AgendaItem.objects.get(), seen_version=meeting.version)
    assert state_of(patient).has_no_date


# --- order and versions ----------------------------------------------------------------------------


def test_cases_are_arranged_over_both_lanes(chair, meeting):
    a, b, c = three(chair, meeting)
    arrange(by=chair, meeting=meeting, seen_version=meeting.version, discuss=[c.pk, a.pk], noting=[b.pk])
    assert order(meeting) == [c, a] and order(meeting, "noting") == [b]
    moved = AuditEvent.objects.filter(action="arrange")
    assert {event.object_id for event in moved} == {str(a.pk), str(b.pk), str(c.pk)}


def test_cases_not_named_follow_and_discussed_ones_stay_ahead(chair, meeting):
    a, b, c = three(chair, meeting)
    mark_discussed(a)
    arrange(by=chair, meeting=meeting, seen_version=meeting.version, discuss=[c.pk], noting=[])
    assert order(meeting) == [a, c, b]


def test_an_order_with_a_strange_case_is_refused(chair, meeting):
    a, b, _ = three(chair, meeting)
    other = make_item(make_meeting(chair), make_patient(chair), chair)
    for discuss in ([a.pk, other.pk], [a.pk, a.pk], ["nonsense"]):
        with pytest.raises(ValidationError, match="order names"):
            arrange(by=chair, meeting=meeting, seen_version=meeting.version, discuss=discuss, noting=[b.pk])


def test_an_order_made_from_an_older_agenda_is_refused_and_changes_nothing(chair, meeting):
    a, b, c = three(chair, meeting)
    other = make_user("coordinator", first_name="Kim", last_name="Coordinator")
    seen = meeting.version
    edit_item(by=chair, item=a, seen_version=seen, minutes=15, question=a.question, reviewer="")
    with pytest.raises(AgendaConflict, match=r"changed by .* Yours was not stored"):
        arrange(by=other, meeting=meeting, seen_version=seen, discuss=[c.pk, b.pk, a.pk], noting=[])
    assert order(meeting) == [a, b, c]
    with pytest.raises(AgendaConflict):
        take_off(by=chair, item=a, seen_version=seen)
    with pytest.raises(AgendaConflict):
        freeze(by=chair, meeting=meeting, seen_version=seen)
    with pytest.raises(AgendaConflict):
        edit_item(by=chair, item=b, seen_version=seen, minutes=9, question="x", reviewer="")


def test_one_step_up_down_and_across(chair, meeting):
    a, b, c = three(chair, meeting)
    for item, to, expected in ((c, "up", [a, c, b]), (a, "down", [c, a, b]), (c, "up", [c, a, b])):
        item.refresh_from_db()
        meeting.refresh_from_db()
        move(by=chair, item=item, seen_version=meeting.version, to=to)
        assert order(meeting) == expected
    meeting.refresh_from_db()
    a.refresh_from_db()
    move(by=chair, item=a, seen_version=meeting.version, to="noting")
    assert order(meeting) == [c, b] and order(meeting, "noting") == [a]
    with pytest.raises(ValidationError, match="cannot be moved"):
        move(by=chair, item=a, seen_version=meeting.version, to="sideways")


def test_the_longest_first(chair, meeting):
    a, b, c = three(chair, meeting)
    AgendaItem.objects.filter(pk=b.pk).update(minutes=20)
    put_hard_first(by=chair, meeting=meeting, seen_version=meeting.version, open_points={c.pk: 4})
    assert order(meeting) == [b, c, a]


@pytest.mark.parametrize("minutes", [0, 121, -1])
def test_minutes_are_minutes(chair, meeting, patient, minutes):
    item = listed(chair, meeting, patient)
    meeting.refresh_from_db()
    with pytest.raises(ValidationError, match="whole minutes"):
        edit_item(
            by=chair, item=item, seen_version=meeting.version, minutes=minutes, question=item.question, reviewer=""
        )


def test_a_question_is_not_taken_away_silently(chair, meeting, patient):
    item = listed(chair, meeting, patient)
    meeting.refresh_from_db()
    with pytest.raises(ValidationError, match="needs a question"):
        edit_item(by=chair, item=item, seen_version=meeting.version, minutes=10, question=" ", reviewer="")


def test_an_edit_that_changes_nothing_leaves_no_trace(chair, meeting, patient):
    item = listed(chair, meeting, patient)
    meeting.refresh_from_db()
    same = {"minutes": item.minutes, "question": item.question, "reviewer": ""}
    edit_item(by=chair, item=item, seen_version=meeting.version, **same)
    assert not AuditEvent.objects.filter(action="edit_item").exists()
    assert Meeting.objects.get(pk=meeting.pk).version == meeting.version


# --- freeze and postponement -----------------------------------------------------------------------


def test_the_frozen_agenda_is_kept_and_late_cases_are_marked(chair, meeting, patient):
    first = listed(chair, meeting, patient)
    meeting.refresh_from_db()
    frozen = freeze(by=chair, meeting=meeting, seen_version=meeting.version)
    assert frozen.state == "frozen" and frozen.frozen_at is not None
    late = listed(chair, frozen, make_patient(chair))
    assert (first.is_late, late.is_late) == (False, True)
    kept = Meeting.objects.get(pk=meeting.pk).snapshot["items"]
    assert [line["case_number"] for line in kept] == [patient.case_number]
    assert kept[0]["question"] == "Surgery first?"
    again = freeze(by=chair, meeting=meeting, seen_version=0)
    assert again.frozen_at == frozen.frozen_at


def test_postponements_in_a_row_are_counted_until_it_is_discussed(chair, patient):
    for day in (1, 2):
        past = make_meeting(chair, starts_at=dt.datetime(2026, 5, day, 12, tzinfo=dt.UTC))
        make_item(past, patient, chair, state="postponed", state_reason="no time")
    assert times_postponed(patient) == 2
    assert listed(chair, make_meeting(chair), patient).times_postponed == 2
    discussed = make_meeting(chair, starts_at=dt.datetime(2026, 5, 3, 12, tzinfo=dt.UTC))
    make_item(discussed, patient, chair, state="discussed")
    assert times_postponed(patient) == 0


def test_what_was_discussed_stays_and_only_the_postponed_is_put_back(chair, meeting, patient):
    item = mark_discussed(listed(chair, meeting, patient))
    meeting.refresh_from_db()
    with pytest.raises(ValidationError, match="stays"):
        take_off(by=chair, item=item, seen_version=meeting.version)
    with pytest.raises(ValidationError, match="put off"):
        put_back(by=chair, item=item, seen_version=meeting.version)
