"""A number as a person types it: one decimal comma or point. What can be read two ways is refused, never guessed."""

import re
from dataclasses import dataclass
from decimal import Decimal

NUMBER = r"[0-9]{1,3}(?:[.,' ][0-9]{3})+(?:[.,][0-9]+)?|[0-9]+(?:[.,][0-9]+)?"
LONGEST = 24
_TYPED = re.compile(rf"(?P<sign>[+-]?)\s*(?P<number>{NUMBER}|[.,][0-9]+)")
# Groups of three by one and the same sign, and another sign before the decimals.
_WELL_FORMED = re.compile(r"[0-9]{1,3}([.,' ])[0-9]{3}(?:\1[0-9]{3})*(?:(?!\1)[.,][0-9]+)?|[0-9]*(?:[.,][0-9]+)?")


class NumberRefused(ValueError):
    """``str()`` is a sentence for the person who typed it."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


@dataclass(frozen=True)
class Reading:
    """``other``: what it is to a writer who means the other thing by its only sign; None where it is sure."""

    value: Decimal
    other: Decimal | None = None


def decimal_of(text: str) -> Decimal:
    """Raises NumberRefused. A point is a decimal point; one comma before exactly three digits may group thousands.

    Noughts at the end go: 1.500, which tells it from 1500, is taken where two decimals are kept.
    """
    found = _TYPED.fullmatch(text.strip()) if len(text) <= LONGEST else None
    read = reading_of(found["number"], ".") if found else None
    if found is None or read is None:
        raise NumberRefused("number_not_understood", "This is no number. Write 12.6 or 12,6.")
    if read.other is not None:
        raise NumberRefused("number_ambiguous", both_readings(text, read.value, read.other))
    value = Decimal(f"{read.value.normalize():f}")
    return -value if found["sign"] == "-" else value


def whole_of(text: str) -> int:
    """Raises NumberRefused; its examples are whole numbers too."""
    try:
        found = decimal_of(text)
    except NumberRefused as refused:
        if refused.code == "number_ambiguous":
            raise
        raise NumberRefused("whole_number_needed", "This is no whole number. Write 6, for example.") from refused
    if found != int(found):
        raise NumberRefused("whole_number_needed", "A whole number is needed here, for example 6.")
    return int(found)


def both_readings(number: str, value: Decimal, other: Decimal) -> str:
    thousands, decimal = max(value, other), min(value, other)
    return f"“{number.strip()}” can be thousands or decimals. Write {thousands:f} or {decimal:f}."


def reading_of(number: str, decimals: str) -> Reading | None:
    """``decimals``: the sign that is known to part decimals where this was written, or "". None for no number."""
    if not number or not _WELL_FORMED.fullmatch(number):
        return None
    text = number.replace("'", "").replace(" ", "")
    signs = [letter for letter in text if letter in ".,"]
    if not signs:
        return Reading(Decimal(text))
    if len(set(signs)) == 2:
        grouping, last = signs[0], signs[-1]
        return Reading(Decimal(text.replace(grouping, "").replace(last, ".")))
    if len(signs) > 1:
        return Reading(Decimal(text.replace(signs[0], "")))
    return _by_only_sign(text, signs[0], decimals, is_grouped=text != number)


def _by_only_sign(text: str, sign: str, decimals: str, *, is_grouped: bool) -> Reading:
    head, tail = text.split(sign)
    decimal = Decimal(f"{head or 0}.{tail}")
    if len(tail) != 3 or not head or head.startswith("0") or is_grouped:
        return Reading(decimal)
    thousands = Decimal(head + tail)
    if sign == "." and decimals in ("", "."):
        return Reading(decimal, None if decimals else thousands)
    if sign == "," and decimals in ("", ","):
        return Reading(decimal, thousands)
    return Reading(thousands, decimal)
