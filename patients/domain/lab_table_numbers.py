"""Numbers, limits and days as laboratory systems print them: decimal comma, flags, "<0.3", 28.04.26 08:15."""

import datetime as dt
import re
from dataclasses import dataclass
from decimal import Decimal

from patients.domain.numbers import NUMBER, reading_of
from patients.domain.partial_dates import DateRefused, parse_partial_date

_FLAG = r"(?:\s*(?:\*+|\++|-+|↑+|↓+|!+|HH|LL|H|L))?"
_VALUE = re.compile(
    rf"(?:(?:HH|LL|H|L|\*+|\++|↑|↓)\s+)?(?P<sign><\s*=?|>\s*=?|≤|≥)?\s*(?P<number>{NUMBER}){_FLAG}", re.IGNORECASE
)
_RANGE = re.compile(
    rf"[\[(]?\s*(?P<low>{NUMBER})\s*(?:-|\u2013|\u2014|\.\.|to|bis)\s*(?P<high>{NUMBER})\s*[\])]?", re.IGNORECASE
)
_LIMIT = re.compile(rf"[\[(]?\s*(?P<sign>[<>≤≥]\s*=?|bis|ab)\s*(?P<number>{NUMBER})\s*[\])]?", re.IGNORECASE)
_CLOCK = re.compile(r"[ T,]+\d{1,2}:\d{2}(?::\d{2})?(?:\s*(?:Uhr|h))?$")
_SHORT_YEAR = re.compile(r"(?P<d>\d{1,2})[./](?P<m>\d{1,2})[./](?P<y>\d{2})")
_SLASHED = re.compile(r"(?P<one>\d{1,2})/(?P<two>\d{1,2})/\d{2,4}")


@dataclass(frozen=True)
class Number:
    """``other``: its second reading, thousands or decimals; ``value`` is the likelier."""

    value: Decimal
    sign: str = ""
    other: Decimal | None = None


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
    """None where the text is no number. Three digits behind an only comma are always doubtful, behind a point while the
    block does not tell."""
    match = _VALUE.fullmatch(text.strip())
    if match is None:
        return None
    read = reading_of(match["number"], decimals)
    if read is None:
        return None
    sign = (match["sign"] or "").strip()[:1].replace("≤", "<").replace("≥", ">")
    return Number(read.value, sign, read.other)


def limits_of(text: str, decimals: str) -> tuple[Decimal | None, Decimal | None] | None:
    """Lower and upper limit of "12-16", "< 5" or "(150–400)"; None where the text is none."""
    if match := _RANGE.fullmatch(text.strip()):
        low, high = _limit(match["low"], decimals), _limit(match["high"], decimals)
        return None if low is None or high is None or low > high else (low, high)
    match = _LIMIT.fullmatch(text.strip())
    limit = _limit(match["number"], decimals) if match else None
    if match is None or limit is None:
        return None
    return (None, limit) if match["sign"][0].lower() in "<≤b" else (limit, None)


def _limit(number: str, decimals: str) -> Decimal | None:
    """Nobody is asked about a limit: thousands are taken where the block tells, doubtful decimals are not."""
    read = reading_of(number, decimals)
    return None if read is None or (read.other is not None and read.value < read.other) else read.value


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
