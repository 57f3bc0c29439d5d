"""Progression holds only while nothing was given since; an old answer is no answer."""

import datetime as dt

import pytest

from eligibility.selectors import assess_all, case_facts
from patients.models import ClinicalAssertion, PrrtCycle, TreatmentLine
from patients.services import record, revise
from tests.eligibility.cases import DAY, add_assertion, complete_case
from tests.eligibility.vignettes import blocking_rows
from tests.patients.factories import make_patient, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.one_engine]
YES = frozenset({"yes"})
BEFORE = "progression_before_treatment"


@pytest.fixture
def doctor():
    return make_user("nuclear_medicine")


@pytest.fixture
def patient(doctor):
    return make_patient(doctor, sex_for_formulas="F", birth_date=dt.date(1968, 1, 15))


def ago(days):
    return None if days is None else DAY - dt.timedelta(days=days)


def said(patient, name="has_progression"):
    found = case_facts(patient, as_of=DAY)[name]
    return found.value or found.reason


def add_progression(by, patient, on, compared_to=None):
    record(
        ClinicalAssertion,
        by=by,
        patient=patient,
        kind="progression",
        state="asserted",
        clinical_date=ago(on),
        compared_from=compared_to and ago(compared_to + 100),
        compared_to=ago(compared_to),
    )


def add_line(by, patient, treatment_class, start, stop=None, regimen="R", **more):
    dates = {"clinical_date": ago(start), "stop_date": ago(stop)}
    record(TreatmentLine, by=by, patient=patient, treatment_class=treatment_class, regimen=regimen, **dates, **more)


@pytest.mark.parametrize(
    ("treatment_class", "start", "expected"),
    [
        ("chemo", 200, YES),  # found under it or after it
        ("chemo", 50, BEFORE),  # the reason for it
        ("chemo", 60, BEFORE),  # the very day: not after it
        ("targeted", 50, BEFORE),
        ("prrt", 50, BEFORE),
        ("other", 50, BEFORE),
        ("chemo", None, "undated"),
        ("ssa", 50, YES),
        ("local", 50, YES),
        ("ebrt", 50, YES),
    ],
)
def test_progression_counts_only_after_the_newest_systemic_line_began(
    doctor, patient, treatment_class, start, expected
):
    add_progression(doctor, patient, 60)
    assert said(patient) == YES
    add_line(doctor, patient, treatment_class, start)
    assert said(patient) == expected


def test_the_later_examination_counts_not_the_day_it_was_written_down(doctor, patient):
    add_progression(doctor, patient, 5, compared_to=60)
    add_line(doctor, patient, "chemo", 50, 10)
    assert said(patient) == BEFORE
    (found,) = [r for r in assess_all(patient, as_of=DAY)["compete"].rows if r.id == "PROGRESSION"]
    assert found.state == "unknown" and "found before a systemic treatment" in found.reason_text


def test_a_start_known_to_the_month_may_lie_after_it(doctor, patient):
    add_progression(doctor, patient, 5)
    add_line(doctor, patient, "chemo", 10, clinical_date_precision="month")
    assert said(patient) == BEFORE


def test_a_denial_and_silence_stay_what_they_are(doctor, patient):
    assert said(patient) == "missing"
    add_line(doctor, patient, "chemo", 50)
    add_assertion(doctor, patient, "progression", on=ago(60))
    assert said(patient) == frozenset({"no"})


def test_cycles_without_a_line_began_with_the_first(doctor, patient):
    for number, days in enumerate((400, 340), start=1):
        record(PrrtCycle, by=doctor, patient=patient, number=number, clinical_date=ago(days))
    add_progression(doctor, patient, 350)
    assert said(patient) == YES
    assert said(patient, "has_progression_since_prrt") == BEFORE


@pytest.mark.parametrize(
    ("on", "line", "expected"),
    [
        (100, {"start": 400, "stop": 200}, YES),
        (300, {"start": 400, "stop": 200}, BEFORE),  # during it, not since
        (100, {"start": 400}, BEFORE),  # without an end it may have gone on
        (100, {"start": 400, "is_ongoing": True}, BEFORE),
        (100, {"start": None}, "undated"),
    ],
)
def test_for_re_treatment_progression_lies_after_the_last_cycle(doctor, patient, on, line, expected):
    add_progression(doctor, patient, on)
    assert said(patient, "has_progression_since_prrt") == "missing"
    add_line(doctor, patient, "prrt", **line)
    assert said(patient, "has_progression_since_prrt") == expected


@pytest.mark.parametrize("filed", ["other", "local"])
def test_a_radioligand_filed_elsewhere_is_prrt_all_the_same(doctor, patient, filed):
    add_progression(doctor, patient, 100)
    add_line(doctor, patient, filed, 400, 50, regimen="Lutathera")
    assert said(patient, "has_progression_since_prrt") == BEFORE
    add_line(doctor, patient, filed, 60, 50, regimen="177Lu-DOTATATE")
    assert said(patient) == BEFORE


def test_chemotherapy_filed_as_other_is_chemotherapy_by_its_drugs(doctor, patient):
    add_line(doctor, patient, "other", 100, 30, regimen="CAPTEM")
    facts = case_facts(patient, as_of=DAY)
    assert facts["has_prior_chemotherapy"].value == facts["has_prior_systemic"].value == YES
    assert facts["days_since_chemotherapy"].value.low == 30


def test_progression_of_six_years_ago_before_a_responding_chemotherapy_is_not_met_progression():
    by, patient, *_rest = complete_case()
    verdicts = {name: result.verdict for name, result in assess_all(patient, as_of=DAY).items()}
    assert verdicts["lutathera-smpc-eu"] == "active_rows_met"
    stated = ClinicalAssertion.objects.get(kind="progression")
    revise(stated, by=by, reason="an older one", clinical_date=ago(2200))
    results = assess_all(patient, as_of=DAY)
    assert results["lutathera-smpc-eu"].verdict == "cannot_determine"
    assert blocking_rows(results["lutathera-smpc-eu"]) == {"IND.PROGRESSION"}
