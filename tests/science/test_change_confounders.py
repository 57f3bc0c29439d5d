"""Every check in every state it can reach, with the edges of its limits."""

from dataclasses import replace
from decimal import Decimal as D

import pytest

from eligibility.domain.change_inputs import Course, Status
from eligibility.domain.check_types import percent
from eligibility.domain.confounders import RULES
from tests.science.change_pairs import CAPTEM, WELL, assess, check_of, converted, lesion, seen, state_of

TOC = {"tracer": "68Ga-DOTATOC"}


@pytest.mark.parametrize(
    ("key", "before", "after", "state"),
    [
        ("tracer", {}, {}, "ok"),
        ("tracer", {}, TOC, "hard"),
        ("tracer", {"tracer": ""}, {}, "unknown"),
        ("quality", {}, {}, "ok"),
        ("quality", {"quality": "limited"}, {}, "soft"),
        ("quality", {}, {"quality": "non_diagnostic"}, "unknown"),
        ("quality", {}, {"quality": ""}, "unknown"),
        ("scanner", {}, {}, "ok"),
        ("scanner", {}, {"scanner": "Acme PET 2"}, "soft"),
        ("scanner", {}, {"reconstruction": "OSEM 4i5s"}, "soft"),
        ("scanner", {"uses_tof": False}, {}, "soft"),
        ("scanner", {}, {"uses_psf": True}, "hard"),
        ("scanner", {"uses_psf": None}, {}, "ok"),
        ("scanner", {"uses_psf": None}, {"reconstruction": "OSEM 4i5s"}, "unknown"),
        ("scanner", {"scanner": ""}, {}, "unknown"),
        ("uptake_time", {}, {"uptake_min": D(70)}, "ok"),
        ("uptake_time", {}, {"uptake_min": D("70.1")}, "soft"),
        ("uptake_time", {}, {"uptake_min": D(80)}, "soft"),
        ("uptake_time", {}, {"uptake_min": D("80.1")}, "hard"),
        ("uptake_time", {"uptake_min": D(92)}, {"uptake_min": D(90)}, "soft"),
        ("uptake_time", {"uptake_min": D(90)}, {"uptake_min": D(90)}, "ok"),
        ("uptake_time", {"uptake_min": D(39)}, {"uptake_min": D(40)}, "soft"),
        ("uptake_time", {"uptake_min": None}, {}, "unknown"),
        ("ssa", {}, {}, "ok"),
        ("ssa", {}, {"ssa": "on", "ssa_drug": "lanreotide", "days_since_ssa": 20}, "hard"),
        ("ssa", {"ssa": "on"}, {}, "soft"),
        ("ssa", {"ssa": ""}, {}, "unknown"),
        ("injection", {}, {"injected_mbq": D(180)}, "ok"),
        ("injection", {}, {"injected_mbq": D("180.1")}, "soft"),
        ("injection", {"weight_kg": D(90)}, {}, "soft"),
        ("injection", {"weight_kg": None}, {}, "unknown"),
        ("peptide", {}, {"peptide_ug": D(36)}, "ok"),
        ("peptide", {}, {"peptide_ug": D(37)}, "soft"),
        ("peptide", {"peptide_ug": None}, {}, "unknown"),
        ("extravasation", {}, {}, "ok"),
        ("extravasation", {"extravasation": "seen"}, {}, "hard"),
        ("extravasation", {"extravasation": "suspected"}, {}, "unknown"),
        ("extravasation", {}, {"extravasation": ""}, "unknown"),
        ("liver", {}, {"liver_suv": D("4.0")}, "ok"),
        ("liver", {}, {"liver_suv": D("3.99")}, "soft"),
        ("liver", {}, {"liver_suv": D("6.01")}, "soft"),
        ("liver", {"liver_suv": None}, {}, "unknown"),
        ("sink", {}, {"tumour_volume_ml": D(40)}, "ok"),
        ("sink", {}, {"tumour_volume_ml": D(39)}, "soft"),
        ("sink", {}, {"volume_method": "SUV 4"}, "unknown"),
        ("sink", {"tumour_volume_ml": None}, {}, "unknown"),
        ("steroids", {}, {}, "ok"),
        ("steroids", {}, {"high_dose_steroid": True}, "soft"),
        ("steroids", {"high_dose_steroid": None}, {}, "unknown"),
        ("inflammation", {}, {}, "ok"),
        ("inflammation", {}, {"inflammation": True}, "soft"),
        ("inflammation", {"inflammation": None}, {}, "unknown"),
        ("drift", {}, {}, "ok"),
        ("drift", {}, {"reader": "2"}, "soft"),
        ("drift", {}, {"reader": ""}, "unknown"),
        ("since_chemo", {}, {}, "ok"),
        ("since_chemo", {}, {"days_since_chemo": 8}, "ok"),
        ("since_chemo", {}, {"days_since_chemo": 7}, "soft"),
        ("since_chemo", {}, {"days_since_chemo": None}, "unknown"),
        ("C12", {"netpet": "P5"}, {"netpet": "P2a"}, "ok"),
        ("C12", {"netpet": "P1"}, {"netpet": "P4b"}, "soft"),
        ("C12", {"netpet": "P1"}, {}, "unknown"),
        ("C13", {}, {}, "ok"),
        ("C13", {"tracer": "111In-pentetreotide"}, {}, "soft"),
        ("C13", {"tracer": ""}, {}, "unknown"),
    ],
)
def test_a_check_of_two_scans(key, before, after, state):
    assert state_of(assess(before=before, after=after), key) == state


ON = {"ssa": "on", "ssa_drug": "lanreotide", "ssa_dose_mg": D(120), "days_since_ssa": 28}


@pytest.mark.parametrize(
    ("after", "state"),
    [
        ({}, "ok"),
        ({"days_since_ssa": 14}, "ok"),
        ({"days_since_ssa": 13}, "soft"),
        ({"days_since_ssa": None}, "unknown"),
        ({"ssa_dose_mg": D(90)}, "soft"),
        ({"ssa_dose_mg": None}, "unknown"),
        ({"ssa_drug": ""}, "unknown"),
        ({"ssa_dose_mg": None, "days_since_ssa": 13}, "soft"),
        ({"ssa_drug": "octreotide"}, "soft"),
        ({"ssa": "none"}, "soft"),
    ],
)
def test_an_analogue_before_both_scans(after, state):
    found = assess(before=ON, after=ON | after)
    assert state_of(found, "ssa") == state
    assert not check_of(found, "ssa").blocks, "nothing of it is new"


@pytest.mark.parametrize(
    ("lesions", "state"),
    [
        ([converted()], "ok"),
        ([lesion(before=seen(1, 3, size=D(15)), after=seen(3, 9, size=D(15)))], "ok"),
        ([lesion(before=seen(1, 3, size=D(15)), after=seen(3, 9, size=D("14.9")))], "soft"),
        ([lesion(before=seen(1, 3, size=D(15)), after=seen(3, 9, size=D(10)))], "soft"),
        ([lesion(before=seen(1, 3, size=D(15)), after=seen(3, 9, size=D("9.9")))], "hard"),
        ([lesion(before=seen(1, 3, size=None), after=seen(3, 9, size=D(25)))], "unknown"),
        ([lesion(before=seen(1, 3, size=None), after=seen(3, 9, size=D(9)))], "hard"),
        ([lesion(status=Status.NEW)], "unknown"),
        ([], "unknown"),
    ],
)
def test_partial_volume(lesions, state):
    assert state_of(assess(lesions), "partial_volume") == state


@pytest.mark.parametrize(
    ("changes", "key", "state"),
    [
        ({"courses": (CAPTEM, Course("TACE", "local", True))}, "inflammation", "soft"),
        ({"courses": (CAPTEM, Course("TACE", "local", True))}, "liver", "ok"),
        ({"courses": (CAPTEM, Course("SIRT right lobe", "local", True))}, "liver", "soft"),
        ({"courses": (CAPTEM, Course("SIRT right lobe", "local", None))}, "liver", "unknown"),
        ({"courses": (CAPTEM, Course("TACE", "local", None))}, "inflammation", "unknown"),
        ({"was_blinded": None}, "drift", "unknown"),
        ({"was_blinded": False}, "drift", "soft"),
        ({}, "clone", "unknown"),
        ({"has_specimen": True, "specimen_agrees": True}, "clone", "ok"),
        ({"has_specimen": True, "specimen_agrees": False}, "clone", "soft"),
        ({"has_specimen": True}, "clone", "unknown"),
        ({"sstr2_before": "negative", "sstr2_after": "positive"}, "C12", "ok"),
        ({"sstr2_before": "positive", "sstr2_after": "negative"}, "C12", "soft"),
    ],
)
def test_a_check_of_what_happened_between(changes, key, state):
    assert state_of(assess(between=replace(WELL, **changes)), key) == state


@pytest.mark.parametrize(
    ("lesions", "state"),
    [
        ([converted("L01"), converted("L02")], "ok"),
        ([converted("L01"), lesion("L02"), lesion("L03")], "soft"),
        ([converted("L01"), lesion("L02", seen(1, 3, volume=D(2)), seen(1, 3, volume=D(2)))], "ok"),
        ([lesion("L01")], "ok"),
        ([lesion("L01"), lesion("L02", status=Status.LOST)], "soft"),
        ([lesion("L01", seen(None), seen(3, 9))], "unknown"),
    ],
)
def test_lesions_lost_or_new(lesions, state):
    assert state_of(assess(lesions), "C9") == state


def test_every_check_is_answered_once_with_rule_reason_and_evidence():
    found = assess()
    assert [check.rule.key for check in found.checks] == [rule.key for rule, _ in RULES]
    assert all(check.reason and check.rule.rule and check.rule.evidence for check in found.checks)


def test_numbers_stand_in_the_reason():
    found = assess(after={"uptake_min": D(85), "liver_suv": D("3.9")})
    assert check_of(found, "uptake_time").reason == "60 and 85 min, 25 min apart: more than 20 min"
    assert "5.00 and 3.90 (−22.0\N{NO-BREAK SPACE}%)" in check_of(found, "liver").reason


@pytest.mark.parametrize(
    ("change", "text"),
    [("0.262", "+26.2"), ("-0.22", "−22.0"), ("-0.0004", "+0.0"), ("-0.0005", "+0.0"), ("0", "+0.0")],
)
def test_a_change_is_said_with_its_sign_and_nothing_has_no_minus(change, text):
    assert percent(D(change)) == f"{text}\N{NO-BREAK SPACE}%"


def test_what_no_field_records_is_not_said_to_be_the_same():
    assert "residual activity and clocks are not recorded" in check_of(assess(), "injection").reason


def test_a_tracer_that_differs_leaves_no_number_to_compare():
    found = assess(after=TOC | {"liver_suv": D("3.9")})
    assert "%" not in found.sentence and "×" not in found.sentence
    assert state_of(found, "liver") == "unknown"
    assert found.suv_change(found.lesions[0]) is None
    assert "unknown" in found.criteria["G"].reason
