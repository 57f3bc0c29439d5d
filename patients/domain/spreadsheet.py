"""No text of ours is taken for a formula by a spreadsheet that opens a CSV file: an apostrophe stands before it.

Also after a separator inside a text, where a program that splits at semicolons would start a cell of its own; also for
full-width forms, and for a formula behind blanks that are not seen.
"""

import re

_STARTERS = "=+\\-@|%\uff1d\uff0b\uff0d\uff20\u2212\ufe63\ufe62\ufe66\ufe6b"
_BLANK = r"[\s\u200b\u200e\u200f\u2060\ufeff\x00]*"
_NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?\Z", re.ASCII)
_AT_START = re.compile(rf"^(?={_BLANK}[{_STARTERS}]|[\t\r\n])")
_INSIDE = re.compile(rf"(?<=[;,|\t\r\n])(?={_BLANK}[{_STARTERS}])")


def neutral(text: str, *, keeps_numbers: bool = False) -> str:
    """The text as a CSV cell that no spreadsheet computes. ``keeps_numbers``: of a table whose numbers come as text."""
    if keeps_numbers and _NUMBER.match(text):
        return text
    return _AT_START.sub("'", _INSIDE.sub("'", text), count=1)
