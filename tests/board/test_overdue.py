"""One meaning of overdue: on the page of the case, on the work list, in the list of cases and behind its chip."""

import datetime as dt

import pytest

from board.chart import Chart
from board.decision_view import decision_lines
from board.follow_up import follow_up
from board.models import BoardDecision, CaseClosing, Contact
from board.patient_filters import Filters, narrowed
from board.patient_list import patient_lines
from board.worklist import worklist
from patients.selectors import visible_patients
from patients.services import update_patient
from tests.board.factories import TODAY
from tests.patients.factories import make_patient, make_user

YESTERDAY, NEXT_WEEK = TODAY - dt.timedelta(days=1), TODAY + dt.timedelta(days=7)

pytestmark = pytest.mark.django_db


@pytest.fixture
def user():
    return make_user("clinician")


@pytest.fixture
def patient(user):
    return make_patient(by=user)


def decide(user, patient, due, **values):
    values = {"decided_on": TODAY - dt.timedelta(days=9), "outcome": "not_yet", "text": "t", "owner": "o"} | values
    return BoardDecision.objects.create(patient=patient, due_date=due, recorded_by=user, **values)


def answers(user, patient) -> dict[str, bool]:
    """Whether the case is overdue, as each place says it."""
    patient.refresh_from_db()
    return {
        "page": any(line.is_overdue for line in decision_lines(Chart(patient, TODAY))),
        "work list": any(decision.due_date < TODAY for decision in worklist(user, today=TODAY).due),
        "list": patient_lines([patient], TODAY)[0].is_overdue,
        "chip": narrowed(visible_patients(user), Filters(is_overdue=True), TODAY).exists(),
    }


def agree(user, patient, next_on, **values):
    said = {"contacted_on": TODAY - dt.timedelta(days=9), "who": "patient", "outcome": "reached", "next_for": "visit"}
    return Contact.objects.create(patient=patient, next_on=next_on, recorded_by=user, **said | values)


def everywhere(said: bool) -> dict[str, bool]:
    return dict.fromkeys(("page", "work list", "list", "chip"), said)


@pytest.mark.parametrize(
    ("happened", "is_overdue"),
    [
        ([], True),
        (["partly"], True),
        (["done"], False),
        (["not_done", "done"], False),
        (["done", "not_done"], True),
        (["done", "relisted"], False),
    ],
)
def test_what_was_said_last_to_have_happened_decides(user, patient, happened, is_overdue):
    decision = decide(user, patient, YESTERDAY)
    for kind in happened:
        follow_up(by=user, decision=decision, kind=kind, reason="as told by the ward")
    assert answers(user, patient) == everywhere(is_overdue)


def test_a_decision_that_was_replaced_is_not_overdue(user, patient):
    decide(user, patient, NEXT_WEEK, supersedes=decide(user, patient, YESTERDAY))
    assert answers(user, patient) == everywhere(False)


def test_an_older_decision_that_stands_is_overdue_behind_a_newer_one(user, patient):
    decide(user, patient, YESTERDAY)
    decide(user, patient, NEXT_WEEK, decided_on=TODAY)
    assert answers(user, patient) == everywhere(True)
    assert patient_lines([patient], TODAY)[0].due == "13 May 2026"


def test_nothing_is_overdue_for_the_dead(user, patient):
    decide(user, patient, YESTERDAY)
    update_patient(patient, by=user, reason="letter", vital_status="deceased")
    assert answers(user, patient) == everywhere(False)


def test_a_date_agreed_at_a_contact_is_overdue_in_the_list_and_behind_the_chip(user, patient):
    agree(user, patient, NEXT_WEEK)
    assert (patient_lines([patient], TODAY)[0].due, answers(user, patient)["chip"]) == ("21 May 2026", False)
    agree(user, patient, YESTERDAY)
    said = answers(user, patient)
    assert (said["list"], said["chip"]) == (True, True)
    agree(user, patient, NEXT_WEEK)
    assert not answers(user, patient)["chip"], "the last contact counts"


def test_the_earliest_of_decision_and_contact_is_the_next_date(user, patient):
    decide(user, patient, dt.date(2026, 6, 1))
    agree(user, patient, NEXT_WEEK)
    assert patient_lines([patient], TODAY)[0].due == "21 May 2026"


def test_nothing_is_overdue_of_a_closed_case(user, patient):
    decide(user, patient, YESTERDAY)
    agree(user, patient, YESTERDAY)
    CaseClosing.objects.create(patient=patient, is_closed=True, reason="declined", recorded_by=user)
    assert answers(user, patient) == everywhere(False)
