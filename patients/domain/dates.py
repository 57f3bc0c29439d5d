"""Dates that are only known to the month or the year, and ages computed from them.

A partial date is stored as the first day of its month or year with a precision; everything here works
on the whole span it may stand for, so that "03/2024" is neither before nor after 15 March 2024.
"""

import calendar
import datetime as dt
from functools import lru_cache

Span = tuple[dt.date, dt.date]


@lru_cache(maxsize=4096)
def span(day: dt.date, precision: str) -> Span | None:
    """First and last day that ``day`` may stand for; None when the precision is "unknown".

    ``precision`` is "day", "month", "year" or "unknown". Raises ValueError for anything else.
    """
    if precision == "day":
        return day, day
    if precision == "month":
        return day.replace(day=1), day.replace(day=calendar.monthrange(day.year, day.month)[1])
    if precision == "year":
        return dt.date(day.year, 1, 1), dt.date(day.year, 12, 31)
    if precision == "unknown":
        return None
    raise ValueError(f"unknown date precision: {precision}")


def is_surely_before(first: Span | None, second: Span | None) -> bool:
    """Whether every day of ``first`` lies before every day of ``second``; False when either is unknown."""
    return first is not None and second is not None and first[1] < second[0]


def age_range(birth: Span | None, day: dt.date) -> tuple[int, int] | None:
    """Lowest and highest age in completed years on ``day``; None when the birth date is unknown, or lies after it."""
    if birth is None or is_surely_before((day, day), birth):
        return None
    return max(0, _completed_years(birth[1], day)), _completed_years(birth[0], day)


@lru_cache(maxsize=4096)
def in_words(day: dt.date | None, precision: str) -> str:
    """ISO 8601 at the stated precision: "2024-03-15", "2024-03", "2024", or "date unknown"."""
    if day is None or precision == "unknown":
        return "date unknown"
    return day.isoformat()[: {"day": 10, "month": 7, "year": 4}[precision]]


def _completed_years(birth: dt.date, day: dt.date) -> int:
    return day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))
