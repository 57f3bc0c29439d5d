"""Ki-67 (MIB1) as an interval in percent, read from what a pathologist wrote."""

import re
from dataclasses import dataclass, field
from decimal import Decimal

HUNDRED = Decimal(100)


class Ki67TextRefused(ValueError):
    """The text is not a Ki-67 index; ``str()`` is a sentence for the person who typed it."""

    code = "ki67_text_not_understood"


@dataclass(frozen=True)
class Interval:
    """Percent from ``low`` to ``high``; an open end is not itself a value, None is unbounded.

    "About 5" is the interval from 5 to 5 with both ends open: values just beside it, on both sides.
    """

    low: Decimal | None
    high: Decimal | None
    low_open: bool = False
    high_open: bool = False
    text: str = field(default="", compare=False)

    @property
    def is_about(self) -> bool:
        return self.low is not None and self.low == self.high and self.low_open and self.high_open

    def compare(self, comparator: str, threshold: Decimal) -> bool | None:
        """Whether "<", "<=", ">" or ">=" ``threshold`` holds for all values (True), none (False) or some (None)."""
        if comparator in (">", ">="):
            opposite = self.compare("<=" if comparator == ">" else "<", threshold)
            return None if opposite is None else not opposite
        if comparator not in ("<", "<="):
            raise ValueError(f"unknown comparator: {comparator}")
        if self.is_about and self.low == threshold:
            return None
        if self._all_below(threshold, or_equal=comparator == "<="):
            return True
        return False if self._none_below(threshold, or_equal=comparator == "<=") else None

    def _all_below(self, threshold: Decimal, *, or_equal: bool) -> bool:
        if self.high is None:
            return False
        return self.high < threshold or (self.high == threshold and (or_equal or self.high_open))

    def _none_below(self, threshold: Decimal, *, or_equal: bool) -> bool:
        if self.low is None:
            return False
        return self.low > threshold or (self.low == threshold and (not or_equal or self.low_open))

    def __str__(self) -> str:
        if self.text:
            return self.text if "%" in self.text else f"{self.text} %"
        if self.is_about:
            return f"about {self.low} %"
        if self.low == self.high and self.low is not None:
            return f"{self.low} %"
        return f"{_end(self.low, self.low_open, '>')} {_end(self.high, self.high_open, '<')} %".strip()


_NAME = r"(?:(?:ki[\s-]?67|mib[\s-]?1)(?:\s*/\s*mib[\s-]?1)?(?:\s*(?:labell?ing|proliferation)?\s*index)?\s*[:=]?\s*)?"
_NUMBER = r"(\d{1,3}(?:[.,]\d{1,2})?)\s*%?"
_DASH = r"\s*(?:-|\u2010|\u2011|\u2012|\u2013|\u2014|\u2212|\bto\b|\.\.)\s*"
_AT_MOST = r"(?:<\s*=|=\s*<|\u2264|up\s+to|at\s+most|max(?:imum|\.)?|not\s+more\s+than)"
_AT_LEAST = r"(?:>\s*=|=\s*>|\u2265|at\s+least|min(?:imum|\.)?|not\s+less\s+than)"
_BELOW = r"(?:<|less\s+than|below|under)"
_ABOVE = r"(?:>|more\s+than|above|over|greater\s+than)"
_ABOUT = r"(?:~|\u2248|\u223c|about|approximately|approx\.?|circa|ca\.?|around)"
_SHAPES = [
    ("range", rf"(?:between\s+)?{_NUMBER}(?:{_DASH}|\s+and\s+){_NUMBER}"),
    ("at_most", rf"{_AT_MOST}\s*{_NUMBER}"),
    ("at_least", rf"{_AT_LEAST}\s*{_NUMBER}"),
    ("below", rf"{_BELOW}\s*{_NUMBER}"),
    ("above", rf"{_ABOVE}\s*{_NUMBER}"),
    ("about", rf"{_ABOUT}\s*{_NUMBER}"),
    ("exact", _NUMBER),
]
_PATTERNS = [(name, re.compile(rf"{_NAME}{shape}\s*(?:\([^()]*\))?", re.IGNORECASE)) for name, shape in _SHAPES]


def parse_ki67(text: str) -> Interval:
    """Read "7-8 %", "< 1", ">= 20", "~5", "up to 10", "3,5 %" and their kin; the text is kept verbatim.

    Values are percent from 0 to 100. Raises Ki67TextRefused with a sentence for anything else.
    """
    for name, pattern in _PATTERNS:
        if match := pattern.fullmatch(text.strip()):
            numbers = [Decimal(number.replace(",", ".")) for number in match.groups()]
            return _interval(name, numbers, text)
    raise Ki67TextRefused(
        f"“{text}” is not a Ki-67 index. Write a number, a range or a limit in percent, "
        "such as 7-8 %, < 1 %, >= 20 % or ~5 %; other words belong in the note."
    )


def _interval(name: str, numbers: list[Decimal], text: str) -> Interval:
    low, high = numbers[0], numbers[-1]
    if high > HUNDRED or low > HUNDRED:
        raise Ki67TextRefused(f"“{text}” is above 100 %. Ki-67 is the percentage of stained nuclei.")
    if low > high:
        raise Ki67TextRefused(f"“{text}” runs from high to low. Write the lower value first.")
    if (name == "below" and high == 0) or (name == "above" and low == HUNDRED):
        raise Ki67TextRefused(f"“{text}” leaves no possible value between 0 and 100 %.")
    zero = Decimal(0)
    ends = {
        "range": (low, high, False, False),
        "exact": (low, high, False, False),
        "about": (low, high, True, True),
        "at_most": (zero, high, False, False),
        "below": (zero, high, False, True),
        "at_least": (low, HUNDRED, False, False),
        "above": (low, HUNDRED, True, False),
    }
    return Interval(*ends[name], text=text)


def _end(value: Decimal | None, is_open: bool, sign: str) -> str:
    if value is None:
        return ""
    return f"{sign} {value}" if is_open else f"{sign}= {value}"
