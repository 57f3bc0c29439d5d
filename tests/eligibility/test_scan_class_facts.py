"""The class of one scan in the list of scans is the one of the tab "Change"."""

import pytest

from eligibility.case_rows import fetch
from eligibility.scan_class_facts import class_of_scan
from imaging.models import Lesion, LesionFinding, LesionReading
from patients.models import Patient, User
from patients.services import record, revise
from tests.board.factories import BASELINE, FOLLOW_UP
from tests.eligibility.change_case import change_of, illustrative_case, scan_of

pytestmark = [pytest.mark.django_db, pytest.mark.one_engine]


@pytest.fixture(scope="module")
def made(once):
    user, patient = illustrative_case()
    return user.pk, patient.pk


@pytest.fixture
def case(made, db):
    return User.objects.get(pk=made[0]), Patient.objects.get(pk=made[1])


def class_on(patient, day) -> str:
    rows = fetch(patient)
    found = class_of_scan(rows, scan_of(patient, day))
    return found.label


def older_lesion(case, **finding) -> Lesion:
    user, patient = case
    fact = {"label": "L03", "organ": "bone", "clinical_date": BASELINE}
    lesion = record(Lesion, by=user, patient=patient, **fact)
    record(LesionFinding, by=user, lesion=lesion, scan=scan_of(patient, BASELINE), status="present", **finding)
    return lesion


def test_a_lesion_seen_before_and_not_read_on_the_scan_is_not_passed_over(case):
    assert class_on(case[1], FOLLOW_UP) == "RICH"
    older_lesion(case)
    assert class_on(case[1], FOLLOW_UP) == "UNKNOWN" == change_of(case[1]).class_after.label


def test_one_that_has_resolved_or_cannot_be_assessed_has_nothing_to_answer_for(case):
    user, patient = case
    lesion = older_lesion(case)
    scan = scan_of(patient, FOLLOW_UP)
    finding = record(LesionFinding, by=user, lesion=lesion, scan=scan, status="resolved")
    assert class_on(patient, FOLLOW_UP) == "RICH" == change_of(patient).class_after.label
    revise(finding, by=user, reason="x", status="not_assessable")
    assert class_on(patient, FOLLOW_UP) == "RICH" == change_of(patient).class_after.label


def test_it_is_the_class_of_the_tab_on_both_scans(case):
    found = change_of(case[1])
    assert class_on(case[1], BASELINE) == found.class_before.label
    assert class_on(case[1], FOLLOW_UP) == found.class_after.label
    assert LesionReading.objects.exists()
