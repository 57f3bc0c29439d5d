"""What was given stays open where the chart leaves it open: no old, partial or misfiled row closes a fact."""

import datetime as dt
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError

from patients.models import ClinicalAssertion, PrrtCycle, SsaInjection, TreatmentLine
from patients.services import record
from tests.eligibility.cases import DAY, add_assertion, add_scan
from tests.eligibility.said import NO, OPEN, YES, ago, said, state
from tests.patients.factories import make_patient, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.one_engine]


@pytest.fixture
def doctor():
    return make_user("nuclear_medicine")


@pytest.fixture
def patient(doctor):
    return make_patient(doctor, sex_for_formulas="F", birth_date=dt.date(1968, 1, 15))


def add_line(by, patient, treatment_class, regimen, start=None, stop=None, **more):
    """``start`` and ``stop`` in days ago."""
    dates = {"clinical_date": None if start is None else ago(start), "stop_date": None if stop is None else ago(stop)}
    return record(
        TreatmentLine, by=by, patient=patient, treatment_class=treatment_class, regimen=regimen, **dates, **more
    )


def add_injection(by, patient, days, **more):
    more = {"drug": "lanreotide", **more}
    return record(SsaInjection, by=by, patient=patient, clinical_date=ago(days), **more)


def add_cycles(by, patient, count, *, first, line=None, compound="177Lu-DOTATATE"):
    for number in range(count):
        record(
            PrrtCycle,
            by=by,
            patient=patient,
            line=line,
            number=number + 1,
            compound=compound,
            activity_mbq=Decimal(7400),
            clinical_date=ago(first - 60 * number),
        )


# --- somatostatin analogues ---------------------------------------------------------------------------------------


def test_an_old_injection_does_not_end_a_line_that_runs(doctor, patient):
    add_line(doctor, patient, "ssa", "lanreotide autogel", 760, is_ongoing=True)
    add_injection(doctor, patient, 740)
    assert said(patient, "days_since_long_acting_ssa") == "0–740"
    assert state(patient, "lutathera-uspi", "RCI.SSA_LONG") == "unknown"


def test_a_line_that_stopped_after_the_last_injection_counts_to_its_stop(doctor, patient):
    add_line(doctor, patient, "ssa", "lanreotide", 760, 10)
    add_injection(doctor, patient, 400)
    assert said(patient, "days_since_long_acting_ssa") == "10"


def test_an_injection_after_the_stop_of_a_line_is_exact(doctor, patient):
    add_line(doctor, patient, "ssa", "lanreotide", 760, 100)
    add_injection(doctor, patient, 40)
    assert said(patient, "days_since_long_acting_ssa") == "40"


def test_an_analogue_without_a_name_may_be_of_either_kind(doctor, patient):
    add_assertion(doctor, patient, "prior_ssa", "asserted")
    assert (said(patient, "has_long_acting_ssa"), said(patient, "has_short_acting_ssa")) == (OPEN, OPEN)
    add_injection(doctor, patient, 40)
    assert (said(patient, "has_long_acting_ssa"), said(patient, "has_short_acting_ssa")) == (YES, OPEN)


def test_a_denied_analogue_is_no_analogue_of_either_kind(doctor, patient):
    add_assertion(doctor, patient, "prior_ssa")
    assert (said(patient, "has_long_acting_ssa"), said(patient, "has_short_acting_ssa")) == (NO, NO)


# --- lines and denials --------------------------------------------------------------------------------------------


def test_analogues_outside_the_lines_are_one_line_more(doctor, patient):
    add_line(doctor, patient, "chemo", "CAPTEM", 300, 100)
    add_injection(doctor, patient, 40)
    add_assertion(doctor, patient, "prior_ssa", "asserted")
    assert said(patient, "systemic_lines") == "≥ 2"
    assert state(patient, "compose", "LINES") == "not met"


def test_analogues_alone_are_one_line_at_least(doctor, patient):
    add_injection(doctor, patient, 40)
    assert said(patient, "systemic_lines") == "≥ 1"


def test_a_line_number_counts_the_lines_that_nobody_recorded(doctor, patient):
    add_line(doctor, patient, "targeted", "everolimus", 300, 100, line_number=4)
    assert said(patient, "systemic_lines") == "≥ 4"


def test_a_numbered_operation_is_no_systemic_line(doctor, patient):
    add_line(doctor, patient, "local", "right hemicolectomy", 500, line_number=1)
    add_line(doctor, patient, "chemo", "CAPTEM", 300, 100, line_number=2)
    assert said(patient, "systemic_lines") == "≥ 1"


def test_lines_numbered_without_a_gap_are_all_lines_once_analogues_are_answered(doctor, patient):
    add_line(doctor, patient, "chemo", "CAPTEM", 300, 100, line_number=1)
    assert said(patient, "systemic_lines") == "≥ 1"
    add_assertion(doctor, patient, "prior_ssa")
    assert said(patient, "systemic_lines") == "1"
    add_line(doctor, patient, "targeted", "everolimus", 90)
    assert said(patient, "systemic_lines") == "≥ 2"


def test_not_knowing_of_chemotherapy_is_not_denied_by_an_older_wider_denial(doctor, patient):
    add_assertion(doctor, patient, "prior_systemic", on=ago(2000))
    add_assertion(doctor, patient, "prior_chemotherapy", "unknown")
    assert said(patient, "has_prior_chemotherapy") == "recorded_unknown"


# --- earlier PRRT -------------------------------------------------------------------------------------------------


def test_a_course_without_count_and_rows_leaves_the_activity_open(doctor, patient):
    add_line(doctor, patient, "prrt", "177Lu-DOTATATE", 2900, 2700)
    second = add_line(doctor, patient, "prrt", "177Lu-DOTATATE", 900, 700, cycles=4)
    add_cycles(doctor, patient, 4, first=900, line=second)
    assert said(patient, "cumulative_with_two_more_gbq") == "≥ 44.4"


@pytest.mark.parametrize("is_linked", [True, False])
def test_rows_of_one_course_do_not_stand_for_the_cycles_of_another(doctor, patient, is_linked):
    add_line(doctor, patient, "prrt", "177Lu-DOTATATE", 2900, 2700, cycles=4)
    second = add_line(doctor, patient, "prrt", "177Lu-DOTATATE", 900, 700)
    add_cycles(doctor, patient, 4, first=900, line=second if is_linked else None)
    assert said(patient, "cumulative_with_two_more_gbq") == "≥ 44.4"


def test_rows_that_complete_every_course_close_the_activity(doctor, patient):
    add_line(doctor, patient, "prrt", "177Lu-DOTATATE", 2900, 2700, cycles=4)
    second = add_line(doctor, patient, "prrt", "177Lu-DOTATATE", 900, 700, cycles=2)
    add_cycles(doctor, patient, 4, first=2900)
    add_cycles(doctor, patient, 2, first=900, line=second)
    assert said(patient, "cumulative_activity_gbq") == "44.4"


def test_activity_of_another_nuclide_is_not_added(doctor, patient):
    add_cycles(doctor, patient, 2, first=900)
    add_cycles(doctor, patient, 1, first=600, compound="90Y-DOTATOC")
    assert said(patient, "cumulative_activity_gbq") == "≥ 14.8"


def test_a_scan_before_a_course_without_rows_is_not_after_the_last_cycle(doctor, patient):
    first = add_line(doctor, patient, "prrt", "177Lu-DOTATATE", 2900, 2700, cycles=1)
    add_cycles(doctor, patient, 1, first=2900, line=first)
    second = add_line(doctor, patient, "prrt", "177Lu-DOTATATE", 60, 20, cycles=2)
    add_scan(doctor, patient, on=ago(100))
    assert said(patient, "is_sstr_scan_after_prrt") == NO
    add_scan(doctor, patient, on=ago(30))
    assert said(patient, "is_sstr_scan_after_prrt") == NO
    add_cycles(doctor, patient, 2, first=100, line=second)
    assert said(patient, "is_sstr_scan_after_prrt") == YES


def test_a_course_without_rows_and_without_an_end_leaves_open_whether_a_scan_came_after(doctor, patient):
    first = add_line(doctor, patient, "prrt", "177Lu-DOTATATE", 2900, 2700, cycles=1)
    add_cycles(doctor, patient, 1, first=2900, line=first)
    add_line(doctor, patient, "prrt", "177Lu-DOTATATE", 160, cycles=2)
    add_scan(doctor, patient, on=ago(100))
    assert said(patient, "is_sstr_scan_after_prrt") == "undated"


@pytest.mark.parametrize(("detail", "months"), [("20", "20"), ("20 months", "20"), ("19.5 mo", "19.5")])
def test_months_are_a_number_with_or_without_its_unit(doctor, patient, detail, months):
    add_assertion(doctor, patient, "prrt_benefit", "asserted", detail=detail)
    assert said(patient, "prior_prrt_pfs_months") == months


@pytest.mark.parametrize("detail", ["30 weeks", "18 d", "18/12/2023 PD", "2 years", "1,9 y", "24.06.2024 stable"])
def test_another_unit_or_a_date_is_no_number_of_months(doctor, patient, detail):
    """Rows from before the form refused such a text are still in the chart."""
    with pytest.raises(ValidationError):
        add_assertion(doctor, patient, "prrt_benefit", "asserted", detail=detail)
    row = ClinicalAssertion(patient=patient, kind="prrt_benefit", state="asserted", detail=detail, clinical_date=DAY)
    row.save()
    assert said(patient, "prior_prrt_pfs_months") == "not_stated"


@pytest.mark.parametrize("more", [{"regimen": "177Lu-DOTATATE"}, {"regimen": "study", "drugs": ["Lutathera"]}])
def test_prrt_filed_under_another_class_is_prrt(doctor, patient, more):
    add_assertion(doctor, patient, "prior_prrt")
    add_assertion(doctor, patient, "other_unsealed")
    record(TreatmentLine, by=doctor, patient=patient, treatment_class="other", clinical_date=ago(900), **more)
    assert (said(patient, "has_prior_prrt"), said(patient, "has_other_unsealed_therapy")) == (YES, YES)
    assert (said(patient, "cumulative_activity_gbq"), said(patient, "has_prior_systemic")) == ("not_stated", YES)


def test_who_benefited_from_prrt_had_prrt(doctor, patient):
    add_assertion(doctor, patient, "prior_prrt", on=ago(900))
    add_assertion(doctor, patient, "prrt_benefit", "asserted", detail="24 months")
    assert (said(patient, "has_prior_prrt"), said(patient, "cumulative_activity_gbq")) == (YES, "missing")


# --- assertions ---------------------------------------------------------------------------------------------------


def test_the_pair_of_netter_1_is_that_of_the_progression_on_octreotide(doctor, patient):
    def progression(kind, first, second, on):
        record(
            ClinicalAssertion,
            by=doctor,
            patient=patient,
            kind=kind,
            state="asserted",
            compared_from=ago(first),
            compared_to=ago(second),
            clinical_date=ago(on),
        )

    progression("progression", 200, 10, 5)
    assert said(patient, "progression_newer_scan_age_days") == "missing"
    progression("progression_on_ssa", 2300, 2000, 2000)
    assert said(patient, "progression_newer_scan_age_days") == "2000"
