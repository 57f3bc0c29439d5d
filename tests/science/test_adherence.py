"""Shares of recommendations: what is asked, what is told in time, what is in no share, and small numbers said as such."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from board.domain.adherence import WITHIN_DAYS, Recommendation, Share, Told, adherence
from board.domain.spread import spread

TODAY = dt.date(2026, 11, 26)


def days(number: int) -> dt.timedelta:
    return dt.timedelta(days=number)


def decided(ago: int, *told: tuple[int, str], replaced_after: int | None = None) -> Recommendation:
    """``told``: days after the decision, and what was said."""
    on = TODAY - days(ago)
    replaced = None if replaced_after is None else on + days(replaced_after)
    return Recommendation(on, tuple(Told(on + days(after), kind) for after, kind in told), replaced)


@pytest.mark.parametrize(("ago", "asked"), [(WITHIN_DAYS - 1, 0), (WITHIN_DAYS, 1), (400, 1)])
def test_a_decision_is_asked_for_from_its_ninetieth_day(ago, asked):
    found = adherence([decided(ago)], TODAY)
    assert (found.asked, found.younger, found.told) == (asked, 1 - asked, 0)


@pytest.mark.parametrize(("after", "told"), [(0, 1), (WITHIN_DAYS, 1), (WITHIN_DAYS + 1, 0)])
def test_only_a_word_within_ninety_days_counts(after, told):
    assert adherence([decided(200, (after, "done"))], TODAY).told == told


def test_the_last_word_in_time_is_the_status():
    found = adherence([decided(200, (10, "not_done"), (60, "done"), (120, "not_done"))], TODAY)
    assert found.by_kind == {"done": 1, "partly": 0, "not_done": 0}


def test_replaced_before_anybody_had_to_say_something_is_in_no_share_and_counted():
    found = adherence(
        [
            decided(200, replaced_after=30),
            decided(200, (5, "done"), replaced_after=30),
            decided(200, replaced_after=91),
        ],
        TODAY,
    )
    assert (found.asked, found.left_out, found.told) == (2, 1, 1)


@given(
    st.lists(st.tuples(st.integers(0, 400), st.sampled_from(["done", "partly", "not_done", ""]), st.integers(0, 200)))
)
def test_every_decision_is_counted_exactly_once(rows):
    found = adherence([decided(ago, *([(after, kind)] if kind else [])) for ago, kind, after in rows], TODAY)
    assert found.asked + found.younger + found.left_out == len(rows)
    assert sum(found.by_kind.values()) == found.told <= found.asked


@pytest.mark.parametrize(
    ("part", "whole", "text"),
    [
        (0, 0, "none yet"),
        (7, 9, "7 of 9 (n too small for a share)"),
        (7, 10, "7 of 10 (70 %)"),
        (0, 10, "0 of 10 (0 %)"),
    ],
)
def test_a_share_names_its_whole_and_says_when_it_is_too_small(part, whole, text):
    assert Share(part, whole).text == text


def test_a_spread_counts_what_has_no_number():
    found = spread([3, None, 9, 4])
    assert (found.number, found.middle, found.low, found.high, found.missing, found.is_small) == (3, 4, 3, 9, 1, True)
    assert spread([None]).middle is None and not spread([]).is_small
