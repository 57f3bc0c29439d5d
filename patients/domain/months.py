"""A number of months as people type it."""

import re
from decimal import Decimal

from patients.domain.numbers import NumberRefused, decimal_of

_MONTHS = re.compile(r"\s*(?P<number>\d{1,3}(?:[.,]\d+)?)\s*(?:mo|months?)?\s*", re.IGNORECASE)


def months_in(text: str) -> Decimal | None:
    """Reads 20, 20 mo, 19.5 months and 19,5 months; None for anything else, which may be weeks, years or a date."""
    found = _MONTHS.fullmatch(text)
    try:
        return decimal_of(found["number"]) if found else None
    except NumberRefused:
        return None
