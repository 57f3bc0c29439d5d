"""What the chain seals of each kind of signed thing: every column, and everything that was frozen with it."""

from collections.abc import Iterable
from typing import Any

from django.db import models

from board.models import BoardDecision, Minutes
from patients.services import snapshot

DECISION, MINUTES = "decision", "minutes"
MODELS: dict[str, type[models.Model]] = {DECISION: BoardDecision, MINUTES: Minutes}


def content_of(obj: BoardDecision | Minutes) -> dict[str, Any]:
    """As the database holds it: ask for the row anew after storing it."""
    if isinstance(obj, BoardDecision):
        frozen = sorted(obj.assessments.all(), key=lambda row: str(row.pk))
        return {"decision": snapshot(obj), "assessments": [snapshot(row) for row in frozen]}
    return {"minutes": snapshot(obj)}


def rows_of(kind: str, ids: Iterable[Any]) -> dict[Any, models.Model]:
    """By id, each with what ``content_of`` reads, in few queries."""
    found = MODELS[kind]._default_manager.all()
    if kind == DECISION:
        found = found.prefetch_related("assessments")
    return found.in_bulk(list(ids))
