"""Rows of two rule sets on one line where they ask the same of the same fact; what differs is named."""

from decimal import Decimal

from eligibility.domain.alignment import align, family
from eligibility.domain.criteria import Comparator, Compound, Condition
from eligibility.domain.guideline import Level
from eligibility.domain.rules import evaluate
from tests.science.sensitivity_sets import a_set, among, at_least, platelets, row
from tests.science.strategies import AS_OF


def below(limit) -> Condition:
    return Condition("platelets", Comparator.LT, Decimal(limit), unit="10^9/L")


def lines(*sets, facts=None):
    return align([(one, evaluate(one, facts or {"platelets": platelets(88)}, AS_OF)) for one in sets])


def test_must_and_must_not_of_one_limit_share_a_line():
    must = a_set(row("A", at_least("platelets", 75, "10^9/L")), name="a")
    must_not = a_set(row("B", below(75), level=Level.REL_CI), name="b")
    (line,) = lines(must, must_not)
    assert line.label == "platelets, at least"
    assert [[r.id for r in cell] for cell in line.cells] == [["A"], ["B"]]
    assert line.difference == "limit differs"


def test_another_answer_stands_out_before_another_limit():
    (line,) = lines(
        a_set(row("A", at_least("platelets", 75, "10^9/L")), name="a"),
        a_set(row("B", at_least("platelets", 100, "10^9/L")), name="b"),
    )
    assert line.difference == "answer differs"


def test_the_same_row_differs_in_nothing_and_met_is_clear():
    one = a_set(row("A", at_least("platelets", 75, "10^9/L")), name="a")
    assert [line.difference for line in lines(one, one)] == [""]


def test_an_inactive_row_is_another_answer():
    one = a_set(row("A", at_least("platelets", 75, "10^9/L")), name="a")
    other = a_set(row("A", at_least("platelets", 75, "10^9/L"), is_active=False), name="b")
    assert lines(one, other)[0].difference == "answer differs"


def test_a_row_that_one_set_lacks_is_said():
    one = a_set(row("A", at_least("platelets", 75, "10^9/L")), row("S", among("stage", "metastatic")), name="a")
    found = lines(one, a_set(row("A", at_least("platelets", 75, "10^9/L")), name="b"))
    assert [(line.label, line.difference) for line in found] == [
        ("platelets, at least", ""),
        ("stage", "not in every set"),
    ]
    assert found[1].cells[1] == ()


def test_a_missing_row_does_not_stand_out_and_another_answer_does():
    one = a_set(row("A", at_least("platelets", 75, "10^9/L")), row("S", among("stage", "metastatic")), name="a")
    bare = a_set(row("A", at_least("platelets", 75, "10^9/L")), name="b")
    assert [line.stands_out for line in lines(one, bare)] == [False, False]
    assert [line.stands_out for line in lines(one, bare, bare)] == [False, False]
    strict = a_set(row("A", at_least("platelets", 100, "10^9/L")), name="c")
    assert [line.stands_out for line in lines(one, bare, strict)] == [True, False]
    assert [line.only_in for line in lines(bare, one)] == [None, 1]
    assert [line.only_in for line in lines(one, one, bare)] == [None, None], "two of three ask it"
    assert [line.only_in for line in lines(one)] == [None, None], "a set alone is compared with none"


def test_what_must_not_be_is_said_without_a_second_not():
    """Of pregnancy for example; a single word that says no "not" stays as it is."""
    (several,) = lines(a_set(row("P", among("pregnancy", "not_excluded", "pregnant"), level=Level.ABS_CI), name="a"))
    assert several.cells[0][0].wanted_text == "must be none of: not excluded, pregnant"
    (one,) = lines(a_set(row("P", among("pregnancy", "pregnant"), level=Level.ABS_CI), name="a"))
    assert one.cells[0][0].wanted_text == "must not be pregnant"
    (wanted,) = lines(a_set(row("P", among("pregnancy", "excluded", "not_excluded")), name="a"))
    assert wanted.cells[0][0].wanted_text == "must be excluded or not excluded"


def test_rows_without_a_condition_are_left_out_and_several_rows_share_a_cell():
    info = row("INFO", None, level=Level.INFO)
    one = a_set(
        row("A", at_least("platelets", 75, "10^9/L")), row("C", below(100), level=Level.CAUTION), info, name="a"
    )
    (line,) = lines(one)
    assert [r.id for r in line.cells[0]] == ["A", "C"]


def test_kinds_of_limit():
    at_most = Condition("platelets", Comparator.LE, Decimal(1), unit="10^9/L")
    known = Condition("platelets", Comparator.KNOWN)
    assert family(row("R", at_least("platelets", 1, "10^9/L"))) == "at least"
    assert family(row("R", at_most)) == "at most"
    assert family(row("R", at_most, level=Level.ABS_CI)) == "at least"
    assert family(row("R", below(1), is_exclusion=True)) == "at least"
    assert family(row("R", Compound(False, (known, known)))) == "recorded"
    assert family(row("R", Compound(True, (at_most, known)))) == "several"
    assert family(row("R", among("stage", "metastatic"))) == "one of"
