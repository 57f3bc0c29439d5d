"""What stands in the place of a person: keyed names, moved days, cells that no spreadsheet takes for a formula.

Without the key neither the name nor the shift can be worked out; with another export's number both are others.
"""

import base64
import datetime as dt
import hashlib
import hmac
import re

SHIFT_DAYS = 365
OLDEST_NAMED = 89
_NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?\Z", re.ASCII)
# Also what a spreadsheet reads as such: full-width forms, and a formula behind a tab, a line break or a space.
_FORMULA = re.compile(r"[\s\ufeff\u200b]*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20|%]")


def pseudonym(key: bytes, scope: str, patient: str) -> str:
    """Eight letters and digits (40 bits) for one patient in one scope."""
    return base64.b32encode(_keyed(key, "name", scope, patient)[:5]).decode().rstrip("=")


def shift_of(key: bytes, scope: str, patient: str) -> dt.timedelta:
    """One to 365 days, back or forth: never none at all."""
    number = int.from_bytes(_keyed(key, "shift", scope, patient)[:8], "big") % (2 * SHIFT_DAYS)
    return dt.timedelta(days=number - SHIFT_DAYS if number < SHIFT_DAYS else number - SHIFT_DAYS + 1)


def moved(day: dt.date | None, shift: dt.timedelta) -> dt.date | None:
    return None if day is None else day + shift


def cell(text: str) -> str:
    """Text that stays text in a spreadsheet; a plain number stays a number."""
    if _NUMBER.match(text):
        return text
    return f"'{text}" if _FORMULA.match(text) else text


def _keyed(key: bytes, what: str, scope: str, patient: str) -> bytes:
    return hmac.new(key, f"{what}\0{scope}\0{patient}".encode(), hashlib.sha256).digest()
