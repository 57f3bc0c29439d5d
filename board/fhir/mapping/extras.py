"""Fields that FHIR has no element for travel as extensions of ours: one table, written and read by it alone."""

import datetime as dt
from typing import Any

from board.fhir.mapping.parts import Json, extension
from board.fhir.mapping.terms import extension_url

# model -> (field, extension, kind of value). "Strings" repeats the extension once for each word.
EXTRAS: dict[str, tuple[tuple[str, str, str], ...]] = {
    "Patient": (
        ("demo_note", "demo-note", "String"),
        ("initials", "initials", "String"),
        ("note", "note", "String"),
    ),
    "Diagnosis": (
        ("functional_status", "functional-status", "Code"),
        ("syndrome", "syndrome", "String"),
        ("tnm_edition", "tnm-edition", "String"),
        ("metastatic_sites", "metastatic-site", "Strings"),
    ),
    "HistologySpecimen": (("classification_edition", "classification-edition", "String"),),
    "IhcResult": (("score", "stain-score", "String"),),
    "TreatmentLine": (
        ("treatment_class", "treatment-class", "Code"),
        ("line_number", "line-number", "Integer"),
        ("drugs", "drug", "Strings"),
        ("is_ongoing", "is-ongoing", "Boolean"),
        ("cycles", "cycles", "Integer"),
        ("best_response", "best-response", "Code"),
        ("response_text", "response-text", "String"),
        ("best_response_date", "best-response-date", "Date"),
        ("stop_reason", "stop-reason", "Code"),
    ),
    "SsaInjection": (("is_long_acting", "is-long-acting", "Boolean"),),
    "PrrtCycle": (("number", "cycle-number", "Integer"),),
    "ClinicalEvent": (("context", "context", "String"),),
    "ClinicalAssertion": (
        ("detail", "detail", "String"),
        ("compared_from", "compared-from", "Date"),
        ("compared_to", "compared-to", "Date"),
    ),
}
TYPES: dict[str, type] = {"String": str, "Code": str, "Integer": int, "Boolean": bool, "Date": str}


class ExtraRefused(ValueError):
    """An extension of ours that does not hold what it is for; ``str()`` names it."""


def extras_of(model: str, row: Any) -> list[Json]:
    """The extensions of one row; a field without a value gives none."""
    found: list[Json] = []
    for field, name, kind in EXTRAS[model]:
        value = getattr(row, field)
        if kind == "Strings":
            found += [one for word in value for one in extension(name, "String", word)]
        else:
            found += extension(name, kind, value.isoformat() if isinstance(value, dt.date) else value)
    return found


def read_extras(model: str, resource: Json) -> dict[str, Any]:
    """The fields that stand in extensions of ours; those that do not are left out. Raises ExtraRefused."""
    found: dict[str, Any] = {}
    for field, name, kind in EXTRAS[model]:
        values = [_value(one, name, kind) for one in _named(resource, name)]
        if kind == "Strings" and values:
            found[field] = values
        elif len(values) > 1:
            raise ExtraRefused(name)
        elif values:
            found[field] = values[0]
    return found


def has_extra(resource: Json, name: str) -> bool:
    return bool(_named(resource, name))


def _named(resource: Json, name: str) -> list[Json]:
    return [one for one in resource.get("extension", []) if one.get("url") == extension_url(name)]


def _value(found: Json, name: str, kind: str) -> Any:
    kind = "String" if kind == "Strings" else kind
    value = found.get(f"value{kind}")
    if not isinstance(value, TYPES[kind]) or (kind == "Integer" and isinstance(value, bool)):
        raise ExtraRefused(name)
    if kind != "Date":
        return value
    try:
        return dt.date.fromisoformat(value)
    except ValueError:
        raise ExtraRefused(name) from None
