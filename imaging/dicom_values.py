"""Strict reading of DICOM values from their bytes, after PS3.5 section 6.2.

A value that does not follow the standard is *missing*, never guessed: each function returns None for it. An empty value
is missing as well; callers that must tell the two apart look at the bytes.
"""

import math
import re
from datetime import date, datetime, time, timedelta, timezone
from functools import lru_cache

DS_CHARS, IS_CHARS = 16, 12
remembered = lru_cache(maxsize=1024)  # the slices of a series repeat most of their values byte for byte
_PADDING = b" \0\t\r\n"
_DECIMAL = re.compile(rb"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,4})?\Z")
_INTEGER = re.compile(rb"[+-]?\d+\Z")
_UID = re.compile(rb"\d+(?:\.\d+)*\Z")
_DATE = re.compile(rb"(\d{4})(\d{2})(\d{2})\Z")
_TIME = re.compile(rb"(\d{2})(?:(\d{2})(?:(\d{2})(?:\.(\d{1,6}))?)?)?\Z")
_DATETIME = re.compile(rb"(\d{8})(\d{2}(?:\d{2}(?:\d{2}(?:\.\d{1,6})?)?)?)?([+-]\d{4})?\Z")
_OFFSET = re.compile(rb"([+-])(\d{2})(\d{2})\Z")


@remembered
def text(value: bytes | None) -> str:
    """Text in the default repertoire; bytes outside it become the replacement character, never an error."""
    return (value or b"").strip(_PADDING).decode("ascii", "replace")


@remembered
def texts(value: bytes | None) -> tuple[str, ...]:
    parts = text(value).split("\\")
    return tuple(part.strip() for part in parts) if parts != [""] else ()


@remembered
def uid(value: bytes | None) -> str | None:
    stripped = (value or b"").strip(b" \0")
    return stripped.decode() if len(stripped) <= 64 and _UID.match(stripped) else None


@remembered
def sex(value: bytes | None) -> str | None:
    """M, F or O; empty where the sex is not known, which some write as U."""
    found = text(value).upper()
    if found in {"M", "F", "O"}:
        return found
    return "" if found in {"", "U", "UNKNOWN"} else None


@remembered
def decimal(value: bytes | None) -> float | None:
    """One DS as a finite number. Comma, NaN, infinity, letters, several values and over 16 characters are missing."""
    stripped = (value or b"").strip(_PADDING)
    if len(stripped) > DS_CHARS or not _DECIMAL.match(stripped):
        return None
    number = float(stripped)
    return number if math.isfinite(number) else None


def decimals(value: bytes | None, count: int) -> tuple[float, ...] | None:
    parts = [decimal(part) for part in (value or b"").split(b"\\")]
    if len(parts) != count or any(part is None for part in parts):
        return None
    return tuple(part for part in parts if part is not None)


def integer(value: bytes | None) -> int | None:
    stripped = (value or b"").strip(_PADDING)
    return int(stripped) if len(stripped) <= IS_CHARS and _INTEGER.match(stripped) else None


def unsigned_short(value: bytes | None, *, is_little_endian: bool = True) -> int | None:
    """One US; any other length (a UL, an SS with four bytes, two values) is missing."""
    if value is None or len(value) != 2:
        return None
    return int.from_bytes(value, "little" if is_little_endian else "big")


@remembered
def day(value: bytes | None) -> date | None:
    match = _DATE.match((value or b"").strip(_PADDING))
    if not match:
        return None
    try:
        return date(*(int(part) for part in match.groups()))
    except ValueError:
        return None


@remembered
def clock(value: bytes | None) -> time | None:
    """TM: HH, HHMM, HHMMSS or HHMMSS.FFFFFF; ranges, colons and 24:00 are missing."""
    match = _TIME.match((value or b"").strip(_PADDING))
    if not match:
        return None
    hour, minute, second, fraction = match.groups()
    try:
        return time(int(hour), int(minute or 0), int(second or 0), int((fraction or b"0").ljust(6, b"0")))
    except ValueError:
        return None


@remembered
def moment(value: bytes | None, *, scanner_offset: timedelta | None = None) -> datetime | None:
    """DT with at least a day and an hour, in the scanner's local time without zone.

    A value with an offset of its own keeps it when the file does not say where the scanner stands.
    """
    match = _DATETIME.match((value or b"").strip(_PADDING))
    if not match or match.group(2) is None:
        return None
    found_day, found_clock = day(match.group(1)), clock(match.group(2))
    if found_day is None or found_clock is None:
        return None
    local = datetime.combine(found_day, found_clock)
    own_offset = utc_offset(match.group(3))
    if own_offset is None:
        return local
    if scanner_offset is None:
        return local.replace(tzinfo=timezone(own_offset))
    return local + scanner_offset - own_offset


@remembered
def utc_offset(value: bytes | None) -> timedelta | None:
    match = _OFFSET.match((value or b"").strip(_PADDING))
    if not match:
        return None
    hours, minutes = int(match.group(2)), int(match.group(3))
    if hours > 14 or minutes > 59:
        return None
    offset = timedelta(hours=hours, minutes=minutes)
    return -offset if match.group(1) == b"-" else offset
