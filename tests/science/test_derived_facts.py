"""Facts that follow from facts: counts after chemotherapy, and the hours two dates leave open."""

import datetime as dt
from decimal import Decimal

import pytest

from eligibility.domain.derived import counts_after, hours
from eligibility.domain.facts import Fact, exactly, interval_text, unknown
from patients.domain.ki67 import Interval

DAY = dt.date(2026, 4, 20)
YES, NO, OPEN = frozenset({"yes"}), frozenset({"no"}), frozenset({"yes", "no"})


def days(low, high=None):
    return Fact(Interval(Decimal(low), None if high is None else Decimal(high)), unit="days")


def counts(**ages):
    ages = {"hb": 5, "wbc": 5, "platelets": 5} | ages
    return {name: Fact(exactly(Decimal(100)), clinical_date=DAY - dt.timedelta(days=age)) for name, age in ages.items()}


def answer(since, given=YES, **ages):
    facts = counts(**ages) | {"has_prior_chemotherapy": Fact(given), "days_since_chemotherapy": since}
    found = counts_after(facts, DAY)
    return found.value or found.reason


@pytest.mark.parametrize(
    ("since", "age", "expected"),
    [
        (days(10, 10), 5, YES),
        (days(2, 2), 20, NO),
        (days(5, 5), 5, NO),  # the day of the last dose is not after it
        (days(0, 0), 0, NO),  # it runs
        (days(2, 40), 20, OPEN),
        (days(0, None), 20, OPEN),
        (days(21, None), 20, YES),
    ],
)
def test_counts_are_after_chemotherapy_only_if_every_one_is(since, age, expected):
    assert answer(since, platelets=age, hb=min(age, 5), wbc=min(age, 5)) == expected


def test_no_chemotherapy_needs_a_denial_and_silence_stays_silent():
    assert answer(unknown("missing"), given=NO) == frozenset({"no_chemotherapy"})
    assert counts_after(counts(), DAY).reason == "missing"
    assert counts_after({"has_prior_chemotherapy": Fact(YES)}, DAY).reason == "not_stated"


def test_a_count_that_is_missing_or_undated_leaves_it_open():
    facts = counts() | {"has_prior_chemotherapy": Fact(YES), "days_since_chemotherapy": days(10, 10)}
    assert counts_after(facts, DAY).value == YES
    assert counts_after(facts | {"wbc": unknown("missing")}, DAY).reason == "missing"
    assert counts_after(facts | {"wbc": Fact(exactly(Decimal(3)))}, DAY).reason == "missing"


@pytest.mark.parametrize(
    ("since", "is_within_24_hours"),
    [(days(0, 0), True), (days(1, 1), None), (days(2, 2), False), (days(1, 40), None), (days(3, None), False)],
)
def test_two_dates_leave_open_how_many_hours_lie_between(since, is_within_24_hours):
    found = hours(since)
    assert found.unit == "h"
    assert found.value.compare("<", Decimal(24)) is is_within_24_hours


def test_hours_in_words():
    assert interval_text(hours(days(1, 1)).value) == "0–48"
    assert hours(unknown("missing")).reason == "missing"
