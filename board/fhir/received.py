"""From bytes to the entries of a bundle. Refused as a whole here: what cannot be read safely, or is no bundle.

Caps hold before anything is built: size, depth, number of entries, size of a number.
"""

import hashlib
import json
import re
import unicodedata
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Any, NoReturn

LARGEST_BYTES = 10 * 1024 * 1024
DEEPEST = 40
MOST_ENTRIES = 5_000
LONGEST_NUMBER = 24
BUNDLE_TYPES = ("collection", "document", "searchset")

# A string (also one that never ends) or a bracket; possessive, so that no file makes it look twice.
_STRING_OR_BRACKET = re.compile(rb'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)|[\[\]{}]', re.DOTALL)
_KEPT = "\t\n\r"


class BundleRefused(ValueError):
    """The whole file is refused; ``str()`` is a sentence for the person who brought it."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


@dataclass(frozen=True)
class Entry:
    """One resource of the bundle under the addresses others may use for it."""

    position: int
    resource: dict[str, Any]
    names: frozenset[str]

    @property
    def kind(self) -> str:
        kind = self.resource.get("resourceType")
        return shown(kind, 40) if isinstance(kind, str) else "unknown"

    @property
    def label(self) -> str:
        """How a report names it: its id, or its place in the bundle."""
        pk = self.resource.get("id")
        return shown(pk, 64) if isinstance(pk, str) and pk else f"entry {self.position}"

    @property
    def words(self) -> str:
        """What it is about in its own words, before anything of it has been checked."""
        concept = self.resource.get("code") or self.resource.get("medicationCodeableConcept")
        day = self.resource.get("effectiveDateTime")
        about = _words_of(concept) if isinstance(concept, dict) else ""
        return ", ".join(shown(text, 80) for text in (about, day) if isinstance(text, str) and text)

    @property
    def key(self) -> str:
        return min(self.names) if self.names else f"entry {self.position}"


@dataclass(frozen=True)
class Received:
    sha256: str
    entries: list[Entry] = field(default_factory=list)

    def of(self, reference: str) -> Entry | None:
        """The entry a reference leads to, or None when it is not in the bundle or not the only one."""
        found = self._by_name.get(reference, [])
        return found[0] if len(found) == 1 else None

    def is_twice(self, entry: Entry) -> bool:
        """Whether another entry claims one of its names."""
        return any(len(self._by_name[name]) > 1 for name in entry.names)

    @cached_property
    def _by_name(self) -> dict[str, list[Entry]]:
        found: dict[str, list[Entry]] = {}
        for entry in self.entries:
            for name in entry.names:
                found.setdefault(name, []).append(entry)
        return found


def receive(data: bytes) -> Received:
    """Raises BundleRefused."""
    if len(data) > LARGEST_BYTES:
        _refuse("bundle_too_large", f"The file is larger than {LARGEST_BYTES // 1024 // 1024} MB.")
    _check_depth(data)
    bundle = _json(data)
    if not isinstance(bundle, dict) or bundle.get("resourceType") != "Bundle":
        _refuse("not_a_bundle", "This is no FHIR bundle: its resourceType is not “Bundle”.")
    if bundle.get("type") not in BUNDLE_TYPES:
        _refuse("bundle_type", f"Bundles of type {', '.join(BUNDLE_TYPES)} are read; this one is of another type.")
    entries = bundle.get("entry", [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        _refuse("not_a_bundle", "The entries of this bundle are no list of objects.")
    if len(entries) > MOST_ENTRIES:
        _refuse("too_many_entries", f"The bundle has {len(entries)} entries; {MOST_ENTRIES} are read at most.")
    return Received(hashlib.sha256(data).hexdigest(), [_entry(n, one) for n, one in enumerate(entries, start=1)])


def shown(text: str, most: int) -> str:
    """A text nobody has checked, fit for a page: cut, and without what cannot be written."""
    return "".join(letter if _is_writable(letter) else "\ufffd" for letter in text[:most])


def _is_writable(letter: str) -> bool:
    return letter in _KEPT or unicodedata.category(letter) not in ("Cc", "Cs")


def is_storable(value: Any) -> bool:
    """Whether every text in ``value`` can be stored and shown: no control characters, no broken characters."""
    if isinstance(value, str):
        return all(map(_is_writable, value))
    if isinstance(value, dict):
        return all(is_storable(name) and is_storable(one) for name, one in value.items())
    return all(map(is_storable, value)) if isinstance(value, list) else True


def _entry(position: int, found: dict[str, Any]) -> Entry:
    resource = found.get("resource")
    resource = resource if isinstance(resource, dict) else {}
    kind, pk, url = resource.get("resourceType"), resource.get("id"), found.get("fullUrl")
    names = {url} if isinstance(url, str) and url else set()
    if isinstance(kind, str) and isinstance(pk, str) and pk:
        names |= {f"{kind}/{pk}"}
    return Entry(position, resource, frozenset(names))


def _words_of(concept: dict[str, Any]) -> str:
    if isinstance(text := concept.get("text"), str):
        return text
    codings = concept.get("coding")
    first = codings[0] if isinstance(codings, list) and codings else None
    found = (first.get("display") or first.get("code")) if isinstance(first, dict) else ""
    return found if isinstance(found, str) else ""


def _check_depth(data: bytes) -> None:
    """Counted outside of strings, before a parser that recurses sees it."""
    depth = 0
    for mark in _STRING_OR_BRACKET.finditer(data):
        depth += {b"[": 1, b"{": 1, b"]": -1, b"}": -1}.get(mark[0], 0)
        if depth > DEEPEST:
            _refuse("too_deep", f"The file is nested deeper than {DEEPEST} levels.")


def _json(data: bytes) -> Any:
    try:
        return json.loads(
            data.decode("utf-8-sig"),
            parse_float=_number,
            parse_int=_integer,
            parse_constant=_constant,
            object_pairs_hook=_object,
        )
    except BundleRefused:
        raise
    except (ValueError, RecursionError):
        _refuse("not_json", "This is not a JSON file.")


def _number(text: str) -> Decimal:
    """An exponent is written out in a few letters and costs gigabytes: none beyond two digits is taken."""
    if len(text) > LONGEST_NUMBER or abs(int(re.split("[eE]", text)[1] if re.search("[eE]", text) else "0")) > 20:
        _refuse("number_refused", "The file holds a number that is longer than any measured value.")
    return Decimal(text)


def _integer(text: str) -> int:
    if len(text) > LONGEST_NUMBER:
        _refuse("number_refused", "The file holds a number that is longer than any measured value.")
    return int(text)


def _constant(_: str) -> NoReturn:
    _refuse("not_json", "This is not a JSON file: it holds NaN or Infinity.")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        _refuse("key_twice", "The file says the same thing twice: one object has two members of the same name.")
    return found


def _refuse(code: str, sentence: str) -> NoReturn:
    raise BundleRefused(code, sentence)
