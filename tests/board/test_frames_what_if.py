"""What the wall says would change a verdict: true, about values near their limit first, and never only the row again."""

from decimal import Decimal

import pytest

from board.frame_flips import flips_of, nearest
from board.frame_verdicts import against
from eligibility.domain.criteria import Comparator, Compound, Condition
from eligibility.domain.facts import Fact
from eligibility.domain.guideline import GuidelineKind, Level
from eligibility.domain.lesions import Quantifier
from eligibility.domain.rules import Verdict, evaluate
from tests.science.sensitivity_sets import a_set, among, at_least, lesion, number, platelets, row, seen, uptake
from tests.science.strategies import AS_OF

BELOW_75 = Condition("platelets", Comparator.LT, Decimal(75), unit="10^9/L")
YES = Fact(frozenset({"yes"}), clinical_date=AS_OF)
NO = Fact(frozenset({"no"}), clinical_date=AS_OF)


def said(one, facts):
    return [(flip.word, flip.when) for flip in nearest([flips_of(one, evaluate(one, facts, AS_OF))])]


@pytest.mark.parametrize(
    ("fact", "verb"),
    [
        (Fact(), "is recorded"),
        (Fact(reason="contradictory"), "is known"),
        (Fact(reason="out_of_date"), "is up to date"),
    ],
)
def test_what_is_merely_open_blocks_nothing(fact, verb):
    one = a_set(row("a", among("is_breast_feeding", "yes"), level=Level.ABS_CI, modifiable=False))
    assert said(one, {"is_breast_feeding": fact}) == [("", f"cannot be determined until breast-feeding {verb}")]


def test_open_facts_are_counted_once_each_and_only_those_that_are_open():
    both = Compound(is_any=True, parts=(BELOW_75, at_least("wbc", 2, "10^9/L")))
    rows = [row(n, test, level=Level.REL_CI, modifiable=False) for n, test in (("a", both), ("b", BELOW_75))]
    facts = {"wbc": number(1, "10^9/L", "wbc")}
    assert said(a_set(*rows), facts) == [("", "cannot be determined until platelets is recorded")]


def test_what_is_adverse_blocks_by_its_name():
    rows = [row(n, among(n, "yes"), level=Level.REL_CI, modifiable=False) for n in ("has_symptoms", "has_gcsf")]
    facts = {"has_symptoms": YES, "has_gcsf": YES}
    assert said(a_set(*rows), facts) == [("", "blocked by Title of has_symptoms and 1 more")]


def test_a_lesion_is_scored_and_not_measured_above_liver():
    """1.05 is more than 1 and was scored equal: only another score would do."""
    gate = a_set(row("a", uptake("above", quantifier=Quantifier.ALL_READ)), kind=GuidelineKind.GATE)
    assert said(gate, seen(lesion("L03", "1.05", "equal"), lesion("L04", "1.40", "above"))) == [
        ("MET", "L03 (1.05 ×) were scored above liver")
    ]


def test_without_a_reading_the_sentence_says_what_would_have_to_be_read():
    gate = a_set(row("a", uptake("above", quantifier=Quantifier.ALL_READ)), kind=GuidelineKind.GATE)
    facts = {"sstr_relation_to_liver": Fact(reason="no_reading")}
    assert said(gate, facts) == [("MET", "every lesion were scored above liver (now: scan not read yet)")]


def test_a_count_just_above_a_contraindication_comes_before_everything_farther_away():
    one = a_set(
        row("progression", among("has_progression", "yes")),
        row("uptake", uptake("above", quantifier=Quantifier.ALL_READ)),
        row("hb", at_least("hb", 8, "g/dL")),
        row("platelets", BELOW_75, level=Level.REL_CI, modifiable=False),
    )
    measured = {"platelets": platelets(78), "hb": number(12, "g/dL", "hb"), "has_progression": YES}
    facts = measured | seen(lesion("L03", "2.40", "above"))
    first, second = said(one, facts)
    assert first == ("NOT RECOMMENDED", "platelets fell below 75 (now 78)")
    assert second[0] == "NOT ELIGIBLE" and second[1].startswith("haemoglobin < 8 g/dL (now 12")


def test_a_count_below_its_limit_says_nothing_about_the_other_side():
    one = a_set(row("platelets", BELOW_75, level=Level.REL_CI, modifiable=False))
    assert said(one, {"platelets": platelets(60)}) == [("", "blocked by Title of platelets")]


def test_one_sentence_of_each_set_before_a_second_of_any_the_nearest_first():
    far = a_set(row("a", among("has_progression", "yes")), name="far")
    near = a_set(
        row("b", BELOW_75, level=Level.REL_CI, modifiable=False), row("c", at_least("hb", 8, "g/dL")), name="near"
    )
    facts = {"has_progression": YES, "platelets": platelets(78), "hb": number(12, "g/dL", "hb")}
    found = nearest(flips_of(one, evaluate(one, facts, AS_OF)) for one in (far, near))
    assert [(flip.label, flip.when) for flip in found] == [
        ("near v1", "platelets fell below 75 (now 78)"),
        ("far v1", "progression were no (now yes)"),
    ]


def test_a_sentence_that_only_repeats_its_row_is_not_said():
    names = ("hb", "wbc", "platelets", "creatinine", "alt")
    known = Compound(is_any=False, parts=tuple(Condition(name, Comparator.KNOWN) for name in names))
    ((word, when),) = said(a_set(row("labs", known)), {})
    assert (word, when) == ("", "cannot be determined until haemoglobin and 4 more facts are recorded")


@pytest.mark.parametrize(
    ("facts", "verdict", "text"),
    [
        ({"has_progression": NO, "platelets": platelets(60)}, Verdict.NOT_ELIGIBLE, "Title of progression"),
        ({"has_progression": YES, "platelets": platelets(60)}, Verdict.NOT_RECOMMENDED, "Title of platelets"),
        ({"has_progression": YES, "platelets": platelets(90)}, Verdict.ELIGIBLE, ""),
        ({"has_progression": YES}, Verdict.CANNOT_DETERMINE, ""),
    ],
)
def test_an_adverse_verdict_names_the_row_that_decided_it(facts, verdict, text):
    one = a_set(
        row("caution", BELOW_75, level=Level.CAUTION),
        row("platelets", BELOW_75, level=Level.REL_CI),
        row("progression", among("has_progression", "yes")),
    )
    result = evaluate(one, facts, AS_OF)
    assert (result.verdict, against(result)) == (verdict, text)
