"""Names of persons compared without being kept: what a header calls the patient becomes a print; prints are compared.

A print holds keyed hashes of the letter pairs of a name, so how alike two names are can be told from two prints, and a
name from none without the key. The patient's ID goes into the hashes: prints of two patients have nothing in common,
so that nobody can count which pairs are frequent. After the bigram encoding of privacy-preserving record linkage
(Schnell, Bachteler, Reiher, BMC Med Inform Decis Mak 2009;9:41), with salted sets in place of Bloom filters.
"""

import base64
import hmac
import unicodedata
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache

ALIKE = 0.9
HASH_BYTES = 4
# What stands in a print's place; "" is the print of what was imported before names were compared.
NOT_STATED, STANDS_FOR_ID, DISAGREE = "none", "id", "several"
STAND_INS = frozenset({"anon", "anonymous", "anonymized", "anonymised", "test", "unknown", "phantom", "noname"})
_NAME_PARTS = 3  # family, given, middle; prefix and suffix are no part of who somebody is
_DIGRAPHS = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe", "æ": "ae", "ß": "ss", "œ": "oe", "ð": "d", "þ": "th"}
)
_SINGLE = str.maketrans({"ø": "o", "æ": "a", "ß": "s", "ł": "l", "đ": "d", "ð": "d", "ı": "i", "œ": "o"})


def print_of(name: str, *, key: bytes, patient_id: str, issuer: str = "") -> str:
    """The print of a DICOM person name (PN, with all its component groups) under this patient ID.

    ``NOT_STATED`` for an empty name and for words that stand for nobody; ``STANDS_FOR_ID`` where the name is the ID.
    """
    forms = _forms(name)
    if not forms or any(STAND_INS.intersection(form.split()) for form in forms):
        return NOT_STATED
    if _bare(name) == _bare(patient_id):
        return STANDS_FOR_ID
    salted = hmac.digest(key, f"{issuer}\0{patient_id}".encode(), "sha256")
    exact = _text(hmac.digest(salted, _as_written(name).encode(), "sha256")[:8])
    letters = ",".join(_text(_hashed(salted, one)) for one in sorted(_initials(name)))
    return ".".join([_key_mark(key), exact, letters, *(_text(_pairs(salted, form)) for form in sorted(forms))])


def similarity(one: str, other: str) -> float | None:
    """Of two prints under one ID, 0 to 1: the Dice coefficient of the letter pairs of the two forms that are nearest.

    None where they cannot be compared: a print that is no name, or was made with another key.
    """
    first, second = one.split("."), other.split(".")
    if not (is_name(one) and is_name(other)) or first[0] != second[0]:
        return None
    return max(_dice(a, b) for a in first[3:] for b in second[3:])


def is_name(print_: str) -> bool:
    """False for what stands in a print's place."""
    return print_.count(".") >= _NAME_PARTS


def is_alike(one: str, other: str) -> bool:
    """True for what is equal, and for names of which at least ``ALIKE`` agrees."""
    found = similarity(one, other)
    return one == other or (found is not None and found >= ALIKE)


def is_same(one: str, other: str) -> bool:
    """True where both names were written the same, letter by letter."""
    return similarity(one, other) is not None and one.split(".")[1] == other.split(".")[1]


def nearest(print_: str, known: Iterable[str]) -> tuple[float, bool] | None:
    """How alike the nearest of the known names is, and whether one is the same to the letter; None: none compares."""
    found = [value for one in known if (value := similarity(print_, one)) is not None]
    return (max(found), any(is_same(print_, one) for one in known)) if found else None


def initials_agree(print_: str, initials: str, *, key: bytes, patient_id: str, issuer: str = "") -> bool | None:
    """Whether the name of a print has these initials, in any order; None where that cannot be told."""
    parts = print_.split(".")
    letters = _latin(initials)
    if not is_name(print_) or parts[0] != _key_mark(key) or not letters or not parts[2]:
        return None
    salted = hmac.digest(key, f"{issuer}\0{patient_id}".encode(), "sha256")
    return _text(_hashed(salted, "".join(sorted(letters)))) in parts[2].split(",")


def _as_written(name: str) -> str:
    """Without what says nothing: empty parts at the end, spaces around them, invisible characters."""
    groups = ["^".join(part.strip() for part in group.split("^")).rstrip("^") for group in _seen(name).split("=")]
    return unicodedata.normalize("NFC", "=".join(groups).rstrip("="))


def _seen(text: str) -> str:
    return "".join(c for c in text if unicodedata.category(c) not in ("Cf", "Cc"))


def _forms(name: str) -> set[str]:
    """Every way to spell each group in small plain letters; pairs are compared without the order of words."""
    found = set()
    for group in _seen(name).split("="):
        words = " ".join(group.split("^")[:_NAME_PARTS])
        composed = unicodedata.normalize("NFC", words).casefold()
        found |= {_plain(composed.translate(table)) for table in (_DIGRAPHS, _SINGLE)}
    return found - {""}


def _plain(text: str) -> str:
    letters = unicodedata.normalize("NFKD", text)
    kept = "".join(c for c in letters if not unicodedata.combining(c))
    return " ".join("".join(c if c.isalnum() else " " for c in kept).split())


def _bare(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKC", text).casefold() if c.isalnum())


def _initials(name: str) -> set[str]:
    """Sorted letters of the first group: of family and given name, with and without those of further given names."""
    parts = [_latin(part, words=True) for part in name.split("=", maxsplit=1)[0].split("^")[:_NAME_PARTS]]
    if len(parts) < 2 or not parts[0] or not parts[1]:
        return set()
    family, given, middle = parts[0], parts[1], "".join(parts[2:])
    short, long_ = family[0] + given[0], family + given + middle
    return {"".join(sorted(one)) for one in (short, long_, short + middle[:1], family[0] + given + middle)}


def _latin(text: str, *, words: bool = False) -> str:
    """Plain Latin letters in capitals, of ``words`` the first of each; "" where another script is used."""
    plain = unicodedata.normalize("NFKD", text.translate(_SINGLE)).upper()
    kept = "".join(c for c in plain if not unicodedata.combining(c))
    split = "".join(c if c.isalnum() else " " for c in kept).split()
    letters = "".join(word[0] for word in split) if words else "".join(split)
    return letters if letters.isascii() and letters.isalpha() else ""


def _pairs(salted: bytes, form: str) -> bytes:
    pairs = Counter(f"_{word}_"[k : k + 2] for word in form.split() for k in range(len(word) + 1))
    each = (f"{pair}{n}" for pair, count in pairs.items() for n in range(count))
    return b"".join(sorted(_hashed(salted, pair) for pair in each))


def _hashed(salted: bytes, text: str) -> bytes:
    return hmac.digest(salted, text.encode(), "sha256")[:HASH_BYTES]


@lru_cache(maxsize=8)
def _key_mark(key: bytes) -> str:
    return _text(hmac.digest(key, b"which key", "sha256")[:HASH_BYTES])


def _dice(one: str, other: str) -> float:
    first, second = _split(one), _split(other)
    return 2 * len(first & second) / (len(first) + len(second))


def _split(text: str) -> set[bytes]:
    packed = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    return {packed[k : k + HASH_BYTES] for k in range(0, len(packed), HASH_BYTES)}


def _text(packed: bytes) -> str:
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")
