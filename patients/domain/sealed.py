"""Names for what was signed: SHA-256 over canonical JSON, each link over the one before it.

Canonical: keys sorted, no spaces, a number without fraction written as an integer, so that SQLite and PostgreSQL, which
print the same number differently, give the same text.
"""

import hashlib
import json
from typing import Any

# Crockford's base 32: no letter that is read as a digit.
_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_GROUPS, _PER_GROUP, _BITS = 4, 4, 5


def hash_of(content: dict[str, Any]) -> str:
    """64 hexadecimal digits. Raises ValueError for NaN and infinities, TypeError for what JSON has no word for."""
    text = json.dumps(_plain(content), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {str(key): _plain(held) for key, held in value.items()}
    return [_plain(held) for held in value] if isinstance(value, list | tuple) else value


def code_of(digest: str) -> str:
    """The first 80 bits of a hash in four groups that can be read aloud, e.g. ``7K3M-Q2XD-09TB-5WEZ``."""
    number = int(digest, 16) >> (len(digest) * 4 - _GROUPS * _PER_GROUP * _BITS)
    shifts = range(_BITS * (_GROUPS * _PER_GROUP - 1), -1, -_BITS)
    letters = "".join(_LETTERS[number >> shift & 31] for shift in shifts)
    return "-".join(letters[start : start + _PER_GROUP] for start in range(0, len(letters), _PER_GROUP))


def as_code(typed: str) -> str:
    """A code as somebody typed it from paper: case, spaces, dashes, O and I or L do not matter."""
    plain = "".join(typed.upper().replace("O", "0").replace("I", "1").replace("L", "1").split()).replace("-", "")
    return "-".join(plain[start : start + _PER_GROUP] for start in range(0, len(plain), _PER_GROUP))
