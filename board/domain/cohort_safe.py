"""What stands in the place of a person: keyed names, moved days.

Without the key neither the name nor the shift can be worked out; with another export's number both are others.
"""

import base64
import datetime as dt
import hashlib
import hmac

SHIFT_DAYS = 365
OLDEST_NAMED = 89


def pseudonym(key: bytes, scope: str, patient: str) -> str:
    """Eight letters and digits (40 bits) for one patient in one scope."""
    return base64.b32encode(_keyed(key, "name", scope, patient)[:5]).decode().rstrip("=")


def shift_of(key: bytes, scope: str, patient: str) -> dt.timedelta:
    """One to 365 days, back or forth: never none at all."""
    number = int.from_bytes(_keyed(key, "shift", scope, patient)[:8], "big") % (2 * SHIFT_DAYS)
    return dt.timedelta(days=number - SHIFT_DAYS if number < SHIFT_DAYS else number - SHIFT_DAYS + 1)


def moved(day: dt.date | None, shift: dt.timedelta) -> dt.date | None:
    return None if day is None else day + shift


def _keyed(key: bytes, what: str, scope: str, patient: str) -> bytes:
    return hmac.new(key, f"{what}\0{scope}\0{patient}".encode(), hashlib.sha256).digest()
