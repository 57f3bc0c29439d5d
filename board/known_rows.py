"""Rows of the board as they stood at a moment: what came later is left out, what was changed later taken back."""

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.db.models import Model

from board.models import (
    AgendaItem,
    BoardDecision,
    CaseClosing,
    CaseQuestion,
    Contact,
    DecisionFollowUp,
    DecisionNotice,
    Meeting,
)
from eligibility.models import Assessment
from imaging.models import Job
from patients.models import Patient
from patients.selectors import as_they_were

Rows = dict[type[Model], list]
WRITTEN = {
    BoardDecision: "recorded_at",
    DecisionNotice: "noticed_at",
    DecisionFollowUp: "recorded_at",
    CaseQuestion: "recorded_at",
    Contact: "recorded_at",
    CaseClosing: "recorded_at",
    AgendaItem: "added_at",
    Meeting: "created_at",
    Job: "created_at",
}
_FROZEN = BoardDecision.assessments.through


def rows_known(patient: Patient, found: Rows, known_at: dt.datetime) -> Rows:
    known = {model: _written(found[model], name, known_at) for model, name in WRITTEN.items()}
    known[AgendaItem] = as_they_were(known[AgendaItem], known_at, patient=patient)
    known[Meeting] = as_they_were(known[Meeting], known_at, patient=None)
    known[Job] = [job for job in known[Job] if _is_shown(job, patient, known_at)]
    decided = {row.pk for row in known[BoardDecision]}
    known[_FROZEN] = [link for link in found[_FROZEN] if link.boarddecision_id in decided]
    frozen = {link.assessment_id for link in known[_FROZEN]}
    known[Assessment] = [row for row in found[Assessment] if row.pk in frozen]
    return {**found, **known}


def _written(rows: Iterable[Any], name: str, known_at: dt.datetime) -> list:
    return [row for row in rows if getattr(row, name) <= known_at]


def _is_shown(job: Job, patient: Patient, known_at: dt.datetime) -> bool:
    """Those of the case that were open, and of those that had ended what was left without a result."""
    if job.finished_at is not None and job.finished_at <= known_at:
        return job.state in Job.WITHOUT_RESULT
    job.state = Job.State.RUNNING if job.started_at and job.started_at <= known_at else Job.State.QUEUED
    return job.patient_id == patient.pk
