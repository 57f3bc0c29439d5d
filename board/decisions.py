"""Whether what a decision rested on still stands.

Two things can move: a correction changes what was true on the decision's own clinical day, and new evidence
changes what is true since. The mere passing of time is neither: a value that only grew old is not news.
"""

import datetime as dt
import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache

from django.utils import timezone

from board.models import BoardDecision
from eligibility.case_rows import CaseRows, fetch
from eligibility.domain.comparison import Change, compare
from eligibility.domain.rules import AssessmentResult
from eligibility.fact_tools import dated
from eligibility.models import Assessment
from eligibility.report import row_json
from eligibility.selectors import assess_all
from imaging.models import Scan
from patients.models import (
    BodyMeasure,
    ClinicalAssertion,
    Diagnosis,
    HistologySpecimen,
    LabResult,
    Patient,
    PerformanceStatus,
    PrrtCycle,
    SsaInjection,
    TreatmentLine,
)

Assess = Callable[[dt.date], dict[str, AssessmentResult]]

EVIDENCE = (
    BodyMeasure,
    ClinicalAssertion,
    Diagnosis,
    HistologySpecimen,
    LabResult,
    PerformanceStatus,
    PrrtCycle,
    Scan,
    SsaInjection,
    TreatmentLine,
)


@dataclass(frozen=True)
class DecisionState:
    """A decision with its frozen assessments and what has changed since, corrections first."""

    decision: BoardDecision
    assessments: list[Assessment]
    changes: list[Change]
    is_superseded: bool

    @property
    def is_stale(self) -> bool:
        return bool(self.changes)


def decisions(patient: Patient, *, today: dt.date | None = None, rows: CaseRows | None = None) -> list[DecisionState]:
    """Every decision, newest first. A superseded one is history: its ground is not looked at again."""
    found = BoardDecision.objects.filter(patient=patient).select_related("superseded_by")
    found = list(found.prefetch_related("assessments"))
    if not found:
        return []
    case = rows or fetch(patient)
    day = today or timezone.localdate()
    return [_state(decision, case, day, once_a_day(case)) for decision in reversed(found)]


def _state(decision: BoardDecision, case: CaseRows, today: dt.date, assess: Assess) -> DecisionState:
    frozen = list(decision.assessments.all())
    is_superseded = hasattr(decision, "superseded_by")
    changes = [] if is_superseded else changes_since(frozen, case, today=today, assess=assess)
    return DecisionState(decision, frozen, changes, is_superseded)


def once_a_day(case: CaseRows) -> Assess:
    """Every rule set on a clinical day, computed once for each day asked for."""
    return lru_cache(maxsize=None)(lambda day: assess_all(case.patient, as_of=day, rows=case))


def changes_since(frozen: Iterable[Assessment], case: CaseRows, *, today: dt.date, assess: Assess) -> list[Change]:
    """What every frozen assessment would say differently now. Asks the database nothing.

    ``assess`` gives every rule set's result on a clinical day from the same rows (see ``once_a_day``).
    """
    newest = newest_evidence(case, today)
    return [change for assessment in frozen for change in _changes(assessment, newest, assess)]


def _changes(frozen: Assessment, newest: dt.date | None, assess: Assess) -> list[Change]:
    now = assess(frozen.as_of).get(frozen.guideline_id)
    if now is None:
        return [_withdrawn(frozen)]
    cause = "corrected" if now.guideline_sha256 == frozen.guideline_sha256 else "rule set"
    corrected = [] if now.digest == frozen.digest else _compare(frozen.rows, now, cause)
    if now.digest != frozen.digest and not corrected:
        corrected = [_reworded(frozen, now)]
    told = {change.row_id for change in corrected}
    return corrected + [change for change in _newer(now, newest, assess) if change.row_id not in told]


def _newer(then: AssessmentResult, newest: dt.date | None, assess: Assess) -> list[Change]:
    """Rows that newer evidence has moved to another state; a new value in the same state is not news."""
    if newest is None or newest <= then.as_of:
        return []
    later = assess(newest)[then.guideline_id]
    found = _compare([row_json(row) for row in then.rows], later, "newer")
    new_sources = {row.id: set(row.sources) for row in later.rows}
    old_sources = {row.id: set(row.sources) for row in then.rows}
    return [
        change
        for change in found
        if change.old_state != change.new_state and new_sources[change.row_id] - old_sources.get(change.row_id, set())
    ]


def digest_of(changes: Iterable[Change]) -> str:
    """One name for one set of changes: what a notice was written about, and what an answer has seen."""
    return digest_of_stored(change.as_json for change in changes)


def digest_of_stored(changes: Iterable[dict]) -> str:
    stored = sorted(json.dumps(change, sort_keys=True) for change in changes)
    return hashlib.sha256(json.dumps(stored).encode()).hexdigest()


def newest_evidence(case: CaseRows, today: dt.date) -> dt.date | None:
    days = [dated(row) for model in EVIDENCE for row in case.of(model)]
    return max((day for day in days if day is not None and day <= today), default=None)


def _compare(before: list[dict], now: AssessmentResult, cause: str) -> list[Change]:
    return compare(now.guideline_id, before, [row_json(row) for row in now.rows], cause)


def _withdrawn(frozen: Assessment) -> Change:
    said = f"{frozen.guideline_id} v{frozen.guideline_version}"
    return Change(frozen.guideline_id, "SET", f"Rule set {said}", "in use", "no longer here", "", "", "rule set")


def _reworded(frozen: Assessment, now: AssessmentResult) -> Change:
    """Same states and values for another reason: another source row, or another edition of the rule set."""
    old, new = f"v{frozen.guideline_version}", f"v{now.guideline_version}"
    cause = "corrected" if now.guideline_sha256 == frozen.guideline_sha256 else "rule set"
    return Change(now.guideline_id, "SET", f"Ground of {now.guideline_id}", "as decided", "changed", old, new, cause)
