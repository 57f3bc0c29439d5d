"""What chart and scan leave open stays open: ranges, partial dates, "do not know", and a denial beside a finding."""

import datetime as dt
from decimal import Decimal

import pytest

from eligibility.selectors import case_facts
from patients.models import BodyMeasure, Diagnosis, HistologySpecimen
from patients.services import record, revise, update_patient
from tests.eligibility.cases import (
    DAY,
    add_assertion,
    add_finding,
    add_lab,
    add_lesion,
    add_reading,
    add_scan,
)
from tests.eligibility.said import NO, OPEN, YES, ago, said, state
from tests.patients.factories import make_patient, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.one_engine]
MALE = frozenset({"not_applicable_male"})


@pytest.fixture
def doctor():
    return make_user("nuclear_medicine")


@pytest.fixture
def patient(doctor):
    return make_patient(doctor, sex_for_formulas="F", birth_date=dt.date(1968, 1, 15))


# --- assertions ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("detail", "classes"),
    [
        ("II-III", {"II", "III"}),
        ("NYHA I to IV", {"I", "II", "III", "IV"}),
        ("III, was II", {"II", "III"}),
        ("IV", {"IV"}),
    ],
)
def test_a_range_of_classes_is_every_class_it_names(doctor, patient, detail, classes):
    add_assertion(doctor, patient, "heart_failure", "asserted", detail=detail)
    assert said(patient, "heart_failure_nyha") == classes


def test_a_pregnancy_does_not_grow_old_as_its_exclusion_does(doctor, patient):
    add_assertion(doctor, patient, "pregnancy", "asserted", on=ago(40))
    assert state(patient, "lutathera-smpc-eu", "CI.PREGNANCY") == "triggered"


def test_a_recorded_pregnancy_outweighs_the_sex_used_in_formulas(doctor, patient):
    patient = update_patient(patient, by=doctor, reason="formulas", sex_for_formulas="M")
    assert (said(patient, "pregnancy"), said(patient, "is_breast_feeding")) == (MALE, MALE)
    add_assertion(doctor, patient, "pregnancy", "asserted", on=ago(1))
    add_assertion(doctor, patient, "breast_feeding", "asserted", on=ago(1))
    assert (said(patient, "pregnancy"), said(patient, "is_breast_feeding")) == ({"pregnant"}, YES)
    add_assertion(doctor, patient, "pregnancy", "denied", detail="negative_test")
    add_assertion(doctor, patient, "breast_feeding", "denied")
    assert (said(patient, "pregnancy"), said(patient, "is_breast_feeding")) == (MALE, MALE)


def test_not_knowing_beside_an_answer_of_the_same_day_leaves_it_open(doctor, patient):
    for kind, state_of, detail in (("pregnancy", "denied", "negative_test"), ("progression", "asserted", "")):
        add_assertion(doctor, patient, kind, state_of, detail=detail)
        add_assertion(doctor, patient, kind, "unknown")
    assert said(patient, "pregnancy") == said(patient, "has_progression") == "recorded_unknown"


# --- dates --------------------------------------------------------------------------------------------------------


def test_a_value_of_a_month_may_be_newer_than_one_of_a_day_in_it(doctor, patient):
    add_lab(doctor, patient, "platelets", "210", "10^9/L", on=dt.date(2026, 4, 10))
    add_lab(doctor, patient, "platelets", "50", "10^9/L", on=dt.date(2026, 4, 1), clinical_date_precision="month")
    found = case_facts(patient, as_of=DAY)["platelets"]
    assert said(patient, "platelets") == "50–210" and found.clinical_date == dt.date(2026, 4, 1)


def test_a_value_of_the_month_before_is_older(doctor, patient):
    add_lab(doctor, patient, "platelets", "210", "10^9/L", on=dt.date(2026, 4, 10))
    add_lab(doctor, patient, "platelets", "50", "10^9/L", on=dt.date(2026, 3, 1), clinical_date_precision="month")
    assert said(patient, "platelets") == "210"


def test_a_diagnosis_of_a_year_may_contradict_one_of_a_day_in_it(doctor, patient):
    for stage, on, precision in (
        ("metastatic", dt.date(2025, 6, 1), "day"),
        ("localised", dt.date(2025, 1, 1), "year"),
    ):
        record(
            Diagnosis,
            by=doctor,
            patient=patient,
            primary_site="stomach",
            stage=stage,
            clinical_date=on,
            clinical_date_precision=precision,
        )
    assert said(patient, "stage") == "contradictory"


def add_specimen(by, patient, ki67, on):
    return record(HistologySpecimen, by=by, patient=patient, differentiation="well", ki67_text=ki67, clinical_date=on)


def test_an_undated_specimen_does_not_stand_for_the_newest(doctor, patient):
    add_specimen(doctor, patient, "30 %", ago(900))
    add_specimen(doctor, patient, "1 %", ago(20))
    add_specimen(doctor, patient, "8 %", None)
    assert said(patient, "grade") == {"G1", "G2", "G3"}
    assert said(patient, "ki67_percent") == "1–30"


def test_the_age_of_a_scan_of_a_month_is_an_interval(doctor, patient):
    record_scan = add_scan(doctor, patient, on=dt.date(2026, 1, 1))
    assert said(patient, "sstr_scan_age_days") == "109"
    revise(record_scan, by=doctor, reason="month only", clinical_date_precision="month")
    assert said(patient, "sstr_scan_age_days") == "79–109"
    assert state(patient, "netter-2", "SSTR.SCAN_AGE") == "unknown"


def weigh(by, patient, kilograms, days, **more):
    record(
        BodyMeasure,
        by=by,
        patient=patient,
        kind="weight_kg",
        value=Decimal(kilograms),
        clinical_date=ago(days),
        **more,
    )


def test_the_weight_nearest_to_the_creatinine_is_used(doctor, patient):
    add_lab(doctor, patient, "creatinine", "88.4", "umol/L", on=ago(20))
    weigh(doctor, patient, "80", 100)
    weigh(doctor, patient, "60", 18)
    assert "actual weight 60 kg" in case_facts(patient, as_of=DAY)["crcl_cockcroft_gault"].detail


def test_weights_equally_near_are_both_used(doctor, patient):
    add_lab(doctor, patient, "creatinine", "88.4", "umol/L", on=ago(20))
    weigh(doctor, patient, "70", 22)
    weigh(doctor, patient, "60", 18)
    assert "actual weight 60–70 kg" in case_facts(patient, as_of=DAY)["crcl_cockcroft_gault"].detail


def test_a_weight_of_the_month_of_the_creatinine_may_be_the_nearest(doctor, patient):
    add_lab(doctor, patient, "creatinine", "88.4", "umol/L", on=dt.date(2026, 4, 10))
    weigh(doctor, patient, "70", 12)
    weigh(doctor, patient, "60", 19, clinical_date_precision="month")
    weigh(doctor, patient, "90", 60, clinical_date_precision="month")
    assert "actual weight 60–70 kg" in case_facts(patient, as_of=DAY)["crcl_cockcroft_gault"].detail


# --- bone ---------------------------------------------------------------------------------------------------------


def test_a_bone_lesion_on_the_scan_reopens_a_denial(doctor, patient):
    add_assertion(doctor, patient, "bone_metastases")
    assert said(patient, "has_bone_metastases") == NO
    scan, lesion = add_scan(doctor, patient), add_lesion(doctor, patient, "L01", "bone")
    add_reading(doctor, scan, {lesion: (3, 3)})
    assert said(patient, "has_bone_metastases") == OPEN
    add_finding(doctor, lesion, scan, status="resolved")
    assert said(patient, "has_bone_metastases") == NO


def test_a_bone_lesion_read_with_uptake_is_a_metastasis_where_nobody_denied_one(doctor, patient):
    scan, lesion = add_scan(doctor, patient), add_lesion(doctor, patient, "L01", "bone")
    assert said(patient, "has_bone_metastases") == OPEN
    add_reading(doctor, scan, {lesion: (3, 3)})
    assert said(patient, "has_bone_metastases") == YES
    assert said(patient, "has_peritoneal_metastases") == "missing"
