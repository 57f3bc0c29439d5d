"""The alkylator ledger: what was given and how counts went. What nobody recorded is never "none"."""

import datetime as dt

import pytest

from board.chart import Chart
from board.ledger import NEVER, ledger
from patients.models import ClinicalAssertion, PrrtCycle, TreatmentLine
from patients.services import record
from tests.board.factories import TODAY, add_lab
from tests.board.test_patient_page import page, text_of
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


@pytest.mark.parametrize("filed", ["other", "chemo", "local"])
def test_a_radioligand_is_earlier_prrt_whatever_it_was_filed_under(db, filed):
    user, patient = empty()
    given(user, patient, "Lutathera", treatment_class=filed)
    assert said(patient)["Previous PRRT"] == "given, activity never recorded"


def test_another_alkylator_is_not_hidden_by_two_that_were_not_given(db):
    user, patient = empty()
    assert said(patient)["Other alkylators"] == "never recorded"
    given(user, patient, "Dacarbazine", drugs=["dacarbazine"], cycles=4)
    found = said(patient)
    assert found["Temozolomide"] == "none among the lines recorded"
    assert found["Other alkylators"].startswith("Dacarbazine ×4")


def test_counts_are_two_values_and_two_days(db):
    user, patient = empty()
    add_lab(user, patient, value=212, day=dt.date(2025, 8, 1))
    assert said(patient)["Platelets"] == "212 10⁹/L, 1 Aug 2025, no earlier value"
    add_lab(user, patient, value=104, day=dt.date(2026, 4, 28))
    add_lab(user, patient, analyte="mcv", value=98, unit="fL", day=dt.date(2026, 4, 28))
    found = said(patient)
    assert found["Platelets"] == "212 → 104 10⁹/L, 1 Aug 2025 to 28 Apr 2026"
    assert found["MCV"] == "98 fL, 28 Apr 2026, no earlier value"


def test_streptozocin_has_cycles_and_a_last_dose(db):
    user, patient = empty()
    given(user, patient, "STZ-5FU", drugs=["streptozocin", "fluorouracil"], cycles=4, stop_date=dt.date(2026, 2, 1))
    assert said(patient)["Streptozocin"] == "4 cycles, last dose 1 Feb 2026"
    assert said(patient)["Temozolomide"] == "none among the lines recorded"


def test_radiotherapy_and_the_share_of_marrow_are_two_things(db):
    user, patient = empty()
    given(user, patient, "EBRT spine", treatment_class="ebrt", clinical_date=dt.date(2024, 3, 1))
    assert said(patient)["Radiotherapy to marrow"] == "EBRT spine, 1 Mar 2024; share of marrow never recorded"
    stated = {"kind": "marrow_irradiated", "state": "denied", "clinical_date": dt.date(2026, 5, 1)}
    record(ClinicalAssertion, by=user, patient=patient, **stated)
    found = said(patient)["Radiotherapy to marrow"]
    assert found == "EBRT spine, 1 Mar 2024; more than 25 % of marrow denied, 1 May 2026"


def counts(user, patient, analyte, unit, *values):
    for month, value in enumerate(values, start=1):
        add_lab(user, patient, analyte=analyte, value=value, unit=unit, day=dt.date(2026, month, 1))


def test_every_count_is_drawn_from_its_own_values_and_said_in_words(db):
    user, patient = empty()
    counts(user, patient, "mcv", "fL", 88, 93, 98)
    counts(user, patient, "lymphocytes", "10^9/L", 2, 1)
    entries = {entry.name: entry for entry in ledger(Chart(patient, TODAY))}
    assert [name for name in entries if entries[name].spark] == ["Lymphocytes", "MCV"]
    assert entries["MCV"].value == "88 → 98 fL, 1 Jan 2026 to 1 Mar 2026, 3 values"
    heights = [y for _, y in entries["MCV"].spark.points]
    assert heights == sorted(heights, reverse=True)
    assert entries["Haemoglobin"].value == NEVER


def test_a_value_in_another_unit_and_a_limit_are_not_drawn(db):
    user, patient = empty()
    add_lab(user, patient, value=90000, unit="/uL", day=dt.date(2025, 12, 1))
    counts(user, patient, "platelets", "10^9/L", 210, 150)
    add_lab(user, patient, value=10, comparator="<", day=dt.date(2026, 3, 1))
    entry = next(entry for entry in ledger(Chart(patient, TODAY)) if entry.name == "Platelets")
    assert len(entry.spark.points) == 2
    assert entry.value.startswith("210 → <10 10⁹/L")


def test_the_page_says_that_it_is_information_and_from_where(case):
    client, user, patient = case
    counts(user, patient, "mcv", "fL", 88, 93, 98)
    for query in ("", "?tab=eligibility"):
        response = page(client, patient, query)
        found = text_of(response)
        assert (
            "Information, not a rule." in found and "7 of 11 patients" in found and "repub.eur.nl/pub/105480" in found
        )
        assert response.content.decode().count('<svg class="spark"') == 1
