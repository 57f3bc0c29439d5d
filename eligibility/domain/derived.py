"""Facts that follow from other facts: whether counts were taken after the last chemotherapy, and hours from days.

Marrow recovers late, so counts from before or during chemotherapy say little (local convention, facts sheet 2.5); a
count of partly known date counts from its earliest day. Two dates that lie n days apart are between n - 1 and n + 1
times 24 hours apart.
"""

import datetime as dt
from dataclasses import replace
from decimal import Decimal

from eligibility.domain.facts import Choice, Fact, Facts, unknown
from patients.domain.ki67 import Interval

COUNTS = ("hb", "wbc", "platelets")
NONE: Choice = frozenset({"no_chemotherapy"})


HOURS_PER_DAY = Decimal(24)


def derived(facts: Facts, as_of: dt.date) -> dict[str, Fact]:
    since = facts.get("days_since_short_acting_ssa") or Fact()
    return {"counts_after_chemotherapy": counts_after(facts, as_of), "hours_since_short_acting_ssa": hours(since)}


def hours(days: Fact) -> Fact:
    """``days`` as the hours that may have passed; the ends themselves are not reached."""
    if not isinstance(days.value, Interval):
        return days
    low, high = days.value.low or Decimal(0), days.value.high
    value = Interval(
        low=max(Decimal(0), (low - 1) * HOURS_PER_DAY),
        high=None if high is None else (high + 1) * HOURS_PER_DAY,
        low_open=low > 0,
        high_open=high is not None,
    )
    return replace(days, value=value, unit="h")


def counts_after(facts: Facts, as_of: dt.date) -> Fact:
    """yes, no, or no_chemotherapy where that was denied; unknown without counts or where nothing is said of it."""
    given = facts.get("has_prior_chemotherapy") or Fact()
    since = facts.get("days_since_chemotherapy") or Fact()
    if given.value == frozenset({"no"}):
        return Fact(NONE, clinical_date=given.clinical_date, sources=given.sources, is_timeless=given.is_timeless)
    if not isinstance(since.value, Interval):
        return unknown(given.reason if given.value is None else "not_stated", given.detail, given.sources)
    counts = [facts.get(name) or Fact() for name in COUNTS]
    if any(count.value is None or count.clinical_date is None for count in counts):
        return unknown("missing", "haemoglobin, leucocytes and platelets with their dates", since.sources)
    oldest = min(count.clinical_date for count in counts if count.clinical_date)
    sources = (*since.sources, *(s for count in counts for s in count.sources))
    return Fact(_answer(since.value, Decimal((as_of - oldest).days)), clinical_date=oldest, sources=sources)


def _answer(since: Interval, age: Decimal) -> Choice:
    """``age`` of the oldest count against the days since chemotherapy, which may be an interval."""
    least = since.low or Decimal(0)
    if age < least:
        return frozenset({"yes"})
    is_before = since.high is not None and age >= since.high
    return frozenset({"no"}) if is_before else frozenset({"yes", "no"})
