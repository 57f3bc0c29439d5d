"""What was given around two scans: injections against what was said, cycles by the second scan, which line ended last."""

import datetime as dt
from decimal import Decimal as D

import pytest

from eligibility.case_rows import fetch
from eligibility.change_facts import change_between
from imaging.models import Scan
from patients.models import Patient, SsaInjection, TreatmentLine, User
from patients.services import record, revise
from tests.board.factories import BASELINE, FOLLOW_UP, add_scan
from tests.eligibility.change_case import change_of, illustrative_case, scan_of
from tests.science.change_pairs import check_of

pytestmark = [pytest.mark.django_db, pytest.mark.one_engine]


@pytest.fixture(scope="module")
def made(once):
    user, patient = illustrative_case()
    for day in (BASELINE, FOLLOW_UP):
        revise(scan_of(patient, day), by=user, reason="asked the site", ssa_status="none")
    return user.pk, patient.pk


@pytest.fixture
def case(made, db):
    return User.objects.get(pk=made[0]), Patient.objects.get(pk=made[1])


def inject(case, day, **values):
    user, patient = case
    record(SsaInjection, by=user, patient=patient, drug="lanreotide", dose_mg=D(120), clinical_date=day, **values)


def before(days: int, day=FOLLOW_UP) -> dt.date:
    return day - dt.timedelta(days=days)


@pytest.mark.parametrize(
    ("days", "values", "said"),
    [
        (30, {}, ""),
        (2, {}, ""),
        (56, {}, ""),
        (57, {}, "none"),
        (0, {}, "none"),
        (30, {"is_long_acting": False}, "none"),
        (90, {"clinical_date_precision": "month"}, "none"),
        (75, {"clinical_date_precision": "month"}, ""),  # the month of 4 February ends within eight weeks
    ],
)
def test_an_injection_shortly_before_contradicts_that_none_was_given(case, days, values, said):
    inject(case, before(days), **values)
    found = change_of(case[1])
    assert found.before.ssa == "none" and found.after.ssa == said
    if not said:
        assert check_of(found, "ssa").blocks and "lanreotide" in check_of(found, "ssa").reason
        assert "ssa:after" in [item.key for item in found.missing]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"is_ongoing": True}, ""),
        ({"stop_date": FOLLOW_UP + dt.timedelta(days=5)}, ""),
        ({"stop_date": BASELINE + dt.timedelta(days=5)}, "none"),
    ],
)
def test_a_line_of_an_analogue_that_runs_contradicts_it_too(case, values, said):
    user, patient = case
    line = {"treatment_class": "ssa", "regimen": "octreotide LAR", "clinical_date": BASELINE + dt.timedelta(days=2)}
    record(TreatmentLine, by=user, patient=patient, **line, **values)
    assert (change_of(patient).before.ssa, change_of(patient).after.ssa) == ("none", said)


def test_a_first_injection_between_the_scans_is_a_new_analogue_for_the_exposure(case):
    assert change_of(case[1]).criteria["B"].truth is True
    inject(case, before(100))
    assert change_of(case[1]).criteria["B"].truth is False


def test_an_analogue_that_the_patient_was_on_before_is_none_newly_given(case):
    user, patient = case
    revise(scan_of(patient, BASELINE), by=user, reason="x", ssa_status="on")
    inject(case, before(100))
    assert change_of(patient).criteria["B"].truth is True


def test_days_since_an_injection_known_to_the_month_are_not_known(case):
    user, patient = case
    inject(case, FOLLOW_UP.replace(day=1), clinical_date_precision="month")
    revise(scan_of(patient, FOLLOW_UP), by=user, reason="x", ssa_status="on")
    found = change_of(patient)
    assert found.after.ssa_drug == "lanreotide" and found.after.days_since_ssa is None


def captem(case, begun, **values):
    user, patient = case
    line = TreatmentLine.objects.get(patient=patient)
    revise(line, by=user, reason="x", clinical_date=begun, **values)
    return change_of(patient).criteria["B"].truth


@pytest.mark.parametrize(
    ("begun", "values", "truth"),
    [
        (10, {"stop_date": FOLLOW_UP + dt.timedelta(days=160)}, None),
        (10, {"stop_date": None}, None),
        (10, {"stop_date": None, "is_ongoing": True}, None),
        (55, {"stop_date": None, "is_ongoing": True}, None),
        (56, {"stop_date": None, "is_ongoing": True}, True),
        (10, {"stop_date": before(1)}, True),
        (10, {"stop_date": FOLLOW_UP.replace(day=1), "stop_date_precision": "month"}, None),
        (10, {"stop_date": FOLLOW_UP + dt.timedelta(days=160), "cycles": 1}, False),
        (90, {"clinical_date_precision": "month", "stop_date": None}, True),
        (80, {"clinical_date_precision": "month", "stop_date": None}, True),
        (70, {"clinical_date_precision": "month", "stop_date": None}, None),
    ],
)
def test_cycles_given_after_the_second_scan_are_no_exposure(case, begun, values, truth):
    assert captem(case, before(begun), **values) is truth


def test_days_since_chemotherapy_count_from_the_line_that_ended_last(case):
    user, patient = case
    begun = dt.date(2025, 10, 1)
    line = {"treatment_class": "chemo", "regimen": "FOLFOX", "clinical_date": begun, "is_ongoing": False}
    second = record(TreatmentLine, by=user, patient=patient, **line, stop_date=dt.date(2025, 11, 1))
    assert change_of(patient).after.days_since_chemo == (FOLLOW_UP - dt.date(2026, 2, 15)).days
    first = TreatmentLine.objects.get(patient=patient, regimen="CAPTEM")
    revise(first, by=user, reason="x", stop_date=None, is_ongoing=True)
    found = change_of(patient)
    assert found.after.days_since_chemo is None and "CAPTEM had not ended" in check_of(found, "since_chemo").reason
    revise(second, by=user, reason="x", stop_date=None)
    assert change_of(patient).after.days_since_chemo is None


def test_the_scan_before_is_of_an_earlier_day(case):
    user, patient = case
    again = add_scan(user, patient, FOLLOW_UP + dt.timedelta(days=1))
    again = revise(again, by=user, reason="typed wrong", clinical_date=FOLLOW_UP)
    found = change_of(patient)
    assert (found.before.day, found.after.id) == (BASELINE, str(again.lineage))
    same = change_between(fetch(patient), scan_of_first(patient), again)
    assert same.before.day == same.after.day == FOLLOW_UP, "asked for by hand it is compared"


def scan_of_first(patient):
    return Scan.objects.filter(patient=patient, clinical_date=FOLLOW_UP).order_by("recorded_at").first()


@pytest.mark.parametrize("tracer", ["", "other"])
def test_scans_known_to_be_of_sstr_come_first(case, tracer):
    user, patient = case
    pair = change_of(patient)
    add_scan(user, patient, FOLLOW_UP + dt.timedelta(days=30), tracer=tracer)
    found = change_of(patient)
    assert (found.before.id, found.after.id) == (pair.before.id, pair.after.id)


def test_without_two_known_ones_a_scan_of_unknown_tracer_may_be_the_second(case):
    user, patient = case
    revise(scan_of(patient, FOLLOW_UP), by=user, reason="x", tracer="")
    found = change_of(patient)
    assert (found.before.day, found.after.day) == (BASELINE, FOLLOW_UP) and found.name == "UNDETERMINED"
