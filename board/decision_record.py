"""A signed decision in full: what ``decision.json`` hands out and what minutes keep of it.

Schema: docs/schemas/decision.schema.json, printed by ``manage.py decision --schema``.
"""

import datetime as dt
from typing import Any

from django.db.models import Q

from board.models import AgendaItem, BoardDecision, DecisionFollowUp
from eligibility.models import Assessment
from eligibility.report import NOTICE

FORMAT = "prrt-board/decision/1"
PENDING = "pending"


def decision_record(decision: BoardDecision, *, known_at: dt.datetime | None = None) -> dict[str, Any]:
    """Everything the decision says and rests on, with what has been told of it since, or by ``known_at``."""
    return {
        "format": FORMAT,
        "notice": NOTICE,
        "case": decision.patient.case_number,
        **decision_core(decision),
        "ground": decision.ground,
        "assessments": [_assessment(a) for a in _assessments(decision)],
        "superseded_by": superseded_by(decision, known_at),
        "follow_up": follow_up_of(decision, known_at),
    }


def decision_core(decision: BoardDecision) -> dict[str, Any]:
    """What was decided, without the rows it rests on; never changes once signed."""
    return {
        "id": str(decision.pk),
        "meeting": _meeting(decision.item) if decision.item else None,
        "question": decision.question,
        "decided_on": decision.decided_on.isoformat(),
        "outcome": _choice(decision.outcome, decision.get_outcome_display()),
        "recommendation": decision.text,
        "next_step": _choice(decision.next_step, decision.get_next_step_display()) if decision.next_step else None,
        "interval_days": decision.interval_days,
        "due_date": decision.due_date.isoformat() if decision.due_date else None,
        "owner": decision.owner,
        "considered": [name for name in BoardDecision.CONSIDERED if name in decision.considered],
        "agreement": decision.agreement or None,
        "dissent": decision.dissent,
        "quorum": decision.quorum,
        "change_class": decision.change_class or None,
        "amendment_reason": decision.amendment_reason,
        "supersedes": str(decision.supersedes_id) if decision.supersedes_id else None,
        "signed_by": decision.recorded_by.shown_name,
        "signed_at": decision.recorded_at.isoformat(),
        "verdicts": [_verdict(a) for a in _assessments(decision)],
    }


def follow_up_of(decision: BoardDecision, known_at: dt.datetime | None = None) -> dict[str, Any]:
    """The last word on what became of it; "pending" where nobody has said anything."""
    words = decision.follow_ups.filter(_by(known_at), kind__in=DecisionFollowUp.OUTCOMES)
    told = words.order_by("recorded_at").last()
    if told is None:
        return {"status": PENDING, "reason": "", "told_at": None}
    return {"status": told.kind, "reason": told.reason, "told_at": told.recorded_at.isoformat()}


def superseded_by(decision: BoardDecision, known_at: dt.datetime | None = None) -> str | None:
    later = BoardDecision.objects.filter(_by(known_at), supersedes=decision).values_list("pk", flat=True).first()
    return str(later) if later else None


def _by(known_at: dt.datetime | None) -> Q:
    return Q() if known_at is None else Q(recorded_at__lte=known_at)


def _choice(code: str, label: str) -> dict[str, str]:
    return {"code": code, "label": str(label)}


def _meeting(item: AgendaItem) -> dict[str, str]:
    meeting = item.meeting
    return {
        "id": str(meeting.pk),
        "title": meeting.title,
        "starts_at": meeting.starts_at.isoformat(),
        "item": str(item.pk),
    }


def _assessments(decision: BoardDecision) -> list[Assessment]:
    return sorted(decision.assessments.all(), key=lambda a: a.guideline_id)


def _verdict(assessment: Assessment) -> dict[str, str]:
    return {
        "assessment": str(assessment.pk),
        "rule_set": assessment.guideline_id,
        "version": assessment.guideline_version,
        "sha256": assessment.guideline_sha256,
        "verdict": assessment.verdict,
        "verdict_text": assessment.verdict_text,
        "digest": assessment.digest,
    }


def _assessment(assessment: Assessment) -> dict[str, Any]:
    return {
        **_verdict(assessment),
        "as_of": assessment.as_of.isoformat(),
        "known_at": assessment.known_at.isoformat(),
        "facts": assessment.facts,
        "rows": assessment.rows,
    }
