"""The alkylator ledger: what was given and how counts went. What nobody recorded is never "none"."""

import datetime as dt

from board.chart import Chart
from board.ledger import NEVER, ledger
from patients.models import PrrtCycle, TreatmentLine
from patients.services import record
from tests.board.factories import TODAY, add_lab
from tests.patients.factories import make_patient, make_user


def said(patient) -> dict[str, str]:
    return {entry.name: entry.value for entry in ledger(Chart(patient, TODAY))}


def given(user, patient, regimen="CAPTEM", **values):
    start = dt.date(2025, 9, 1)
    return record(
        TreatmentLine,
        by=user,
        patient=patient,
        **{"treatment_class": "chemo", "clinical_date": start} | values,
        regimen=regimen,
    )


def empty(role="nuclear_medicine"):
    user = make_user(role)
    return user, make_patient(by=user)


def test_an_empty_case_was_never_recorded_not_none(db):
    _, patient = empty()
    assert set(said(patient).values()) == {NEVER}


def test_cycles_and_last_dose_of_the_published_case(case):
    _, _, patient = case
    found = said(patient)
    assert (found["Temozolomide"], found["Last dose"]) == ("6 cycles", "15 Feb 2026")
    assert found["Platinum"] == found["Streptozocin"] == found["Previous PRRT"] == "none among the lines recorded"


def test_a_regimen_is_known_by_its_drugs(db):
    user, patient = empty()
    given(user, patient, "captem", cycles=4, is_ongoing=True)
    given(user, patient, "FOLFOX", clinical_date=dt.date(2024, 1, 1))
    found = said(patient)
    assert (found["Temozolomide"], found["Last dose"]) == ("4 cycles", "ongoing")
    assert found["Platinum"] == "FOLFOX, 1 Jan 2024"


def test_a_line_without_a_number_makes_it_at_least(db):
    user, patient = empty()
    given(user, patient, cycles=4, stop_date=dt.date(2025, 12, 1))
    given(user, patient, clinical_date=dt.date(2026, 1, 5))
    found = said(patient)
    assert found["Temozolomide"] == "at least 4 cycles: a line without a number"
    assert found["Last dose"] == NEVER


def test_unknown_drugs_leave_it_open(db):
    user, patient = empty()
    given(user, patient, "trial arm B")
    assert said(patient)["Temozolomide"] == "unknown: drugs of trial arm B never recorded"


def test_activity_of_earlier_prrt_is_summed_in_gbq(db):
    user, patient = empty()
    line = given(user, patient, "177Lu-DOTATATE", treatment_class="prrt")
    assert said(patient)["Previous PRRT"] == "given, activity never recorded"
    for number, activity in ((1, 7400), (2, 7350)):
        day = dt.date(2025, 9, number)
        record(PrrtCycle, by=user, patient=patient, line=line, number=number, activity_mbq=activity, clinical_date=day)
    assert said(patient)["Previous PRRT"] == "14.8 GBq in 2 cycles"
    record(PrrtCycle, by=user, patient=patient, line=line, number=3, clinical_date=dt.date(2025, 11, 1))
    assert said(patient)["Previous PRRT"] == "at least 14.8 GBq in 3 cycles: activity of 1 not recorded"


def test_counts_are_two_values_and_two_days(db):
    user, patient = empty()
    add_lab(user, patient, value=212, day=dt.date(2025, 8, 1))
    assert said(patient)["Platelets"] == "212 10⁹/L, 1 Aug 2025, no earlier value"
    add_lab(user, patient, value=104, day=dt.date(2026, 4, 28))
    add_lab(user, patient, analyte="mcv", value=98, unit="fL", day=dt.date(2026, 4, 28))
    found = said(patient)
    assert found["Platelets"] == "212 → 104 10⁹/L, 1 Aug 2025 to 28 Apr 2026"
    assert found["MCV"] == "98 fL, 28 Apr 2026, no earlier value"
