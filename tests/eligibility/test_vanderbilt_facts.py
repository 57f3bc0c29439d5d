"""The items of the Vanderbilt score from rows of a chart: what was recorded counts, what was not stays open."""

import datetime as dt

import pytest

from eligibility.case_rows import fetch
from eligibility.domain.facts import Fact
from eligibility.vanderbilt_facts import vanderbilt_score
from patients.models import ClinicalEvent, Diagnosis, TreatmentLine
from patients.services import record, revise
from tests.board.factories import TODAY, published_case
from tests.patients.factories import make_patient, make_user


def score(patient, facts=None, day=TODAY):
    return vanderbilt_score(fetch(patient), facts or {}, day)


@pytest.fixture
def case(db):
    return published_case()


def test_the_published_case(case):
    assert score(case[1]).text == "at least 3 (3–8)"


def test_before_the_chemotherapy_it_had_not_been_given(case):
    assert score(case[1], day=dt.date(2025, 7, 20)).items["prior"].text == "0–2"


def symptom(case, **values):
    user, patient = case
    given = {"symptom": "diarrhoea", "course": "worse", "clinical_date": dt.date(2026, 5, 1)} | values
    record(ClinicalEvent, by=user, patient=patient, **given)
    return score(patient).items["symptoms"].text


def test_a_symptom_on_record_is_at_least_one(case):
    assert symptom(case) == "1–2"


def test_a_grade_as_written_is_used(case):
    assert symptom(case, context="CTCAE grade 3") == "2"


def test_relief_ends_it_and_says_nothing_of_others(case):
    symptom(case, clinical_date=dt.date(2026, 4, 1))
    assert symptom(case, course="relieved") == "0–2"
    _, patient = case
    assert score(patient).items["symptoms"].why == "relieved ones recorded, others not stated"


def test_an_old_symptom_says_nothing_of_today(case):
    assert symptom(case, clinical_date=dt.date(2025, 10, 1)) == "0–2"


def test_sites_on_record(case):
    user, patient = case
    revise(Diagnosis.objects.get(), by=user, reason="CT", metastatic_sites=["liver", "Peritoneum", "spinal cord"])
    found = score(patient).items
    assert (found["peritoneum"].text, found["burden"].text) == ("1", "2")


def test_statements_close_what_rows_leave_open(db):
    user = make_user("clinician")
    patient = make_patient(by=user)
    record(TreatmentLine, by=user, patient=patient, treatment_class="ssa", regimen="lanreotide")
    assert score(patient).text == "at least 0 (0–9)"
    said = {
        name: Fact(frozenset({"no"})) for name in ("has_prior_systemic", "has_symptoms", "has_peritoneal_metastases")
    }
    found = score(patient, said)
    assert [item.text for item in found.items.values()] == ["0–2", "0", "0", "0–2", "0"]


@pytest.mark.parametrize(
    ("values", "points"),
    [
        ({"context": "NET grade 2, worse"}, "1–2"),
        ({"context": "grade 3 tumour"}, "1–2"),
        ({"context": "NET grade 3; CTCAE v5 grade 1"}, "1"),
        ({"symptom": "diarrhoea grade 3", "context": "NET grade 1"}, "2"),
    ],
)
def test_the_grade_of_the_tumour_is_not_that_of_a_symptom(case, values, points):
    assert symptom(case, **values) == points
