"""Initials of a person: what a room may see instead of a name."""

import re

_BETWEEN = re.compile(r"[\s.\-]+")
LONGEST = 3
HOW = "Write up to three capital letters, as in AB or A. B.: initials only, a name is not kept here."


class InitialsRefused(ValueError):
    """The text is not initials; ``str()`` is a sentence for the person who typed it."""

    code = "initials_not_understood"


def initials_in(text: str) -> str:
    """Read "AB", "A.B.", "A. B." or "A-B" as "AB"; empty text stays empty. Raises InitialsRefused.

    Small letters are refused: they would be the beginning of a name.
    """
    letters = _BETWEEN.sub("", text)
    if not all(letter.isalpha() and letter.isupper() for letter in letters) or len(letters) > LONGEST:
        raise InitialsRefused(HOW)
    return letters
