"""What the chain seals of each kind of signed thing: every column, and everything that was frozen with it.

The columns are listed by edition, so that a column that comes later does not make what was signed before look changed:
a new one goes into a new edition, beside the old, and each link says which one it was made under.
"""

from collections.abc import Iterable
from typing import Any

from django.db import models

from board.models import BoardDecision, Minutes
from patients.services import snapshot

DECISION, MINUTES = "decision", "minutes"
MODELS: dict[str, type[models.Model]] = {DECISION: BoardDecision, MINUTES: Minutes}
_DECISION_1 = (
    "id patient_id item_id question decided_on outcome text owner next_step interval_days due_date considered "
    "agreement dissent quorum change_class ground amendment_reason supersedes_id recorded_by_id recorded_at"
)
_ASSESSMENT_1 = (
    "id patient_id guideline_id guideline_version guideline_sha256 as_of known_at facts rows verdict verdict_text "
    "digest frozen_by_id frozen_at"
)
_MINUTES_1 = "id meeting_id version content amendment_reason recorded_by_id recorded_at"
_LINK_1 = "sequence kind object_id edition content_hash previous_hash signed_at signed_by_id"
EDITIONS: dict[int, dict[str, frozenset[str]]] = {
    1: {
        "decision": frozenset(_DECISION_1.split()),
        "assessment": frozenset(_ASSESSMENT_1.split()),
        "minutes": frozenset(_MINUTES_1.split()),
        "link": frozenset(_LINK_1.split()),
    }
}
NEWEST = max(EDITIONS)


def content_of(kind: str, row, edition: int = NEWEST) -> dict[str, Any]:
    """Of a row as the database holds it: ask for it anew after storing it."""
    columns = EDITIONS[edition]
    content: dict[str, Any] = {kind: snapshot(row, columns[kind])}
    if kind == DECISION:
        frozen = sorted(row.assessments.all(), key=lambda assessment: str(assessment.pk))
        content["assessments"] = [snapshot(assessment, columns["assessment"]) for assessment in frozen]
    return content


def link_content(link) -> dict[str, Any]:
    return snapshot(link, EDITIONS[link.edition]["link"])


def rows_of(kind: str, ids: Iterable[Any]) -> dict[Any, models.Model]:
    """By id, each with what ``content_of`` reads, in few queries."""
    found = MODELS[kind]._default_manager.all()
    if kind == DECISION:
        found = found.prefetch_related("assessments")
    return found.in_bulk(list(ids))
