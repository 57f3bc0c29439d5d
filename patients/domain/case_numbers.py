"""What a case number may be: it stands in the address of every page of its case."""

import re

LONGEST = 32
# Words that stand in the place of a case number in addresses of other pages.
RESERVED = frozenset({"new"})
SIGNS = (
    "A case number has no slash, backslash, question mark, hash or invisible character, and no blank at either end. "
    "Write it like 0388 or MUC-17 b."
)
DOTS = "A case number of dots alone is no address. Choose another case number."
WORD = "This word is the address of another page. Choose another case number."
LONG = f"A case number has {LONGEST} characters at most."
_REFUSED, _ESCAPED = frozenset("/\\?#"), frozenset("/\\~")


def refusal(number: str) -> str:
    """A sentence where a case may not be called so, else ""."""
    if len(number) > LONGEST:
        return LONG
    if number != number.strip() or not number.isprintable() or _REFUSED & set(number):
        return SIGNS
    if number and not number.strip("."):
        return DOTS
    return WORD if number.lower() in RESERVED else ""


def to_address(number: str) -> str:
    """One part of a path, whatever the number is: cases of before these rules keep their pages."""
    found = "".join(_escape(sign) if sign in _ESCAPED or ord(sign) < 32 else sign for sign in number)
    is_odd = number.lower() in RESERVED or not number.strip(".")
    return _escape(found[0]) + found[1:] if is_odd and found else found


def from_address(text: str) -> str:
    return re.sub(r"~([0-9A-F]{2})", lambda found: chr(int(found[1], 16)), text)


def _escape(sign: str) -> str:
    return f"~{ord(sign):02X}"
