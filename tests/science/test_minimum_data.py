"""What is current, stale or missing before a case is discussed, and what of it asks for a reason."""

import datetime as dt

import pytest

from board.domain.minimum_data import ItemRule, Known, State, Weight, age_words, is_about_prrt, points, refusing

DAY = dt.date(2026, 5, 14)
LABS = ItemRule("labs", "Labs", Weight.AMBER, Weight.RED, max_days=14, amber_days=28)
LINES = ItemRule("lines", "Treatment lines", Weight.AMBER, Weight.RED)
QUESTION = ItemRule("question", "Question", Weight.BLOCK, Weight.BLOCK)
PRRT, OTHER = "Is PRRT possible?", "Surgery or surveillance?"


def ago(days: int) -> dt.date:
    return DAY - dt.timedelta(days=days)


def point(known: Known, rule: ItemRule = LABS, question: str = PRRT):
    return points([known], [rule], question=question, day=DAY)[0]


@pytest.mark.parametrize(
    ("days", "state", "weight"),
    [
        (0, State.CURRENT, Weight.RED), (14, State.CURRENT, Weight.RED), (15, State.STALE, Weight.AMBER),
        (28, State.STALE, Weight.AMBER), (29, State.STALE, Weight.RED),
    ],
)  # fmt: skip
def test_blood_values_on_both_sides_of_their_limits(days, state, weight):
    found = point(Known("labs", True, ago(days)))
    assert (found.state, found.weight) == (state, weight)


def test_a_value_without_a_date_is_not_current():
    found = point(Known("labs", True))
    assert found.state is State.STALE and found.why == "Labs: without a date"
    assert refusing([found], is_noting=False) == [found]


def test_what_does_not_grow_old_needs_no_date():
    assert point(Known("lines", True), LINES).state is State.CURRENT


def test_missing_is_missing_whatever_else_is_said():
    found = point(Known("labs", False, ago(1), ("albumin", "bilirubin"), is_partial=True))
    assert found.state is State.MISSING and found.age_days is None
    assert found.words == "Labs without albumin and 1 more"
    assert found.why == "Labs: albumin, bilirubin missing"
    assert point(Known("labs", False)).words == "Labs missing"


def test_a_reason_makes_it_stale_however_young():
    found = point(Known("labs", True, ago(1), stale_because="taken before CAPTEM"))
    assert found.state is State.STALE and found.why == "Labs: taken before CAPTEM"


def test_red_counts_only_where_the_question_is_about_prrt():
    missing = Known("lines", False)
    assert refusing([point(missing, LINES, PRRT)], is_noting=False)
    assert not refusing([point(missing, LINES, OTHER)], is_noting=False)
    assert not refusing([point(missing, LINES, PRRT)], is_noting=True)


def test_a_case_without_a_question_asks_for_a_reason_in_both_lanes():
    found = point(Known("question", False), QUESTION, "")
    assert refusing([found], is_noting=False) == refusing([found], is_noting=True) == [found]


def test_words_say_the_age_and_the_limit():
    found = point(Known("labs", True, ago(31)))
    assert found.words == "Labs 31 d, stale" and found.why == "Labs: 31 d old, limit 14 d"
    assert point(Known("labs", True, ago(4))).words == "Labs 4 d"


@pytest.mark.parametrize(
    ("days", "text"),
    [
        (0, "0 d"),
        (20, "20 d"),
        (21, "3 w"),
        (59, "8 w"),
        (60, "2 mo"),
        (729, "24 mo"),
        (730, "2 y"),
        (-1, "dated ahead"),
    ],
)
def test_ages(days, text):
    assert age_words(days) == text


@pytest.mark.parametrize("text", ["PRRT?", "177Lu now?", "Lu-177", "Lutathera again", "radioligand therapy", "", "  "])
def test_a_question_is_about_prrt_by_its_words_or_for_want_of_any(text):
    assert is_about_prrt(text)


def test_another_question_is_not():
    assert not is_about_prrt(OTHER)


def test_items_without_a_rule_and_rules_without_an_item_are_not_spoken_of():
    assert points([Known("labs", True, DAY)], [LINES], question=PRRT, day=DAY) == ()
