"""The JSON Schema of a decision record, made from the choices of the models so that it can never lag behind them."""

from typing import Any

from board.decision_record import FORMAT, PENDING
from board.domain.quorum import Light
from board.models import BoardDecision, DecisionFollowUp, NextStep

_TEXT: dict[str, Any] = {"type": "string"}
_UUID: dict[str, Any] = {"type": "string", "format": "uuid"}
_DAY: dict[str, Any] = {"type": "string", "format": "date"}
_MOMENT: dict[str, Any] = {"type": "string", "format": "date-time"}
_SHA256: dict[str, Any] = {"type": "string", "pattern": "^[0-9a-f]{64}$"}


def decision_schema() -> dict[str, Any]:
    fields = _core() | _around()
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A signed decision of the board, as GET /decisions/<id>/decision.json hands it out",
        "description": "What was not recorded is null, empty or “pending”; nothing is guessed. "
        "The words “eligible” and “not eligible” always name rule set and version.",
        **_object(fields),
        "$defs": {"quorum": _quorum(), "verdict": _object(_verdict()), "assessment": _object(_verdict() | _frozen())},
    }


def _around() -> dict[str, Any]:
    return {
        "format": {"const": FORMAT},
        "notice": {**_TEXT, "description": "What this software is not."},
        "case": {**_TEXT, "description": "Case number; never a name."},
        "ground": {
            "type": ["object", "null"],
            "description": "Scans, numbers and readings with their digests, and the change of uptake, when signed.",
        },
        "assessments": {"type": "array", "items": {"$ref": "#/$defs/assessment"}},
        "superseded_by": {**_or_null(_UUID), "description": "The decision that replaced this one."},
        "follow_up": _object(
            {
                "status": {"enum": [PENDING, *map(str, DecisionFollowUp.OUTCOMES)]},
                "reason": _TEXT,
                "told_at": _or_null(_MOMENT),
            }
        ),
    }


def _core() -> dict[str, Any]:
    return {
        "id": _UUID,
        "meeting": {
            **_object({"id": _UUID, "title": _TEXT, "starts_at": _MOMENT, "item": _UUID}),
            "type": ["object", "null"],
            "description": "null: decided outside a meeting.",
        },
        "question": _TEXT,
        "decided_on": _DAY,
        "outcome": _choice(BoardDecision.Outcome.values),
        "recommendation": _TEXT,
        "next_step": {**_choice(NextStep.values), "type": ["object", "null"]},
        "interval_days": {"type": ["integer", "null"]},
        "due_date": _or_null(_DAY),
        "owner": _TEXT,
        "considered": {"type": "array", "items": {"enum": list(BoardDecision.CONSIDERED)}, "uniqueItems": True},
        "agreement": {"enum": [*BoardDecision.Agreement.values, None]},
        "dissent": _TEXT,
        "quorum": {"anyOf": [{"$ref": "#/$defs/quorum"}, {"type": "null"}]},
        "change_class": _or_null(_TEXT),
        "amendment_reason": _TEXT,
        "supersedes": _or_null(_UUID),
        "signed_by": _TEXT,
        "signed_at": _MOMENT,
        "verdicts": {"type": "array", "items": {"$ref": "#/$defs/verdict"}},
    }


def _quorum() -> dict[str, Any]:
    words = {"type": "array", "items": _TEXT}
    return _object(
        {
            "light": {"enum": [light.value for light in Light]},
            "has_chair": {"type": "boolean"},
            "present": words,
            "missing": {"type": "array", "items": words},
            "text": _TEXT,
        }
    )


def _verdict() -> dict[str, Any]:
    return {
        "assessment": _UUID,
        "rule_set": _TEXT,
        "version": _TEXT,
        "sha256": {**_SHA256, "description": "Of the rule set's file."},
        "verdict": _TEXT,
        "verdict_text": _TEXT,
        "digest": {**_SHA256, "description": "Of what was said and the facts it was said from."},
    }


def _frozen() -> dict[str, Any]:
    row = {
        "type": "object",
        "required": ["id", "level", "title", "state", "value", "reason", "sources"],
        "description": "As in assessment.schema.json.",
    }
    return {
        "as_of": _DAY,
        "known_at": _MOMENT,
        "facts": {"type": "object", "description": "Every fact the rows used, by name."},
        "rows": {"type": "array", "items": row},
    }


def _choice(values: list[str]) -> dict[str, Any]:
    return _object({"code": {"enum": list(values)}, "label": _TEXT})


def _or_null(kind: dict[str, Any]) -> dict[str, Any]:
    return {**kind, "type": [kind["type"], "null"]}


def _object(fields: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "required": sorted(fields), "additionalProperties": False, "properties": fields}
