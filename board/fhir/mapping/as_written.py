"""What is in question about a row leaves beside its elements, which say unknown, and is read back as it was written."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any

from board.fhir.mapping.drafts import NotTaken
from board.fhir.mapping.parts import Json, extension
from board.fhir.mapping.terms import extension_url
from patients.domain.dates import in_words
from patients.domain.partial_dates import parse_partial_date

NAME = "as-written"
PARTIAL = frozenset({"clinical_date", "stop_date", "deceased_on"})
_LINE = frozenset({"clinical_date", "stop_date", "is_ongoing"})
_LAB = frozenset({"clinical_date", "reference_low", "reference_high"})
_ASSERTION = frozenset({"clinical_date", "compared_from", "compared_to"})
FIELDS = {
    "Patient": frozenset({"deceased_on"}),
    "IhcResult": frozenset[str](),
    "TreatmentLine": _LINE,
    "LabResult": _LAB,
    "ClinicalAssertion": _ASSERTION,
}
_READ: dict[str, Callable[[str], Any]] = {
    "is_ongoing": {"true": True, "false": False}.__getitem__,
    "compared_from": dt.date.fromisoformat,
    "compared_to": dt.date.fromisoformat,
    "reference_low": Decimal,
    "reference_high": Decimal,
}


def written(row: Any) -> list[Json]:
    """One extension for each field that does not count: "stop_date=2024-03"."""
    whole = row.as_written
    names = sorted({name for one in whole.contradictions() for name in one.clears})
    told = [(name, _text(whole, name)) for name in names if getattr(whole, name) is not None]
    return [one for name, text in told for one in extension(NAME, "String", f"{name}={text}")]


def _text(row: Any, name: str) -> str:
    value = getattr(row, name)
    if name in PARTIAL:
        return in_words(value, getattr(row, f"{name}_precision"))
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value.normalize():f}" if isinstance(value, Decimal) else str(value)


def read(model: str, resource: Json) -> dict[str, Any]:
    """Raises NotTaken."""
    found: dict[str, Any] = {}
    for one in resource.get("extension", []):
        if one.get("url") == extension_url(NAME):
            found |= _value(str(one.get("valueString", "")), FIELDS.get(model, frozenset({"clinical_date"})))
    return found


def _value(text: str, fields: frozenset[str]) -> dict[str, Any]:
    name, _, value = text.partition("=")
    try:
        if name not in fields:
            raise KeyError(name)
        if name in PARTIAL:
            day, precision = parse_partial_date(value)
            return {name: day, f"{name}_precision": precision}
        return {name: _READ[name](value)}
    except (KeyError, ValueError, InvalidOperation) as refused:
        raise NotTaken("extension_refused", NAME) from refused
