"""The JSON Schema of a facts file, made from the vocabulary so that it can never lag behind it."""

from typing import Any

from eligibility.domain.facts import REASONS, FactKind
from eligibility.domain.vocabulary import FACTS, FactSpec
from eligibility.facts_file import FORMAT, LARGEST_NUMBER

_NUMBER = {"type": "number", "minimum": 0, "maximum": LARGEST_NUMBER}
_DATE = {"$ref": "#/$defs/date"}
_REASON = {"$ref": "#/$defs/reason"}


def facts_schema() -> dict[str, Any]:
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Facts of one case, for manage.py assess --facts",
        "description": "A fact that is not named is missing; one without a date is undated. Nothing is guessed.",
        "type": "object",
        "required": ["format", "facts"],
        "additionalProperties": False,
        "properties": {
            "format": {"const": FORMAT},
            "as_of": {**_DATE, "description": "The day the question is asked for; today where it is left out."},
            "facts": {
                "type": "object",
                "additionalProperties": False,
                "properties": {name: _fact(spec) for name, spec in sorted(FACTS.items())},
            },
        },
        "$defs": {
            "reason": {"enum": sorted(REASONS)},
            "date": {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}$"},
            "unknown": {
                "type": "object",
                "required": ["unknown"],
                "additionalProperties": False,
                "properties": {"unknown": _REASON, "date": _DATE},
            },
        },
    }


def _fact(spec: FactSpec) -> dict[str, Any]:
    known = {FactKind.NUMBER: _number, FactKind.CHOICE: _choice, FactKind.LESIONS: _lesions}[spec.kind]
    return {"title": spec.label, "anyOf": [*known(spec), {"$ref": "#/$defs/unknown"}]}


def _number(spec: FactSpec) -> list[dict[str, Any]]:
    unit = {"unit": {"enum": list(spec.units)}, "date": _DATE}
    exact = _object({"value": _NUMBER, **unit}, "value", "unit")
    interval = _object({"low": _NUMBER, "high": _NUMBER, **unit}, "unit")
    return [exact, interval | {"anyOf": [{"required": ["low"]}, {"required": ["high"]}]}]


def _choice(spec: FactSpec) -> list[dict[str, Any]]:
    word = {"enum": sorted(spec.words)}
    words = {"type": "array", "items": word, "minItems": 1}
    return [word, words, _object({"is": {"anyOf": [word, words]}, "date": _DATE}, "is")]


def _lesions(spec: FactSpec) -> list[dict[str, Any]]:
    lesion = {
        "label": {"type": "string"},
        "site": {"type": "string"},
        "relation": {"type": "array", "items": {"enum": sorted(spec.words)}, "minItems": 1},
        "size_mm": {"type": "number", "exclusiveMinimum": 0, "maximum": 1000},
        "visceral": {"type": "boolean", "default": True},
        "target": {"type": "boolean", "default": False},
        "reason": _REASON,
    }
    rows = {"type": "array", "minItems": 1, "items": _object(lesion, "label", "site")}
    return [_object({"lesions": rows, "date": _DATE}, "lesions")]


def _object(properties: dict[str, Any], *required: str) -> dict[str, Any]:
    return {
        "type": "object",
        "required": list(required),
        "additionalProperties": False,
        "properties": properties,
    }
