"""WHO grade from what a pathologist wrote. Cut-offs: WHO 2022, research sheet 3.1 to 3.3."""

from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patients.domain.grading import EDITION, discordance, who_grade
from patients.domain.ki67 import Interval, Ki67TextRefused, parse_ki67


@pytest.mark.parametrize(
    ("text", "low", "high", "low_open", "high_open"),
    [
        ("7-8 %", "7", "8", False, False),
        ("7–8%", "7", "8", False, False),
        ("7 to 8 %", "7", "8", False, False),
        ("between 7 and 8 %", "7", "8", False, False),
        ("< 1", "0", "1", False, True),
        ("<=2%", "0", "2", False, False),
        ("≤ 2 %", "0", "2", False, False),
        (">= 20", "20", "100", False, False),
        ("≥20 %", "20", "100", False, False),
        ("> 20", "20", "100", True, False),
        ("more than 20 %", "20", "100", True, False),
        ("~5", "5", "5", True, True),
        ("ca. 5 %", "5", "5", True, True),
        ("up to 10", "0", "10", False, False),
        ("20", "20", "20", False, False),
        ("3,5 %", "3.5", "3.5", False, False),
        ("3,5-4,2 %", "3.5", "4.2", False, False),
        ("13.7", "13.7", "13.7", False, False),
        ("MIB1 7-8 %", "7", "8", False, False),
        ("Ki-67: 5 % (hot spot)", "5", "5", False, False),
        ("0", "0", "0", False, False),
        ("100 %", "100", "100", False, False),
    ],
)
def test_ki67_text_becomes_an_interval_and_stays_verbatim(text, low, high, low_open, high_open):
    found = parse_ki67(text)
    assert found == Interval(D(low), D(high), low_open, high_open)
    assert found.text == text


@pytest.mark.parametrize(
    "text", ["", "low", "8-7", "120 %", "3, 5", "7-8-9", "< 0", "> 100", "-5", "5 % or so", "1 000"]
)
def test_what_is_no_index_is_refused_with_a_sentence(text):
    with pytest.raises(Ki67TextRefused, match=r"\w+ .*\."):
        parse_ki67(text)


@pytest.mark.parametrize(
    ("text", "grade", "candidates"),
    [
        ("< 1", "G1", ("G1",)),
        ("2", "G1", ("G1",)),
        ("2.0", "G1", ("G1",)),
        ("2.9", "G1", ("G1",)),
        ("2,99", "G1", ("G1",)),
        ("< 3", "G1", ("G1",)),
        ("3", "G2", ("G2",)),
        ("7-8 %", "G2", ("G2",)),
        ("20", "G2", ("G2",)),
        ("20.01", "G3", ("G3",)),
        ("> 20", "G3", ("G3",)),
        ("2-3", "G2", ("G1", "G2")),
        ("18-22", "G3", ("G2", "G3")),
        (">= 20", "G3", ("G2", "G3")),
        ("~20", "G3", ("G2", "G3")),
        ("~3", "G2", ("G1", "G2")),
        ("~5", "G2", ("G2",)),
        ("up to 10", "G2", ("G1", "G2")),
        ("1-30", "G3", ("G1", "G2", "G3")),
    ],
)
def test_both_ends_are_graded_and_the_higher_one_is_shown(text, grade, candidates):
    found = who_grade(parse_ki67(text), None, "well", "stomach")
    assert (found.grade, found.candidates, found.edition) == (grade, candidates, EDITION)
    assert found.is_indeterminate is (len(candidates) > 1)


@pytest.mark.parametrize(
    ("ki67", "mitoses", "grade"),
    [
        ("1", "1.9", "G1"),
        ("1", "2", "G2"),
        ("1", "20", "G2"),
        ("1", "20.1", "G3"),
        ("25", "1", "G3"),
        ("5", "21", "G3"),
        (None, "1", "G1"),
        (None, "21", "G3"),
    ],
)
def test_the_higher_index_wins(ki67, mitoses, grade):
    interval = None if ki67 is None else parse_ki67(ki67)
    assert who_grade(interval, D(mitoses), "well", "pancreas").grade == grade


def test_mitoses_may_settle_what_ki67_leaves_open():
    found = who_grade(parse_ki67("18-22"), D(25), "well", "pancreas")
    assert (found.candidates, found.is_indeterminate) == (("G3",), False)


def test_differentiation_is_never_guessed_from_ki67():
    for text in ("1", "55"):
        found = who_grade(parse_ki67(text), None, "not_stated", "pancreas")
        assert found.grade is None
        assert found.label == "undetermined differentiation"
        assert "NEC" in found.candidates and found.is_indeterminate


def test_poor_differentiation_is_carcinoma_whatever_the_index():
    assert who_grade(parse_ki67("80"), None, "poor", "colon").grade == "NEC"
    unusual = who_grade(parse_ki67("10"), None, "poor", "colon")
    assert unusual.grade == "NEC" and "unusual" in unusual.explanation
    assert who_grade(None, None, "poor", "").grade == "NEC"


@pytest.mark.parametrize("site", ["lung", "thymus", "ppgl"])
def test_sites_with_another_scheme_get_no_grade(site):
    found = who_grade(parse_ki67("5"), D(1), "well", site)
    assert found.grade is None and found.candidates == ()


def test_no_grade_without_an_index_or_for_a_mixed_tumour():
    assert who_grade(None, None, "well", "stomach").grade is None
    assert who_grade(parse_ki67("5"), None, "minen", "stomach").grade is None
    with pytest.raises(ValueError, match="differentiation"):
        who_grade(None, None, "excellent", "stomach")


def test_a_stated_grade_that_cannot_be_right_is_pointed_out():
    g1 = who_grade(parse_ki67("2.5"), None, "well", "stomach")
    assert discordance(g1, "G1") == "" and discordance(g1, "") == ""
    assert "before 2019" in discordance(g1, "G2", "WHO 2010")
    open_grade = who_grade(parse_ki67("18-22"), None, "well", "stomach")
    assert discordance(open_grade, "G2") == "", "one of the possible grades is no contradiction"
    assert "states G1" in discordance(open_grade, "G1")


percent = st.decimals(0, 100, places=2)
ORDER = ["G1", "G2", "G3"]


@given(percent, percent, percent)
def test_the_candidates_cover_every_value_of_the_interval(a, b, value):
    low, high = sorted((a, b))
    found = who_grade(Interval(low, high), None, "well", "stomach")
    if low <= value <= high:
        assert who_grade(Interval(value, value), None, "well", "stomach").grade in found.candidates
    assert found.grade == found.candidates[-1] == max(found.candidates, key=ORDER.index)


@given(percent, percent, st.booleans(), st.booleans(), percent, st.sampled_from(["<", "<=", ">", ">="]))
def test_compare_agrees_with_each_value_of_the_interval(a, b, low_open, high_open, threshold, comparator):
    low, high = sorted((a, b))
    interval = Interval(low, high, low_open, high_open)
    answer = interval.compare(comparator, threshold)
    step = D("0.001")
    inside = [low + step if low_open else low, high - step if high_open else high, (low + high) / 2]
    if low == high and (low_open or high_open):
        return
    holds = {
        "<": lambda v: v < threshold,
        "<=": lambda v: v <= threshold,
        ">": lambda v: v > threshold,
        ">=": lambda v: v >= threshold,
    }
    if answer is not None:
        assert all(holds[comparator](v) is answer for v in inside)


@given(st.text(max_size=20))
def test_no_text_makes_the_parser_fail_in_another_way(text):
    try:
        found = parse_ki67(text)
    except Ki67TextRefused:
        return
    assert found.low is not None and found.high is not None
    assert 0 <= found.low <= found.high <= 100
