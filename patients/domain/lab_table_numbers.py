"""Numbers, limits and days as laboratory systems print them: decimal comma, flags, "<0.3", 28.04.26 08:15."""

import datetime as dt
import re
from dataclasses import dataclass
from decimal import Decimal

from patients.domain.partial_dates import DateRefused, parse_partial_date

_FLAG = r"(?:\s*(?:\*+|\++|-+|↑+|↓+|!+|HH|LL|H|L))?"
_NUMBER = r"\d{1,3}(?:[.,' ]\d{3})+(?:[.,]\d+)?|\d+(?:[.,]\d+)?"
_VALUE = re.compile(
    rf"(?:(?:HH|LL|H|L|\*+|\++|↑|↓)\s+)?(?P<sign><\s*=?|>\s*=?|≤|≥)?\s*(?P<number>{_NUMBER}){_FLAG}", re.IGNORECASE
)
_RANGE = re.compile(
    rf"[\[(]?\s*(?P<low>{_NUMBER})\s*(?:-|\u2013|\u2014|\.\.|to|bis)\s*(?P<high>{_NUMBER})\s*[\])]?", re.IGNORECASE
)
_LIMIT = re.compile(rf"[\[(]?\s*(?P<sign>[<>≤≥]\s*=?|bis|ab)\s*(?P<number>{_NUMBER})\s*[\])]?", re.IGNORECASE)
_CLOCK = re.compile(r"[ T,]+\d{1,2}:\d{2}(?::\d{2})?(?:\s*(?:Uhr|h))?$")
_SHORT_YEAR = re.compile(r"(?P<d>\d{1,2})[./](?P<m>\d{1,2})[./](?P<y>\d{2})")
_SLASHED = re.compile(r"(?P<one>\d{1,2})/(?P<two>\d{1,2})/\d{2,4}")


@dataclass(frozen=True)
class Number:
    value: Decimal
    sign: str = ""
    is_doubtful: bool = False


@dataclass(frozen=True)
class Day:
    """``is_doubtful``: 03/04/2026 is the third of April here and the fourth of March elsewhere."""

    day: dt.date
    is_doubtful: bool = False


def decimal_sign(text: str) -> str:
    """Whether a block writes decimals with a comma or a point; "" where no number of it tells."""
    is_comma = bool(re.search(r"(?<![\d.,])\d+,(?:\d{1,2}|\d{4,})(?![\d.,])", text)) or bool(
        re.search(r"\d\.\d{3},\d", text)
    )
    is_point = bool(re.search(r"(?<![\d.,])\d+\.(?:\d{1,2}|\d{4,})(?![\d.,])", text)) or bool(
        re.search(r"\d,\d{3}\.\d", text)
    )
    return "," if is_comma and not is_point else "." if is_point and not is_comma else ""


def number_of(text: str, decimals: str) -> Number | None:
    """None where the text is no number. Three digits after the only sign are doubtful while the block does not tell."""
    match = _VALUE.fullmatch(text.strip())
    if match is None:
        return None
    value, is_doubtful = _plain(match["number"], decimals)
    sign = (match["sign"] or "").strip()[:1].replace("≤", "<").replace("≥", ">")
    return Number(value, sign, is_doubtful)


def limits_of(text: str, decimals: str) -> tuple[Decimal | None, Decimal | None] | None:
    """Lower and upper limit of "12-16", "< 5" or "(150–400)"; None where the text is none."""
    if match := _RANGE.fullmatch(text.strip()):
        low, high = _plain(match["low"], decimals)[0], _plain(match["high"], decimals)[0]
        return (low, high) if low <= high else None
    if match := _LIMIT.fullmatch(text.strip()):
        number = _plain(match["number"], decimals)[0]
        return (None, number) if match["sign"][0].lower() in "<≤b" else (number, None)
    return None


def day_of(text: str) -> Day | None:
    """A whole day, with or without the time behind it; None for a month, a year and anything else."""
    plain = read = _CLOCK.sub("", text.strip())
    if match := _SHORT_YEAR.fullmatch(plain):
        read = f"{match['d']}.{match['m']}.20{match['y']}"
    try:
        day, precision = parse_partial_date(read)
    except DateRefused:
        return None
    if day is None or precision != "day":
        return None
    slashed = _SLASHED.fullmatch(plain)
    months = {int(slashed["one"]), int(slashed["two"])} if slashed else set()
    return Day(day, len(months) == 2 and max(months) <= 12)


def _plain(number: str, decimals: str) -> tuple[Decimal, bool]:
    text = number.replace("'", "").replace(" ", "")
    signs = [c for c in text if c in ".,"]
    if not signs:
        return Decimal(text), False
    if len(set(signs)) == 2:
        last = signs[-1]
        return Decimal(text.replace("," if last == "." else ".", "").replace(last, ".")), False
    if len(signs) > 1:
        return Decimal(text.replace(signs[0], "")), False
    head, tail = text.split(signs[0])
    if len(tail) != 3 or head.startswith("0"):
        return Decimal(f"{head}.{tail}"), False
    if decimals:
        return (Decimal(f"{head}.{tail}") if signs[0] == decimals else Decimal(head + tail)), signs[0] != decimals
    return Decimal(f"{head}.{tail}"), True
