"""The measured ratio beside a signed relation: there with its tolerance, or why not; and no part of what was said."""

from dataclasses import replace
from decimal import Decimal

import pytest

from eligibility.domain.margin import margin_of
from eligibility.domain.rules import evaluate
from eligibility.loader import guidelines
from eligibility.selectors import case_facts
from imaging.models import Lesion, Scan, Series, SuvResult, Voi
from imaging.services import correct_suv_input
from patients.services import revise, withdraw
from tests.board.factories import BASELINE, FOLLOW_UP, published_case

RELATION = "sstr_relation_to_liver"


@pytest.fixture
def case(db):
    return published_case()


def seen(patient, day=FOLLOW_UP):
    return {
        lesion.label: lesion for lesion in case_facts(patient, as_of=day)[RELATION].value if lesion.label != "others"
    }


def test_the_ratio_is_that_of_the_proposal_with_its_tolerance(case):
    _, patient = case
    found = seen(patient)["L01"]
    assert found.ratio == Decimal(repr(11.47 * 0.95)) / Decimal("8.9")
    assert (found.tolerance, found.ratio_reason) == (Decimal("0.10"), "")
    assert found.relation == frozenset({"above"})
    assert seen(patient, BASELINE)["L02"].ratio < 1


def reason(patient, label="L02"):
    found = seen(patient)[label]
    assert found.ratio is None and found.tolerance is None
    return found.ratio_reason


def test_a_lesion_nobody_measured_says_so(case):
    user, patient = case
    Voi.objects.filter(lesion__label="L02").update(withdrawn_at="2026-05-01T00:00Z") if hasattr(
        Voi, "withdrawn_at"
    ) else None
    withdraw(Voi.objects.get(lesion__label="L02", scan__clinical_date=FOLLOW_UP), by=user, reason="wrong place")
    assert reason(patient) == "not_measured"


def test_a_provisional_suv_gives_no_ratio(case):
    SuvResult.objects.update(is_provisional=True)
    assert reason(case[1]) == "provisional"


def test_uptake_drawn_for_a_demonstration_gives_no_ratio(case):
    user, patient = case
    revise(Lesion.objects.get(label="L02"), by=user, reason="label", note="Uptake illustrative, not from publication.")
    assert reason(patient) == "illustrative"


def test_a_published_suv_over_a_drawn_liver_gives_no_ratio(case):
    user, patient = case
    scan = Scan.objects.current().get(patient=patient, clinical_date=FOLLOW_UP)
    revise(scan, by=user, reason="header and images are drawn", is_illustrative=True)
    assert reason(patient, "L01") == "illustrative"
    guideline = guidelines()["krenning-gt2"]
    margin = margin_of(guideline.criteria[0].test, case_facts(patient, as_of=FOLLOW_UP), FOLLOW_UP)
    assert (margin.is_fragile, margin.text) == (None, "uptake illustrative, not a measurement")


def test_a_number_on_older_inputs_gives_no_ratio(case):
    user, patient = case
    series = Series.objects.get(pet_of_scans__clinical_date=FOLLOW_UP)
    correct_suv_input(by=user, series=series, name="body_weight_kg", value="61", reason="weighed again")
    assert reason(patient) == "recomputing"


def test_without_a_liver_reference_there_is_no_ratio(case):
    user, patient = case
    withdraw(Voi.objects.get(role="liver", scan__clinical_date=FOLLOW_UP), by=user, reason="metastasis in it")
    assert reason(patient) in ("refused", "recomputing")


def test_a_ratio_never_decides_and_never_changes_a_digest(case):
    _, patient = case
    facts = case_facts(patient, as_of=FOLLOW_UP)
    bare = tuple(
        replace(lesion, ratio=None, ratio_reason="not_measured", tolerance=None) for lesion in facts[RELATION].value
    )
    moved = tuple(replace(lesion, ratio=Decimal("0.1"), tolerance=Decimal("0.3")) for lesion in facts[RELATION].value)
    for guideline in guidelines().values():
        now = evaluate(guideline, facts, FOLLOW_UP)
        for others in (bare, moved):
            again = evaluate(guideline, {**facts, RELATION: replace(facts[RELATION], value=others)}, FOLLOW_UP)
            assert (again.digest, again.verdict_text, again.rows) == (now.digest, now.verdict_text, now.rows)
