"""Looks for words of the case in whatever a process wrote: plain, escaped, encoded or packed, and those in each other."""

import base64
import datetime as dt
import re
import zlib
from collections.abc import Iterable, Iterator
from decimal import Decimal
from functools import lru_cache

WORD = "ZQCANARY"
# Text fields hold WORD; days and figures of the case are ones that nothing else has (tests/contracts/canary_fields.py).
BIRTH, HEADER_BIRTH = dt.date(1901, 2, 3), dt.date(1902, 3, 4)  # of the chart, and of a header that contradicts it
WEIGHT = "61.437293"
STUDY_ROOT = "2.25.70717273"
YEARS = (*(str(year).encode() for year in range(1901, 1906)), b"C\x04\x07")
DEPTH = 3
MOST_UNPACKED = 64 << 20
BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{10,}")
HEX = re.compile(rb"[0-9a-fA-F]{14,}")
ESCAPED = re.compile(rb"(?:%|\\+x|\\+u00)([0-9a-fA-F]{2})")
PACKED = re.compile(rb"\x1f\x8b\x08|x[\x01\x5e\x9c\xda]")
FEWEST = 7  # letters: less is no word of the case


def written(value: dt.date | float | Decimal) -> tuple[str, ...]:
    """A day or a number as pages, headers, messages and logs write it."""
    if not isinstance(value, dt.date):
        return str(value), str(value).replace(".", ",")
    short, month = f"{value.day} {value:%b} {value.year}", f"{value:%b}. {value.day}, {value.year}"
    return f"{value}", f"{value:%Y%m%d}", f"{value:%d.%m.%Y}", f"{value.day} {value:%B %Y}", short, month


def pickled(day: dt.date) -> bytes:
    """The one argument of a date in a pickle."""
    return b"C\x04" + bytes([day.year >> 8, day.year & 255, day.month, day.day])


WORDS = (WORD, WORD.lower(), *written(BIRTH), *written(HEADER_BIRTH), WEIGHT, STUDY_ROOT)


def of_every_field() -> tuple[str | bytes, ...]:
    """Known where the models are: a process under test that says WORD has them not yet."""
    from tests.contracts.canary_fields import words

    return words()


def found_in(data: bytes, words: tuple[str | bytes, ...] = ()) -> list[str]:
    """Each word that is there, once, with what stands around it; without ``words``: those of every field of the case."""
    hits: dict[str, str] = {}
    groups = _by_part(words or of_every_field())
    for view in views(data):
        for word in [word for part, group in groups if part in view for word in group]:
            at = view.find(word)
            if at >= 0:
                said = repr(word.decode()) if word.isascii() else repr(word)
                hits.setdefault(said, f"{said} in {view[max(0, at - 80) : at + 120]!r}")
    return list(hits.values())


@lru_cache(maxsize=8)
def _by_part(words: tuple[str | bytes, ...]) -> list[tuple[bytes, list[bytes]]]:
    """Words by a part that they share: most texts have no year of the case, and need not be searched for its days."""
    groups: dict[bytes, list[bytes]] = {}
    for word in (one if isinstance(one, bytes) else one.encode() for one in words):
        groups.setdefault(next((part for part in YEARS if part in word), word), []).append(word)
    return list(groups.items())


def all_found_in(parts: Iterable[tuple[str, bytes]], words: tuple[str | bytes, ...] = ()) -> list[str]:
    return [f"{name}: {hit}" for name, data in parts for hit in found_in(data, words)]


def views(data: bytes) -> Iterator[bytes]:
    """The bytes, and what they say after each way of reading them, up to three of those one after the other."""
    seen, waiting = set(), [(data, DEPTH)]
    while waiting:
        view, depth = waiting.pop()
        if hash(view) in seen or len(view) < FEWEST:
            continue
        seen.add(hash(view))
        yield view
        if depth:
            waiting += [(read(view), depth - 1) for read in READINGS]


def _wide(data: bytes) -> bytes:
    """UTF-16 of either order, of the letters that words are made of."""
    return data.replace(b"\\x00", b"").replace(b"\0", b"") if b"\0" in data or b"\\x00" in data else b""


def _unescaped(data: bytes) -> bytes:
    return ESCAPED.sub(lambda found: bytes([int(found[1], 16)]), data)


def _out_of_base64(data: bytes) -> bytes:
    """Wherever the word begins in the run: a run may have begun before the coded text."""
    found = []
    for run in BASE64.findall(data):
        same = run.replace(b"-", b"+").replace(b"_", b"/")
        for skip in range(4):
            coded = same[skip : len(same) - ((len(same) - skip) % 4 == 1)]
            found.append(base64.b64decode(coded + b"=" * (-len(coded) % 4)))
    return b"\n".join(found)


def _out_of_hex(data: bytes) -> bytes:
    found = []
    for run in HEX.findall(data):
        found += [bytes.fromhex(run[skip : len(run) - (len(run) - skip) % 2].decode()) for skip in range(2)]
    return b"\n".join(found)


def _unpacked(data: bytes) -> bytes:
    found = []
    for start in PACKED.finditer(data):
        try:  # gzip or zlib, whichever it is
            found.append(zlib.decompressobj(47).decompress(data[start.start() :], MOST_UNPACKED))
        except zlib.error:
            continue
    return b"\n".join(found)


READINGS = (_wide, _unescaped, _out_of_base64, _out_of_hex, _unpacked)
