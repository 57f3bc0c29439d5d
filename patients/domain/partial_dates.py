"""Dates as people type them: a full day, a month, or only a year."""

import datetime as dt
import re

_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_IN_GERMAN = {"mär": 3, "mrz": 3, "mai": 5, "okt": 10, "dez": 12}
_MONTHS = {name: number for number, name in enumerate(_NAMES, 1)} | _IN_GERMAN
_SHAPES = [
    (re.compile(r"(?P<y>\d{4})-(?P<m>\d{1,2})-(?P<d>\d{1,2})"), "day"),
    (re.compile(r"(?P<d>\d{1,2})[./](?P<m>\d{1,2})[./](?P<y>\d{4})"), "day"),
    (re.compile(r"(?P<y>\d{4})-(?P<m>\d{1,2})"), "month"),
    (re.compile(r"(?P<m>\d{1,2})[./](?P<y>\d{4})"), "month"),
    (re.compile(r"(?P<y>\d{4})"), "year"),
    (re.compile(r"(?P<d>\d{1,2})\.?\s+(?P<m>[a-zä]{3,9})\.?\s+(?P<y>\d{4})", re.IGNORECASE), "day"),
    (re.compile(r"(?P<m>[a-zä]{3,9})\.?\s+(?P<y>\d{4})", re.IGNORECASE), "month"),
]


class DateRefused(ValueError):
    """The text is no date; ``str()`` is a sentence for the person who typed it."""

    code = "date_not_understood"


def parse_partial_date(text: str) -> tuple[dt.date | None, str]:
    """Read "2024-03-15", "15.03.2024", "2024-03", "03/2024", "Mar 2024" or "2024" as (first day, precision).

    Empty text is (None, "unknown"). Day comes before month when points or slashes are used.
    """
    if not text.strip():
        return None, "unknown"
    for pattern, precision in _SHAPES:
        if match := pattern.fullmatch(text.strip()):
            return _day(text, {**{"m": "1", "d": "1"}, **match.groupdict()}), precision
    raise DateRefused(f"“{text}” is not a date. Write 2024-03-15, or 2024-03 or 2024 when the day is not known.")


def _day(text: str, parts: dict[str, str]) -> dt.date:
    try:
        day = dt.date(int(parts["y"]), _month(parts["m"]), int(parts["d"]))
    except ValueError as impossible:
        raise DateRefused(
            f"“{text}” does not exist in the calendar. Write year, month, day: 2024-03-15."
        ) from impossible
    if not 1900 <= day.year <= 2199:
        raise DateRefused(f"“{text}” has an improbable year.")
    return day


def _month(text: str) -> int:
    """0, which no calendar has, for a word that is no month."""
    return int(text) if text.isdigit() else _MONTHS.get(text[:3].lower(), 0)
