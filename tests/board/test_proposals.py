"""What is proposed for an agenda, why, to whom, and at what cost."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from board.follow_up import ask
from board.models import (
    BoardDecision,
    CaseQuestion,
    DayNotice,
    DecisionFollowUp,
    DecisionNotice,
    WatchState,
)
from board.proposals import MOST, SHOWN, proposals
from eligibility.models import ChangeVerdict
from patients.models import AccessGrant, Patient
from tests.board.meeting_factories import make_item, make_meeting
from tests.patients.factories import make_patient, make_user

pytestmark = pytest.mark.django_db
TODAY = dt.date(2026, 5, 14)
NOW = dt.datetime(2026, 5, 14, 12, tzinfo=dt.UTC)


@pytest.fixture
def chair(db):
    return make_user("chair")


def case(chair, **state) -> Patient:
    patient = make_patient(chair)
    standard = {
        "is_open": True, "has_no_date": False, "opens": None, "due": None, "reasons": [], "digest": "0" * 64,
        "changed_at": NOW, "checked_at": NOW,
    }  # fmt: skip
    WatchState.objects.update_or_create(patient=patient, defaults=standard | state)
    return patient


def decided(chair, patient, at=NOW, **values) -> BoardDecision:
    standard = {"decided_on": at.date(), "outcome": "not_yet", "text": "x", "owner": "K", "recorded_at": at}
    return BoardDecision.objects.create(patient=patient, recorded_by=chair, **standard | values)


def noticed(decision) -> None:
    event = DayNotice.objects.create(
        patient=decision.patient, day=TODAY, decision=decision, severity=1, lines=[{"text": "platelets 104 to 88"}]
    )
    DecisionNotice.objects.create(
        decision=decision, event=event, assessment_digest="1" * 64, changes=[], noticed_at=NOW
    )


def asked(chair, **more):
    return {
        group.why: {proposal.case_number: proposal for proposal in group.proposals}
        for group in proposals(chair, today=TODAY, **more)
    }


def test_a_decision_whose_ground_has_moved_is_proposed_until_it_is_answered(chair):
    patient = case(chair)
    decision = decided(chair, patient)
    noticed(decision)
    assert asked(chair)["stale"][patient.case_number].text == "platelets 104 to 88"
    DecisionFollowUp.objects.create(
        decision=decision, kind="acknowledged", reason="x", changes_digest="1" * 64, recorded_by=chair
    )
    assert asked(chair) == {}


def test_what_was_said_to_be_discussed_again_is_proposed_until_it_is_decided(chair):
    patient = case(chair)
    decision = decided(chair, patient)
    DecisionFollowUp.objects.create(
        decision=decision, kind="relisted", reason="new biopsy", recorded_by=chair, recorded_at=NOW + dt.timedelta(1)
    )
    assert asked(chair)["relisted"][patient.case_number].text == "new biopsy"
    decided(chair, patient, NOW + dt.timedelta(days=2))
    assert asked(chair) == {}


def test_an_unsettled_change_is_proposed_in_the_words_of_the_watch_list(chair):
    reason = {"kind": "change_unsettled", "sentence": "Not settled.", "due": None, "opens": None, "since": None}
    patient = case(chair, has_unsettled_change=True, reasons=[reason])
    assert asked(chair)["conversion"][patient.case_number].text == "Not settled."


def verdict(chair, patient, what: str, at=NOW) -> None:
    ChangeVerdict.objects.create(
        patient=patient, before_scan=patient.pk, after_scan=patient.pk, digest="2" * 64, method_version="change/1",
        change_class="x", sentence="x", verdict=what, kind="true_change", reader=chair, recorded_at=at,
    )  # fmt: skip


def test_a_confirmed_change_is_proposed_until_something_is_decided(chair):
    patient, explained = case(chair), case(chair)
    verdict(chair, patient, "confirmed")
    verdict(chair, explained, "explained")
    assert set(asked(chair)["conversion"]) == {patient.case_number}
    decided(chair, patient, NOW + dt.timedelta(days=1))
    assert asked(chair) == {}


def test_a_question_newer_than_the_last_decision_is_a_referral(chair):
    patient = case(chair)
    CaseQuestion.objects.create(patient=patient, text="PRRT?", recorded_by=chair, recorded_at=NOW)
    assert asked(chair)["referral"][patient.case_number].text == "PRRT?"
    decided(chair, patient, NOW + dt.timedelta(hours=1))
    assert asked(chair) == {}


@pytest.mark.parametrize(("late", "is_there"), [(59, False), (60, True)])
def test_sixty_days_overdue_comes_by_itself(chair, late, is_there):
    due = (TODAY - dt.timedelta(days=late)).isoformat()
    reason = {"kind": "sstr_line", "sentence": "No scan.", "due": due, "opens": None, "since": None}
    patient = case(chair, due=due, reasons=[reason])
    found = asked(chair)
    assert (patient.case_number in found.get("overdue", {})) == is_there
    if is_there:
        assert found["overdue"][patient.case_number].text == "60 days late. No scan."


def test_without_a_date_it_is_proposed_once_with_its_other_reasons(chair):
    patient = case(chair, has_no_date=True)
    CaseQuestion.objects.create(patient=patient, text="PRRT?", recorded_by=chair)
    found = asked(chair)
    assert set(found) == {"no_date"}
    assert found["no_date"][patient.case_number].also == ["referral"]


def test_what_was_put_off_comes_back_with_its_counter(chair):
    patient = case(chair)
    for day in (1, 8):
        past = make_meeting(chair, starts_at=dt.datetime(2026, 5, day, 12, tzinfo=dt.UTC), state="closed")
        make_item(past, patient, chair, state="postponed", state_reason=f"no images on {day} May")
    found = asked(chair)["postponed"][patient.case_number]
    assert found.times_postponed == 2 and found.is_postponed_often
    assert found.text == "2026-05-08: no images on 8 May"
    later = make_meeting(chair, starts_at=dt.datetime(2026, 5, 12, 12, tzinfo=dt.UTC), state="closed")
    make_item(later, patient, chair, state="discussed")
    assert asked(chair) == {}


def test_what_stands_on_an_open_agenda_is_not_proposed_and_comes_back_when_it_is_off(chair):
    patient = case(chair, has_no_date=True)
    item = make_item(make_meeting(chair), patient, chair)
    assert asked(chair) == {}
    item.state = "removed"
    item.save()
    assert set(asked(chair)["no_date"]) == {patient.case_number}


def test_closed_cases_and_those_of_others_are_not_proposed(chair):
    case(chair, has_no_date=True, is_open=False)
    foreign = case(make_user("coordinator"), has_no_date=True)
    assert asked(chair) == {}
    AccessGrant.objects.create(patient=foreign, user=chair, kind="care_team")
    assert set(asked(chair)["no_date"]) == {foreign.case_number}


def test_a_long_list_ends_and_says_how_many_more(chair, monkeypatch):
    for _ in range(SHOWN + 3):
        case(chair, has_no_date=True)
    (group,) = proposals(chair, today=TODAY)
    assert len(group.proposals) == SHOWN and group.more == "3"
    monkeypatch.setattr("board.patient_filters.MOST_COUNTED", 7)
    monkeypatch.setattr("board.proposals.MOST_COUNTED", 7)
    assert proposals(chair, today=TODAY)[0].more == "more than 7"
    (whole,) = proposals(chair, today=TODAY, whole="no_date")
    assert len(whole.proposals) == SHOWN + 3 <= MOST and whole.more == ""


def test_the_number_of_queries_does_not_grow_with_the_registry(chair):
    def queries() -> int:
        with CaptureQueriesContext(connection) as caught:
            proposals(chair, today=TODAY)
        return len(caught)

    def one_of_each():
        for _ in range(SHOWN + 1):
            patient = case(chair, has_no_date=True)
            ask(by=chair, patient=patient, text="PRRT?")
            noticed(decided(chair, case(chair)))

    for _ in range(2):
        one_of_each()
    first = queries()
    for _ in range(4):
        one_of_each()
    assert queries() == first <= 24
