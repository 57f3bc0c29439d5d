"""Facts the trials ask about: treatments and times since, earlier PRRT, FDG, sizes. Silence is never a "no"."""

import datetime as dt
from decimal import Decimal

import pytest
from django.utils import timezone

from eligibility.domain.facts import interval_text
from eligibility.domain.vocabulary import FACTS
from eligibility.report import as_table
from eligibility.selectors import assess_all, case_facts
from imaging.models import LesionReading, Reading
from patients.models import (
    BodyMeasure,
    ClinicalAssertion,
    Diagnosis,
    PrrtCycle,
    SsaInjection,
    TreatmentLine,
)
from patients.services import record
from tests.eligibility.cases import (
    DAY,
    add_assertion,
    add_finding,
    add_lab,
    add_lesion,
    add_reading,
    add_scan,
    complete_case,
)
from tests.patients.factories import make_patient, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.one_engine]
YES, NO, OPEN = frozenset({"yes"}), frozenset({"no"}), frozenset({"yes", "no"})


@pytest.fixture
def doctor():
    return make_user("nuclear_medicine")


@pytest.fixture
def patient(doctor):
    return make_patient(doctor, sex_for_formulas="F", birth_date=dt.date(1968, 1, 15))


def fact(patient, name, as_of=DAY):
    return case_facts(patient, as_of=as_of)[name]


def said(patient, name, as_of=DAY):
    """A number as text, a choice as its set, an unknown as its reason."""
    found = fact(patient, name, as_of)
    if found.value is None:
        return found.reason
    return found.value if isinstance(found.value, frozenset) else interval_text(found.value)


def ago(days):
    return DAY - dt.timedelta(days=days)


def add_line(by, patient, treatment_class, regimen, start, stop=None, **more):
    """``start`` and ``stop`` in days ago."""
    dates = {"clinical_date": None if start is None else ago(start), "stop_date": None if stop is None else ago(stop)}
    return record(
        TreatmentLine, by=by, patient=patient, treatment_class=treatment_class, regimen=regimen, **dates, **more
    )


def test_every_fact_of_the_vocabulary_is_gathered_and_nothing_else(patient):
    assert set(case_facts(patient, as_of=DAY)) == set(FACTS)


# --- what was given, and when -------------------------------------------------------------------------------------


def test_no_line_recorded_is_unknown_not_none(patient):
    asked = [name for name in FACTS if name.startswith(("has_prior", "days_since", "has_long", "has_short"))]
    assert {said(patient, name) for name in (*asked, "systemic_lines")} == {"missing"}


def test_days_since_chemotherapy_count_from_the_last_dose(doctor, patient):
    add_line(doctor, patient, "chemo", "CAPTEM", 400, 300)
    add_line(doctor, patient, "chemo", "FOLFOX", 200, 84)
    assert (said(patient, "has_prior_chemotherapy"), said(patient, "days_since_chemotherapy")) == (YES, "84")
    assert said(patient, "days_since_chemotherapy", ago(-1)) == "85"


def test_a_line_without_an_end_may_have_run_until_today(doctor, patient):
    add_line(doctor, patient, "chemo", "CAPTEM", 200)
    assert said(patient, "days_since_chemotherapy") == "0–200"


def test_a_line_that_runs_is_zero_days_ago(doctor, patient):
    add_line(doctor, patient, "targeted", "everolimus", 200, is_ongoing=True)
    assert (said(patient, "has_prior_systemic"), said(patient, "days_since_systemic")) == (YES, "0")
    assert said(patient, "has_prior_chemotherapy") == "missing"


def test_a_stop_known_to_the_month_is_a_span(doctor, patient):
    add_line(doctor, patient, "chemo", "CAPTEM", 400, 110, stop_date_precision="month")
    assert said(patient, "days_since_chemotherapy") == "110–140"


def test_a_line_that_begins_later_is_not_counted(doctor, patient):
    add_line(doctor, patient, "chemo", "CAPTEM", -5)
    assert said(patient, "has_prior_chemotherapy") == "missing"


def test_a_denial_is_no_and_a_wider_denial_covers_chemotherapy(doctor, patient):
    add_assertion(doctor, patient, "prior_systemic")
    assert (said(patient, "has_prior_chemotherapy"), said(patient, "has_prior_systemic")) == (NO, NO)
    assert said(patient, "systemic_lines") == "missing"
    add_assertion(doctor, patient, "prior_ssa")
    assert said(patient, "systemic_lines") == "0"


def test_a_line_outweighs_a_denial(doctor, patient):
    add_assertion(doctor, patient, "prior_chemotherapy")
    add_line(doctor, patient, "chemo", "CAPTEM", 200, 100)
    assert said(patient, "has_prior_chemotherapy") == YES


def test_a_line_of_another_kind_may_be_systemic(doctor, patient):
    add_line(doctor, patient, "ssa", "lanreotide", 400, 300)
    add_line(doctor, patient, "other", "study drug", 200, 100)
    assert said(patient, "has_prior_systemic") == OPEN
    assert said(patient, "days_since_systemic") == "≥ 100"
    assert said(patient, "systemic_lines") == "≥ 1"


def test_surgery_and_embolisation_are_told_apart_by_name(doctor, patient):
    add_line(doctor, patient, "local", "right hemicolectomy", 100)
    assert (said(patient, "days_since_surgery"), said(patient, "has_prior_surgery")) == ("100", YES)
    assert said(patient, "has_prior_embolisation") == "missing"
    add_line(doctor, patient, "local", "TACE", 50)
    assert (said(patient, "days_since_embolisation"), said(patient, "days_since_surgery")) == ("50", "100")


def test_a_local_treatment_without_a_telling_name_may_be_either(doctor, patient):
    add_line(doctor, patient, "local", "liver procedure", 30)
    assert (said(patient, "has_prior_surgery"), said(patient, "days_since_surgery")) == (OPEN, "≥ 30")
    assert said(patient, "has_prior_ebrt_or_sirt") == OPEN


def test_radioembolisation_is_sirt_and_no_embolisation(doctor, patient):
    add_line(doctor, patient, "local", "90Y radioembolisation", 30)
    assert (said(patient, "has_prior_ebrt_or_sirt"), said(patient, "has_prior_embolisation")) == (YES, "missing")


def test_injections_of_analogues_are_exact_and_told_apart(doctor, patient):
    record(SsaInjection, by=doctor, patient=patient, drug="lanreotide", clinical_date=ago(28))
    record(SsaInjection, by=doctor, patient=patient, drug="octreotide", is_long_acting=False, clinical_date=ago(1))
    assert (said(patient, "days_since_long_acting_ssa"), said(patient, "days_since_short_acting_ssa")) == ("28", "1")


def test_an_injection_of_unknown_form_may_be_either_unless_its_name_says(doctor, patient):
    record(SsaInjection, by=doctor, patient=patient, drug="octreotide", clinical_date=ago(9))
    assert (said(patient, "has_long_acting_ssa"), said(patient, "has_short_acting_ssa")) == (OPEN, OPEN)
    assert (said(patient, "days_since_long_acting_ssa"), said(patient, "days_since_short_acting_ssa")) == ("≥ 9", "≥ 9")


def test_a_running_line_of_an_analogue_says_that_it_began_not_when_the_last_dose_was(doctor, patient):
    add_line(doctor, patient, "ssa", "lanreotide", 200, is_ongoing=True)
    assert said(patient, "days_since_long_acting_ssa") == "0–200"
    assert said(patient, "has_short_acting_ssa") == "missing"
    record(SsaInjection, by=doctor, patient=patient, drug="lanreotide", clinical_date=ago(10))
    assert said(patient, "days_since_long_acting_ssa") == "0–10"


def test_transfusion_counts_from_the_day_it_was_given(doctor, patient):
    add_assertion(doctor, patient, "transfusion", "asserted", on=ago(14))
    assert (said(patient, "has_transfusion"), said(patient, "days_since_transfusion")) == (YES, "14")


# --- earlier PRRT -------------------------------------------------------------------------------------------------


def add_cycles(doctor, patient, *activities, first=500):
    for number, activity in enumerate(activities, start=1):
        mbq = None if activity is None else Decimal(activity)
        on = ago(first - 60 * number)
        record(PrrtCycle, by=doctor, patient=patient, number=number, activity_mbq=mbq, clinical_date=on)


def test_activity_adds_up_in_gbq_and_two_more_cycles_are_added(doctor, patient):
    add_cycles(doctor, patient, "7400", "7400", "7400", "7400")
    assert said(patient, "has_prior_prrt") == YES
    assert said(patient, "cumulative_activity_gbq") == "29.6"
    assert said(patient, "cumulative_with_two_more_gbq") == "44.4"


def test_a_cycle_without_activity_leaves_the_top_open(doctor, patient):
    add_cycles(doctor, patient, "7400", None)
    assert said(patient, "cumulative_activity_gbq") == "≥ 7.4"


def test_a_line_that_counts_more_cycles_than_are_recorded_leaves_the_top_open(doctor, patient):
    add_line(doctor, patient, "prrt", "177Lu-DOTATATE", 500, 200, cycles=4)
    assert said(patient, "cumulative_activity_gbq") == "not_stated"
    add_cycles(doctor, patient, "7400", "7400")
    assert said(patient, "cumulative_with_two_more_gbq") == "≥ 29.6"


def test_prrt_denied_is_no_activity(doctor, patient):
    add_assertion(doctor, patient, "prior_prrt")
    assert (said(patient, "has_prior_prrt"), said(patient, "cumulative_activity_gbq")) == (NO, "0")


def test_a_scan_counts_as_after_the_last_cycle_only_if_it_is_later(doctor, patient):
    add_cycles(doctor, patient, "7400", first=160)
    add_scan(doctor, patient, on=ago(100))
    assert said(patient, "is_sstr_scan_after_prrt") == NO
    add_scan(doctor, patient, on=ago(99))
    assert said(patient, "is_sstr_scan_after_prrt") == YES


def test_months_of_benefit_are_read_from_the_assertion(doctor, patient):
    add_assertion(doctor, patient, "prrt_benefit", "asserted", detail="20 months")
    assert (said(patient, "has_prior_prrt_benefit"), said(patient, "prior_prrt_pfs_months")) == (YES, "20")


def test_benefit_without_a_number_leaves_the_months_open(doctor, patient):
    add_assertion(doctor, patient, "prrt_benefit", "asserted")
    assert said(patient, "prior_prrt_pfs_months") == "not_stated"


def test_earlier_prrt_makes_every_label_off_label_and_changes_no_verdict():
    by, patient, *_ = complete_case()
    before = assess_all(patient, as_of=DAY)
    assert not any(result.off_label_reasons for result in before.values())
    add_cycles(by, patient, "7400")
    after = assess_all(patient, as_of=DAY)
    reasons = {name: result.off_label_reasons for name, result in after.items() if result.off_label_reasons}
    assert set(reasons) == {"lutathera-smpc-eu", "lutathera-smpc-eu-old", "lutathera-uspi"}
    assert all("Re-treatment: no label covers it" in found[0] for found in reasons.values())
    assert after["lutathera-smpc-eu"].verdict == before["lutathera-smpc-eu"].verdict


# --- disease ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("site", "segments"),
    [("small_bowel", {"midgut"}), ("stomach", {"foregut"}), ("colon", {"midgut", "hindgut"}), ("lung", {"other"})],
)
def test_the_part_of_the_gut_follows_from_the_site_where_it_can(doctor, patient, site, segments):
    record(Diagnosis, by=doctor, patient=patient, primary_site=site, clinical_date=ago(100))
    assert said(patient, "gut_segment") == segments


def test_time_since_diagnosis_runs_from_the_first_row(doctor, patient):
    for days, stage in ((180, "locoregional"), (20, "metastatic")):
        record(Diagnosis, by=doctor, patient=patient, primary_site="stomach", stage=stage, clinical_date=ago(days))
    assert said(patient, "days_since_diagnosis") == "180"


def test_sites_that_name_the_peritoneum_answer_yes_and_silence_answers_nothing(doctor, patient):
    record(
        Diagnosis,
        by=doctor,
        patient=patient,
        primary_site="stomach",
        metastatic_sites=["peritoneum"],
        clinical_date=ago(9),
    )
    assert said(patient, "has_peritoneal_metastases") == YES
    assert said(patient, "has_bone_metastases") == "missing"


def test_the_progression_pair_has_two_ages(doctor, patient):
    record(
        ClinicalAssertion,
        by=doctor,
        patient=patient,
        kind="progression_on_ssa",
        state="asserted",
        compared_from=ago(300),
        compared_to=ago(28),
        clinical_date=ago(20),
    )
    assert said(patient, "progression_older_scan_age_days") == "300"
    assert said(patient, "progression_newer_scan_age_days") == "28"


def test_progression_without_dates_leaves_the_pair_open(doctor, patient):
    add_assertion(doctor, patient, "progression_on_ssa", "asserted")
    assert said(patient, "progression_newer_scan_age_days") == "not_stated"


# --- laboratory ---------------------------------------------------------------------------------------------------


def test_egfr_and_clearance_are_two_facts(doctor, patient):
    add_lab(doctor, patient, "creatinine", "70", "umol/L")
    assert (said(patient, "crcl_cockcroft_gault"), said(patient, "egfr_ckd_epi")) == ("input_missing", "86.41")
    record(BodyMeasure, by=doctor, patient=patient, kind="weight_kg", value=Decimal("64.5"), clinical_date=DAY)
    assert (said(patient, "crcl_cockcroft_gault"), said(patient, "body_weight_kg")) == ("78.85", "64.5")


def test_alkaline_phosphatase_against_its_limit(doctor, patient):
    add_lab(doctor, patient, "alp", "250", "U/L", reference_high=Decimal(100))
    assert said(patient, "alp_x_uln") == "2.5"


def test_prothrombin_is_judged_by_the_limits_of_the_laboratory(doctor, patient):
    add_lab(doctor, patient, "inr", "1.3", "1")
    assert said(patient, "is_prothrombin_normal") == "reference_limit_missing"
    add_lab(doctor, patient, "inr", "1.2", "1", on=DAY, reference_high=Decimal("1.2"))
    assert said(patient, "is_prothrombin_normal") == "reference_limit_missing"


@pytest.mark.parametrize(("inr", "answer"), [("1.2", YES), ("1.3", NO)])
def test_an_inr_up_to_the_limit_is_normal(doctor, patient, inr, answer):
    add_lab(doctor, patient, "inr", inr, "1", reference_high=Decimal("1.2"))
    assert said(patient, "is_prothrombin_normal") == answer


def test_the_newer_of_inr_and_prothrombin_ratio_counts(doctor, patient):
    add_lab(doctor, patient, "inr", "1.0", "1", on=ago(10), reference_high=Decimal("1.2"))
    add_lab(doctor, patient, "prothrombin_ratio", "60", "%", reference_low=Decimal(70))
    assert said(patient, "is_prothrombin_normal") == NO


# --- sizes and FDG ------------------------------------------------------------------------------------------------


def test_sizes_are_exact_only_when_every_lesion_has_one_and_others_were_looked_for(doctor, patient):
    scan = add_scan(doctor, patient)
    lesions = [add_lesion(doctor, patient, label) for label in ("L01", "L02", "L03")]
    for lesion, size in zip(lesions, ("41", "21", "20"), strict=True):
        add_finding(doctor, lesion, scan, size=size)
    assert (said(patient, "largest_lesion_mm"), said(patient, "lesions_over_20mm")) == ("≥ 41", "≥ 2")
    add_reading(doctor, scan, dict.fromkeys(lesions, (3, 3)))
    assert (said(patient, "largest_lesion_mm"), said(patient, "lesions_over_20mm")) == ("41", "2")
    add_finding(doctor, add_lesion(doctor, patient, "L04"), scan)
    assert (said(patient, "largest_lesion_mm"), said(patient, "lesions_over_20mm")) == ("≥ 41", "≥ 2")


def test_an_illustrative_size_is_no_size(doctor, patient):
    scan = add_scan(doctor, patient)
    add_finding(doctor, add_lesion(doctor, patient, "L01"), scan, size="50", is_illustrative=True)
    assert said(patient, "largest_lesion_mm") == "size_unknown"


def fdg_case(doctor, patient, *, fdg="more", score=(1, 1), apart=10):
    """One lesion of 22 mm read on an SSTR scan and on an FDG scan ``apart`` days before it."""
    sstr, scan = add_scan(doctor, patient), add_scan(doctor, patient, on=ago(apart), tracer="18F-FDG")
    lesion = add_lesion(doctor, patient, "L01")
    add_finding(doctor, lesion, sstr, size="22")
    add_reading(doctor, sstr, {lesion: score})
    reading = add_reading(doctor, scan, {}, is_signed=False)
    LesionReading.objects.create(reading=reading, lesion=lesion, fdg_relation=fdg)
    reading.state, reading.signed_at = Reading.State.SIGNED, timezone.now()
    reading.save()
    return sstr, scan, lesion


def test_without_an_fdg_scan_nothing_is_known_of_it(patient):
    names = ("fdg_on_record", "fdg_scan_age_days", "fdg_sstr_interval_days", "fdg_discordant")
    assert {said(patient, name) for name in names} == {"no_fdg_scan"}


@pytest.mark.parametrize(
    ("fdg", "score", "answer"), [("more", (1, 1), YES), ("negative", (1, 1), NO), ("more", (3, 3), NO)]
)
def test_fdg_where_sstr_is_below_liver_is_discordant(doctor, patient, fdg, score, answer):
    fdg_case(doctor, patient, fdg=fdg, score=score)
    assert said(patient, "fdg_discordant") == answer
    assert (said(patient, "fdg_scan_age_days"), said(patient, "fdg_sstr_interval_days")) == ("10", "10")


def test_scans_too_far_apart_say_nothing_about_discordance(doctor, patient):
    fdg_case(doctor, patient, apart=32)
    assert said(patient, "fdg_discordant") == "fdg_pair_not_usable"
    assert said(patient, "fdg_sstr_interval_days") == "32"


def test_an_fdg_scan_from_before_chemotherapy_does_not_count(doctor, patient):
    fdg_case(doctor, patient)
    assert said(patient, "fdg_on_record") == YES
    add_line(doctor, patient, "chemo", "CAPTEM", 5)
    assert said(patient, "fdg_on_record") == frozenset({"before_chemotherapy"})
    assert said(patient, "fdg_discordant") == "fdg_pair_not_usable"


def test_a_lesion_not_read_on_fdg_leaves_the_flag_open(doctor, patient):
    sstr, _, _ = fdg_case(doctor, patient, fdg="negative")
    other = add_lesion(doctor, patient, "L02")
    add_finding(doctor, other, sstr, size="30")
    assert said(patient, "fdg_discordant") == "not_stated"


def sign(by, scan, *, quality="", **by_lesion):
    """A signed reading of an FDG scan."""
    reading = add_reading(by, scan, {}, is_signed=False)
    for lesion, seen in by_lesion.values():
        LesionReading.objects.create(reading=reading, lesion=lesion, fdg_relation=seen)
    reading.quality, reading.state, reading.signed_at = quality, Reading.State.SIGNED, timezone.now()
    reading.save()


@pytest.mark.parametrize("is_found", [True, False])
@pytest.mark.parametrize("fdg_on", [5, -5])
def test_a_lesion_that_only_fdg_shows_leaves_the_flag_open(doctor, patient, fdg_on, is_found):
    """The one uptake cannot find: FDG positive, never scored on SSTR, while the reader says no lesion is cold."""
    sstr, fdg = add_scan(doctor, patient, on=ago(20)), add_scan(doctor, patient, on=ago(20 + fdg_on), tracer="18F-FDG")
    one, other = (add_lesion(doctor, patient, label) for label in ("L01", "L02"))
    add_finding(doctor, one, sstr, size="22")
    if is_found:
        add_finding(doctor, other, fdg, size="30")
    add_reading(doctor, sstr, {one: (3, 3)})
    sign(doctor, fdg, one=(one, "negative"), other=(other, "more"))
    assert said(patient, "fdg_discordant") == "not_stated"
    if fdg_on > 0:  # the FDG scan came first: the reader of the SSTR scan had it to answer for
        assert {found.label for found in fact(patient, "sstr_relation_to_liver").value} == {"L01", "L02"}
        results = assess_all(patient, as_of=DAY)
        for name, row in (("krenning-gt2", "SSTR.ABOVE_LIVER"), ("lutathera-smpc-eu", "SSTR.UPTAKE")):
            assert {r.state for r in results[name].rows if r.id == row} == {"unknown"}


def test_a_lesion_that_only_fdg_shows_and_that_is_small_or_negative_leaves_the_flag_alone(doctor, patient):
    _, fdg, _ = fdg_case(doctor, patient, score=(3, 3))
    small = add_lesion(doctor, patient, "L02")
    add_finding(doctor, small, fdg, size="6")
    assert said(patient, "fdg_discordant") == NO


def test_resolved_on_sstr_but_fdg_positive_is_not_gone(doctor, patient):
    before, fdg = add_scan(doctor, patient, on=ago(60)), add_scan(doctor, patient, on=ago(20), tracer="18F-FDG")
    lesion, scan = add_lesion(doctor, patient, "L01"), add_scan(doctor, patient, on=ago(10))
    add_finding(doctor, lesion, before, size="22", status="resolved")
    add_reading(doctor, scan, {})
    assert fact(patient, "sstr_relation_to_liver").value == ()
    sign(doctor, fdg, lesion=(lesion, "more"))
    assert [found.reason for found in fact(patient, "sstr_relation_to_liver").value] == ["not_scored"]
    assert said(patient, "fdg_discordant") == "not_stated"


@pytest.mark.parametrize("which", ["fdg", "sstr"])
def test_a_reading_of_images_that_are_not_diagnostic_says_nothing_of_discordance(doctor, patient, which):
    sstr, fdg, _ = fdg_case(doctor, patient)
    assert said(patient, "fdg_discordant") == YES
    sign(doctor, fdg if which == "fdg" else sstr, quality="non_diagnostic")
    assert said(patient, "fdg_discordant") == "images_non_diagnostic"


@pytest.mark.parametrize(
    "line",
    [
        {"treatment_class": "chemo", "regimen": "CAPTEM", "start": None, "stop": 5},
        {"treatment_class": "chemo", "regimen": "CAPTEM", "start": None, "is_ongoing": True},
        {"treatment_class": "chemo", "regimen": "CAPTEM", "start": 13, "stop": 1},
        {"treatment_class": "chemo", "regimen": "CAPTEM", "start": 13},
        {"treatment_class": "other", "regimen": "study", "start": 13, "stop": 1, "drugs": ["capecitabine"]},
    ],
)
def test_chemotherapy_that_may_have_run_on_after_the_fdg_scan_leaves_it_open(doctor, patient, line):
    fdg_case(doctor, patient)
    add_line(doctor, patient, **{"stop": None, **line})
    assert said(patient, "fdg_on_record") == frozenset({"yes", "before_chemotherapy"})
    assert said(patient, "fdg_discordant") == "fdg_pair_not_usable"


def test_chemotherapy_of_another_class_is_known_by_its_drugs(doctor, patient):
    fdg_case(doctor, patient)
    add_line(doctor, patient, "other", "CAPTEM", 5, 2)
    assert said(patient, "fdg_on_record") == frozenset({"before_chemotherapy"})


@pytest.mark.parametrize(("on", "answer"), [(1, frozenset({"yes", "before_chemotherapy"})), (11, YES)])
def test_chemotherapy_only_asserted_may_have_come_after_an_older_fdg_scan(doctor, patient, on, answer):
    fdg_case(doctor, patient)
    add_assertion(doctor, patient, "prior_chemotherapy", "asserted", on=ago(on))
    assert said(patient, "fdg_on_record") == answer


def test_chemotherapy_that_ended_before_the_fdg_scan_leaves_it_counting(doctor, patient):
    fdg_case(doctor, patient)
    add_line(doctor, patient, "chemo", "CAPTEM", 200, 11)
    assert (said(patient, "fdg_on_record"), said(patient, "fdg_discordant")) == (YES, YES)


def test_a_newer_sstr_scan_than_the_pair_leaves_discordance_open(doctor, patient):
    fdg_case(doctor, patient, fdg="negative")
    assert said(patient, "fdg_discordant", ago(-30)) == NO
    add_scan(doctor, patient, on=ago(-30))
    assert said(patient, "fdg_discordant", ago(-30)) == "fdg_pair_not_usable"


@pytest.mark.parametrize(
    ("state", "detail", "expected"),
    [
        ("denied", "", NO),
        ("asserted", "grade 3", YES),
        ("asserted", "G4 anaphylaxis", YES),
        ("asserted", "rash, grade 1", NO),
        ("asserted", "", OPEN),
        ("asserted", "grade 2-3", OPEN),
        ("asserted", "grade 2, later grade 3", OPEN),
        ("asserted", "grade 11", OPEN),
    ],
)
def test_hypersensitivity_is_severe_by_the_one_grade_that_is_named(doctor, patient, state, detail, expected):
    add_assertion(doctor, patient, "hypersensitivity", state, detail=detail)
    assert said(patient, "has_severe_hypersensitivity") == expected


def test_silence_about_hypersensitivity_is_missing(patient):
    assert said(patient, "has_severe_hypersensitivity") == "missing"


def test_counts_from_before_the_end_of_chemotherapy_are_a_caution(doctor, patient):
    add_line(doctor, patient, "chemo", "CAPTEM", 120, 2)
    for analyte, value, unit in (("hb", "12", "g/dL"), ("wbc", "5", "10^9/L"), ("platelets", "210", "10^9/L")):
        add_lab(doctor, patient, analyte, value, unit, on=ago(20))
    results = assess_all(patient, as_of=DAY)
    for name in ("lutathera-smpc-eu", "enets-centre", "prrt-retreatment"):
        assert {r.state for r in results[name].rows if r.id == "CAU.COUNTS_AFTER"} == {"triggered"}


def test_no_reason_for_off_label_use_is_not_on_label_while_the_indication_is_open(doctor, patient):
    result = assess_all(patient, as_of=DAY)["lutathera-smpc-eu"]
    assert not result.off_label_reasons
    assert {"Progressive disease", "Grade G1 or G2", "Re-treatment: no label covers it"} <= set(result.label_unknown)
    assert "not known whether on-label: " in as_table(result)
    _, whole, *_ = complete_case()
    assert assess_all(whole, as_of=DAY)["lutathera-smpc-eu"].label_unknown == ("Re-treatment: no label covers it",)
