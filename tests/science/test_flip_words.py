"""Flips in sentences: the number now, the number wanted, the scale's own tolerance. Worked by hand."""

import pytest

from eligibility.domain.criteria import Comparator, Compound, Condition
from eligibility.domain.facts import Fact, unknown
from eligibility.domain.flip import analyse
from eligibility.domain.flip_words import sentences
from eligibility.domain.guideline import GuidelineKind, Level
from eligibility.domain.lesions import Quantifier
from eligibility.domain.rules import evaluate
from eligibility.domain.scale_words import relation_words, scale_words
from tests.science.sensitivity_sets import a_set, among, at_least, lesion, number, platelets, row, seen, uptake
from tests.science.strategies import AS_OF

PLATELETS = row("PLT", at_least("platelets", 100, "10^9/L"))


def said(*rows, facts, kind=GuidelineKind.FULL, name="site-set"):
    guideline = a_set(*rows, kind=kind, name=name)
    return sentences(analyse(evaluate(guideline, facts, AS_OF)), guideline, facts, AS_OF)


def test_a_number_says_where_it_stands_and_how_far_it_is():
    assert said(PLATELETS, facts={"platelets": platelets(88)}) == (
        "Would be eligible under site-set v1 if platelets ≥ 100 10^9/L (now 88, +13.6 %).",
    )
    assert said(PLATELETS, facts={"platelets": platelets(104)}) == (
        "Would be not eligible under site-set v1 if platelets < 100 10^9/L (now 104, more than −3.8 %).",
    )


def test_the_lesion_of_the_example_is_put_by_the_scales_own_tolerance():
    gate = row("GT2", uptake("above", quantifier=Quantifier.ALL_READ))
    facts = seen(lesion("L04", "0.82", "below"), lesion("L01", "2.1", "above"))
    assert said(gate, facts=facts, kind=GuidelineKind.GATE, name="gate") == (
        "gate v1 would be met if lesion L04 were read as above liver (with tolerance 0.10, lesion L04 at "
        "0.82 × liver is “below”: it would count as equal from 0.90 (+9.8 %) and as above beyond 1.10 (+34 %)).",
    )
    label = row("LABEL", uptake("equal", "above"))
    assert "lesion L04 were read as equal to or above liver (" in said(label, facts=facts)[0]


@pytest.mark.parametrize(
    ("ratio", "relation", "words"),
    [
        ("0.95", "equal", "as above beyond 1.10 (+16 %) and as below under 0.90 (−5.3 %)"),
        ("1.25", "above", "as equal down from 1.10 (−12 %) and as below under 0.90 (−28 %)"),
        ("0.95", "below", "signed as below, which decides"),
    ],
)
def test_the_edges_are_those_of_the_band(ratio, relation, words):
    assert words in scale_words(lesion("L02", ratio, relation))


def test_another_tolerance_has_other_edges():
    assert "equal from 0.80" in scale_words(lesion("L02", "0.5", "below", tolerance="0.20"))


def test_a_lesion_without_ratio_says_why_there_is_no_number():
    gate = row("GT2", uptake("above", quantifier=Quantifier.ALL_READ))
    (sentence,) = said(gate, facts=seen(lesion("L04", None, "below")), kind=GuidelineKind.GATE)
    assert sentence.endswith("read as above liver (now signed as below, ratio to liver not measured).")


def test_from_the_favourable_side_the_nearest_lesion_is_named():
    label = row("LABEL", uptake("equal", "above"))
    (sentence,) = said(label, facts=seen(lesion("L01", "2.1", "above"), lesion("L02", "1.2", "above")))
    assert sentence.startswith(
        "Would be not eligible under site-set v1 if any one lesion were read as below liver or without uptake, "
        "the nearest L02 (with tolerance 0.10, lesion L02 at 1.20 × liver is “above”"
    )
    assert "L01" not in sentence


def test_where_nothing_is_measured_no_lesion_is_called_the_nearest():
    label = row("LABEL", uptake("equal", "above"))
    (sentence,) = said(label, facts=seen(lesion("L01", None, "above"), lesion("L02", None, "above")))
    assert "if any one lesion were read as below liver or without uptake, such as L01 (now signed as above" in sentence


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ({"above"}, "above liver"),
        ({"none", "below", "equal"}, "below or equal to liver or without uptake"),
        ({"none"}, "without uptake"),
    ],
)
def test_relations_are_said_as_a_reader_says_them(words, text):
    assert relation_words(frozenset(words)) == text


def test_an_unknown_row_is_put_as_if_it_were_recorded():
    assert said(PLATELETS, facts={}) == (
        "Would be eligible under site-set v1 if platelets were recorded and ≥ 100 10^9/L (now: not recorded).",
    )
    progression = row("PD", among("has_progression", "yes"))
    (sentence,) = said(progression, facts={"has_progression": unknown("recorded_unknown")})
    assert "progression were recorded and yes (now: recorded as unknown)" in sentence


def test_an_interval_moves_by_the_end_that_has_to_pass():
    limit = row("KI67", Condition("ki67_percent", Comparator.LE, at_least("ki67_percent", 20, "%").threshold, unit="%"))
    (sentence,) = said(limit, facts={"ki67_percent": number(18, "%", high=22)})
    assert "Ki-67 ≤ 20 % (now 18–22, −9.1 %)" in sentence


def test_a_lower_limit_is_passed_by_the_lower_end():
    (sentence,) = said(PLATELETS, facts={"platelets": platelets(80, high=90)})
    assert "(now 80–90, +25.0 %)" in sentence


def test_an_exclusion_is_turned_round():
    excluded = Condition("platelets", Comparator.LT, at_least("platelets", 75, "10^9/L").threshold, unit="10^9/L")
    low = row("EXC", excluded, is_exclusion=True)
    assert "if platelets ≥ 75 10^9/L (now 60, +25.0 %)" in said(low, facts={"platelets": platelets(60)})[0]
    assert "if platelets < 75 10^9/L (now 100, more than −25.0 %)" in said(low, facts={"platelets": platelets(100)})[0]


def test_parts_of_a_compound_are_joined_as_they_decide():
    both = row("BOTH", Compound(False, (at_least("platelets", 100, "10^9/L"), at_least("hb", 8, "g/dL"))))
    either = row("EITHER", Compound(True, (at_least("platelets", 100, "10^9/L"), at_least("hb", 8, "g/dL"))))
    facts = {"platelets": platelets(88), "hb": number(7, "g/dL", "hb")}
    assert "(now 88, +13.6 %) and haemoglobin ≥ 8" in said(both, facts=facts)[0]
    assert "(now 88, +13.6 %) or haemoglobin ≥ 8" in said(either, facts=facts)[0]


def test_what_ends_a_compound_is_joined_the_other_way_round():
    both = row("BOTH", Compound(False, (at_least("platelets", 100, "10^9/L"), at_least("hb", 8, "g/dL"))))
    either = row("EITHER", Compound(True, (at_least("platelets", 100, "10^9/L"), at_least("hb", 8, "g/dL"))))
    facts = {"platelets": platelets(125), "hb": number(10, "g/dL", "hb")}
    assert "(now 125, more than −20.0 %) or haemoglobin < 8" in said(both, facts=facts)[0]
    assert "(now 125, more than −20.0 %) and haemoglobin < 8" in said(either, facts=facts)[0]


def test_what_blocks_is_a_sentence_and_says_what_alone_would_do():
    grade = row("IND.GRADE", among("grade", "G1", "G2"), modifiable=False)
    blocked, alone = said(PLATELETS, grade, facts={"platelets": platelets(88), "grade": Fact(frozenset({"G3"}))})
    assert blocked == (
        "No change of modifiable criteria would flip site-set v1: Title of IND.GRADE (not met: G3) blocks."
    )
    assert (
        alone
        == "Alone, “Title of PLT” would be met if platelets ≥ 100 10^9/L (now 88, +13.6 %); the verdict would stay."
    )


def test_a_triggered_contraindication_blocks_and_is_never_offered():
    pregnant = row("CI", among("pregnancy", "pregnant"), level=Level.ABS_CI)
    (blocked,) = said(pregnant, facts={"pregnancy": Fact(frozenset({"pregnant"}))})
    assert "Title of CI (triggered: pregnant) blocks" in blocked


def test_three_blocking_rows_are_named_and_the_rest_counted():
    rows = [row(f"R{n}", among("stage", "metastatic"), modifiable=False) for n in range(5)]
    (blocked,) = said(*rows, facts={})
    assert "Title of R0 (unknown), Title of R1 (unknown), Title of R2 (unknown) and 2 more block." in blocked


def test_four_together_are_said_to_be_four():
    rows = [row(f"R{n}", at_least("platelets", 100, "10^9/L")) for n in range(4)]
    assert said(*rows, facts={"platelets": platelets(88)})[0].startswith(
        "4 modifiable criteria of site-set v1 would have"
    )


def test_eligible_never_stands_without_its_set():
    for value in (88, 104):
        (sentence,) = said(PLATELETS, facts={"platelets": platelets(value)})
        assert "eligible under site-set v1" in sentence
