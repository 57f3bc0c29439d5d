"""From rows to facts: dates, units, formulas, assertions, readings; and the reason when there is no fact."""

import datetime as dt
from decimal import Decimal

import pytest

from eligibility.case_rows import fetch
from eligibility.domain.facts import interval_text
from eligibility.selectors import assess_all, case_facts, facts_from
from imaging.models import LesionReading, Reading
from patients.models import (
    BodyMeasure,
    ClinicalAssertion,
    Diagnosis,
    HistologySpecimen,
    LabResult,
    TreatmentLine,
)
from patients.services import record, revise, update_patient
from tests.eligibility.cases import (
    DAY,
    add_assertion,
    add_finding,
    add_lab,
    add_lesion,
    add_pet_series,
    add_reading,
    add_scan,
    add_uptake,
    complete_case,
)
from tests.patients.factories import make_patient, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.both_engines]


@pytest.fixture
def doctor():
    return make_user("nuclear_medicine")


@pytest.fixture
def patient(doctor):
    return make_patient(doctor, sex_for_formulas="F", birth_date=dt.date(1968, 1, 15))


def fact(patient, name, as_of=DAY, **more):
    return case_facts(patient, as_of=as_of, **more)[name]


# --- laboratory ---------------------------------------------------------------------------------------------------


def test_an_empty_case_knows_age_and_sex_and_nothing_else(patient):
    """That no FDG scan is on record is a fact about the record, not about the patient."""
    known = {name for name, f in case_facts(patient, as_of=DAY).items() if f.value is not None}
    assert known == {"age_years", "sex", "has_fdg_scan"}


def test_the_newest_value_not_after_the_day_is_used(doctor, patient):
    for days, value in ((-30, "90"), (-3, "88"), (2, "50")):
        add_lab(doctor, patient, "platelets", value, "10^9/L", on=DAY + dt.timedelta(days=days))
    found = fact(patient, "platelets")
    assert interval_text(found.value) == "88" and found.clinical_date == DAY - dt.timedelta(days=3)
    assert found.sources[0].label == "platelets 88 10^9/L, 2026-04-17"


def test_two_values_of_one_day_span_an_interval(doctor, patient):
    add_lab(doctor, patient, "hb", "7.8", "g/dL")
    add_lab(doctor, patient, "hb", "83", "g/L")
    found = fact(patient, "hb")
    assert interval_text(found.value) == "7.8–8.3" and len(found.sources) == 2


def test_a_value_below_the_limit_of_detection_is_an_open_interval(doctor, patient):
    add_lab(doctor, patient, "bilirubin_total", "5", "umol/L", comparator="<")
    assert interval_text(fact(patient, "bilirubin_total").value) == "< 5"
    assert interval_text(fact(patient, "bilirubin_total_x_uln").value) == "< 0.24"


def test_a_multiple_of_the_upper_limit_needs_that_limit(doctor, patient):
    add_lab(doctor, patient, "bilirubin_total", "70", "umol/L", reference_high=None)
    found = fact(patient, "bilirubin_total_x_uln")
    assert found.value is None and found.reason == "reference_limit_missing"


def test_a_month_counts_from_its_first_day(doctor, patient):
    add_lab(doctor, patient, "hb", "12", "g/dL", on=dt.date(2026, 4, 1), clinical_date_precision="month")
    assert fact(patient, "hb").clinical_date == dt.date(2026, 4, 1)


# --- creatinine clearance -----------------------------------------------------------------------------------------


def weigh(doctor, patient, kilograms="64.5", on=DAY):
    return record(BodyMeasure, by=doctor, patient=patient, kind="weight_kg", value=Decimal(kilograms), clinical_date=on)


def test_clearance_shows_every_input(doctor, patient):
    add_lab(doctor, patient, "creatinine", "88.4", "umol/L")
    weigh(doctor, patient)
    found = fact(patient, "crcl_cockcroft_gault")
    assert found.value.low == found.value.high == Decimal(140 - 58) * Decimal("64.5") / 72 * Decimal("0.85")
    assert found.detail == "creatinine 88.4 umol/L, actual weight 64.5 kg, age 58"
    assert [s.model for s in found.sources] == ["patients.LabResult", "patients.BodyMeasure"]


def test_clearance_names_what_is_missing(doctor, patient):
    assert fact(patient, "crcl_cockcroft_gault").detail == "creatinine not recorded"
    add_lab(doctor, patient, "creatinine", "88.4", "umol/L")
    assert fact(patient, "crcl_cockcroft_gault").detail == "body weight within 90 days of the creatinine"
    weigh(doctor, patient, on=DAY - dt.timedelta(days=91))
    assert fact(patient, "crcl_cockcroft_gault").reason == "input_missing"
    weigh(doctor, patient, on=DAY - dt.timedelta(days=90))
    assert fact(patient, "crcl_cockcroft_gault").value is not None
    patient = update_patient(patient, by=doctor, reason="unclear", sex_for_formulas="O")
    assert fact(patient, "crcl_cockcroft_gault").detail == "sex used in formulas (female or male)"


def test_clearance_from_uncertain_inputs_is_an_interval(doctor, patient):
    """Born some time in 1968, creatinine below 50: the lowest clearance this allows is known, the highest is not."""
    patient = update_patient(
        patient, by=doctor, reason="year only", birth_date_precision="year", birth_date=dt.date(1968, 1, 1)
    )
    add_lab(doctor, patient, "creatinine", "50", "umol/L", comparator="<")
    weigh(doctor, patient)
    found = fact(patient, "crcl_cockcroft_gault").value
    lowest = Decimal(140 - 58) * Decimal("64.5") / (72 * Decimal(50) / Decimal("88.4")) * Decimal("0.85")
    assert found.high is None and float(found.low) == pytest.approx(float(lowest)) and found.low_open


# --- tumour -------------------------------------------------------------------------------------------------------


def specimen(doctor, patient, on=DAY, **values):
    return record(HistologySpecimen, by=doctor, patient=patient, clinical_date=on, **values)


def test_the_published_histology_is_g2_without_stated_differentiation(doctor, patient):
    specimen(doctor, patient, ki67_text="7-8 %", stated_grade="G2")
    assert fact(patient, "grade").value == {"G2"} and fact(patient, "grade").detail == "Ki-67 7-8 %"
    assert interval_text(fact(patient, "ki67_percent").value) == "7–8"
    assert fact(patient, "differentiation").reason == "not_stated"


@pytest.mark.parametrize(("written", "shown"), [("12", "Ki-67 12 %"), ("<2", "Ki-67 <2 %"), ("18%", "Ki-67 18%")])
def test_a_grade_names_its_ki67_in_percent(doctor, patient, written, shown):
    specimen(doctor, patient, ki67_text=written, stated_grade="G2")
    assert fact(patient, "grade").detail == shown


def test_ki67_alone_leaves_carcinoma_possible(doctor, patient):
    specimen(doctor, patient, ki67_text="7-8 %")
    assert fact(patient, "grade").value == {"G2", "NEC"}


def test_the_highest_and_the_newest_specimen_both_count(doctor, patient):
    specimen(doctor, patient, on=DAY - dt.timedelta(days=300), differentiation="well", ki67_text="25 %")
    specimen(doctor, patient, on=DAY - dt.timedelta(days=20), differentiation="well", ki67_text="8 %")
    assert fact(patient, "grade").value == {"G2", "G3"}
    assert interval_text(fact(patient, "ki67_percent").value) == "8–25"


@pytest.mark.parametrize(
    ("site", "value"), [("stomach", {"stomach"}), ("lung", {"lung"}), ("unknown", None), ("other", None)]
)
def test_primary_site(doctor, patient, site, value):
    record(Diagnosis, by=doctor, patient=patient, primary_site=site)
    assert fact(patient, "primary_site").value == value


@pytest.mark.parametrize(("sites", "value"), [(["bone", "liver"], {"yes"}), (["liver"], None), ([], None)])
def test_a_list_of_sites_that_does_not_name_bone_is_silence(doctor, patient, sites, value):
    record(Diagnosis, by=doctor, patient=patient, primary_site="stomach", metastatic_sites=sites)
    assert fact(patient, "has_bone_metastases").value == value


@pytest.mark.parametrize(("state", "value"), [("asserted", {"yes"}), ("denied", {"no"}), ("unknown", None)])
def test_bone_metastases_asked_and_answered(doctor, patient, state, value):
    record(Diagnosis, by=doctor, patient=patient, primary_site="stomach", metastatic_sites=["liver"])
    record(ClinicalAssertion, by=doctor, patient=patient, clinical_date=DAY, kind="bone_metastases", state=state)
    assert fact(patient, "has_bone_metastases").value == value


# --- assertions ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "detail", "value", "reason"),
    [
        ("asserted", "", {"pregnant"}, ""),
        ("denied", "negative_test", {"negative_test"}, ""),
        ("denied", "not_of_childbearing_potential", {"not_of_childbearing_potential"}, ""),
        ("denied", "not_excluded", {"not_excluded"}, ""),
        ("unknown", "not_excluded", {"not_excluded"}, ""),
        ("denied", "", None, "not_stated"),
        ("unknown", "", None, "recorded_unknown"),
    ],
)
def test_pregnancy_is_an_explicit_state(doctor, patient, state, detail, value, reason):
    add_assertion(doctor, patient, "pregnancy", state, detail=detail)
    found = fact(patient, "pregnancy")
    assert found.value == value and (value is not None or found.reason == reason)


def test_pregnancy_is_unknown_at_58_and_not_applicable_only_for_a_recorded_male(doctor, patient):
    assert fact(patient, "pregnancy").reason == "missing"
    patient = update_patient(patient, by=doctor, reason="typing error", sex_for_formulas="M")
    assert fact(patient, "pregnancy").value == {"not_applicable_male"}
    assert fact(patient, "is_breast_feeding").value == {"not_applicable_male"}
    patient = update_patient(patient, by=doctor, reason="not stated", sex_for_formulas="U")
    assert fact(patient, "pregnancy").reason == "missing"


def test_a_negative_test_grows_old_and_the_lack_of_potential_does_not(doctor, patient):
    later = DAY + dt.timedelta(days=60)

    def row():
        return next(r for r in assess_all(patient, as_of=later)["lutathera-smpc-eu"].rows if r.id == "CI.PREGNANCY")

    add_assertion(doctor, patient, "pregnancy", detail="negative_test")
    assert row().reason_codes == ("out_of_date",)
    revise(ClinicalAssertion.objects.get(), by=doctor, reason="history", detail="not_of_childbearing_potential")
    assert row().state == "clear"


def test_the_newest_assertion_counts_and_contradictions_of_one_day_are_unknown(doctor, patient):
    add_assertion(doctor, patient, "progression", "asserted", on=DAY - dt.timedelta(days=100))
    add_assertion(doctor, patient, "progression", "unknown", on=DAY - dt.timedelta(days=50))
    assert fact(patient, "has_progression").reason == "recorded_unknown"
    for state in ("asserted", "denied"):
        add_assertion(doctor, patient, "progression", state)
    assert fact(patient, "has_progression").reason == "contradictory"


@pytest.mark.parametrize(
    ("state", "detail", "value"),
    [("denied", "", {"none"}), ("asserted", "NYHA III", {"III"}), ("asserted", "ii", {"II"}), ("asserted", "", None)],
)
def test_heart_failure_class(doctor, patient, state, detail, value):
    add_assertion(doctor, patient, "heart_failure", state, detail=detail)
    assert fact(patient, "heart_failure_nyha").value == value


def test_an_earlier_prrt_is_earlier_unsealed_therapy(doctor, patient):
    add_assertion(doctor, patient, "other_unsealed")
    assert fact(patient, "has_other_unsealed_therapy").value == {"no"}
    record(TreatmentLine, by=doctor, patient=patient, treatment_class="prrt", regimen="177Lu-DOTATATE")
    assert fact(patient, "has_other_unsealed_therapy").value == {"yes"}


# --- lesions ------------------------------------------------------------------------------------------------------


def relations(patient, as_of=DAY, **more):
    found = fact(patient, "sstr_relation_to_liver", as_of, **more)
    return {lesion.label: lesion for lesion in found.value} if found.value is not None else found.reason


@pytest.fixture
def scan(doctor, patient):
    return add_scan(doctor, patient)


@pytest.fixture
def lesion(doctor, patient):
    return add_lesion(doctor, patient, "L01")


def test_no_scan_no_reading_draft_and_proposal(doctor, patient, lesion):
    assert relations(patient) == "no_scan"
    scan = add_scan(doctor, patient)
    assert relations(patient) == "no_reading"
    add_reading(doctor, scan, {lesion: (3, 3)}, is_signed=False)
    assert relations(patient) == "unsigned_proposal"


def test_a_computed_relation_is_shown_and_leaves_the_criterion_unknown(doctor, patient, lesion):
    series = add_pet_series(doctor)
    scan = add_scan(doctor, patient, series=series)
    add_uptake(doctor, scan, series, lesion=lesion, suv=11.47)
    add_uptake(doctor, scan, series, role="liver", suv=8.9)
    found = assess_all(patient, as_of=DAY)["krenning-gt2"]
    assert found.verdict_code == "unknown"
    (row,) = found.unknown_rows
    assert row.reason_text == "unsigned proposal: L01 3 or more (above)"


def test_a_provisional_suv_proposes_nothing(doctor, patient, lesion):
    from imaging.models import SuvResult

    series = add_pet_series(doctor)
    scan = add_scan(doctor, patient, series=series)
    add_uptake(doctor, scan, series, lesion=lesion, suv=11.47)
    add_uptake(doctor, scan, series, role="liver", suv=8.9)
    SuvResult.objects.update(is_provisional=True)
    assert relations(patient) == "no_reading"
    add_reading(doctor, scan, {lesion: (3, 3)})
    assert relations(patient)["L01"].uptake_text == "SUV provisional, not used"


@pytest.mark.parametrize(
    ("score", "scale", "expected"),
    [
        ((0, 1), "KR-ORIG", {"none", "below"}),
        ((2, 2), "KR-ORIG", {"equal"}),
        ((2, 2), "KR-MOD", {"below", "equal"}),
        ((3, 4), "KR-MOD", {"above"}),
        ("equal", "KR-ORIG", {"equal"}),
        (None, "KR-ORIG", None),
    ],
)
def test_relation_from_score_and_scale(doctor, patient, scan, lesion, score, scale, expected):
    add_reading(doctor, scan, {lesion: score}, scale=scale)
    assert relations(patient)["L01"].relation == expected


def test_a_score_that_contradicts_its_relation_is_unknown(doctor, patient, scan, lesion):
    reading = Reading.objects.create(scan=scan, reader=doctor)
    LesionReading.objects.create(reading=reading, lesion=lesion, score_low=3, score_high=3, relation_to_liver="below")
    reading.state, reading.signed_at = "signed", scan.recorded_at
    reading.save()
    assert relations(patient)["L01"].reason == "contradictory"


def test_an_amendment_replaces_and_a_second_reader_adds(doctor, patient, scan, lesion):
    first = add_reading(doctor, scan, {lesion: (1, 1)})
    add_reading(doctor, scan, {lesion: (3, 3)}, amends=first)
    assert relations(patient)["L01"].relation == {"above"}
    add_reading(make_user("nuclear_medicine"), scan, {lesion: (2, 2)})
    assert relations(patient)["L01"].relation == {"above", "equal"}


def test_an_unfinished_amendment_leaves_the_signed_reading_standing(doctor, patient, scan, lesion):
    first = add_reading(doctor, scan, {lesion: (1, 1)})
    add_reading(doctor, scan, {lesion: (3, 3)}, amends=first, is_signed=False)
    assert relations(patient)["L01"].relation == {"below"}


def test_a_lesion_left_out_of_the_reading_is_not_forgotten(doctor, patient, lesion):
    baseline = add_scan(doctor, patient, on=DAY - dt.timedelta(days=100))
    other = add_lesion(doctor, patient, "L02")
    add_reading(doctor, baseline, {lesion: (3, 3), other: (3, 3)})
    follow_up = add_scan(doctor, patient)
    add_reading(doctor, follow_up, {lesion: (3, 3)})
    assert relations(patient)["L02"].reason == "not_scored"
    assert assess_all(patient, as_of=DAY)["krenning-gt2"].verdict_code == "unknown"
    add_finding(doctor, other, follow_up, status="resolved")
    assert set(relations(patient)) == {"L01"}


def test_a_lesion_first_seen_later_does_not_reach_back(doctor, patient, lesion):
    baseline = add_scan(doctor, patient, on=DAY - dt.timedelta(days=100))
    add_reading(doctor, baseline, {lesion: (3, 3)})
    new = add_lesion(doctor, patient, "L02")
    add_reading(doctor, add_scan(doctor, patient), {lesion: (3, 3), new: (1, 1)})
    assert set(relations(patient, DAY - dt.timedelta(days=50))) == {"L01"}
    assert set(relations(patient)) == {"L01", "L02"}


def test_only_the_newest_sstr_scan_speaks(doctor, patient, lesion):
    old = add_scan(doctor, patient, on=DAY - dt.timedelta(days=60))
    add_reading(doctor, old, {lesion: (3, 3)})
    add_scan(doctor, patient, on=DAY - dt.timedelta(days=30), tracer="18F-FDG")
    assert relations(patient)["L01"].relation == {"above"}
    add_scan(doctor, patient, on=DAY - dt.timedelta(days=10))
    assert relations(patient) == "no_reading"
    add_scan(doctor, patient, on=DAY - dt.timedelta(days=5), tracer="")
    assert relations(patient) == "not_stated"


def test_an_illustrative_size_is_shown_and_not_used(doctor, patient, scan, lesion):
    add_reading(doctor, scan, {lesion: (1, 1)})
    add_finding(doctor, lesion, scan, size="31", is_illustrative=True)
    found = assess_all(patient, as_of=DAY)
    assert found["krenning-gt2"].verdict_code == "not_met"
    row = next(r for r in found["lutathera-smpc-eu"].rows if r.id == "SSTR.UPTAKE")
    assert row.state == "unknown" and row.reason_codes == ("size_illustrative",)


# --- time and cost ------------------------------------------------------------------------------------------------


def test_what_was_known_then(doctor, patient):
    add_lab(doctor, patient, "platelets", "210", "10^9/L")
    moment = LabResult.objects.get().recorded_at
    revise(LabResult.objects.get(), by=doctor, reason="typing error", value=Decimal(70))
    assert interval_text(fact(patient, "platelets").value) == "70"
    assert interval_text(fact(patient, "platelets", known_at=moment).value) == "210"


def test_many_days_and_sets_from_one_query(django_assert_num_queries):
    _, patient, _, _, _ = complete_case()
    with django_assert_num_queries(1):
        case = fetch(patient)
        for days in range(5):
            assess_all(patient, as_of=DAY + dt.timedelta(days=days), rows=case)
        assert facts_from(case, DAY)


def test_forgetting_any_single_row_of_a_complete_case_is_never_positive_about_more():
    """Every row of the chart that feeds an active safety row, taken away one at a time."""
    _, patient, _, _, _ = complete_case()
    assert assess_all(patient, as_of=DAY)["lutathera-smpc-eu"].verdict_code == "active_rows_met"
    for model in (LabResult, ClinicalAssertion, BodyMeasure, Diagnosis, HistologySpecimen):
        for row in fetch(patient).of(model):
            if getattr(row, "kind", "") in ("other_unsealed", "other_malignancy", "bone_metastases"):
                continue
            case = fetch(patient)
            case.by_model[model] = [r for r in case.of(model) if r.pk != row.pk]
            found = assess_all(patient, as_of=DAY, rows=case)["lutathera-smpc-eu"]
            assert found.verdict_code == "cannot_determine", row
