"""Decisions of the board, the frozen assessments under them, and what became of them. Written only.

A decision is what people decided; an assessment is what one rule set said, always with its version. Neither the
person who recorded a decision nor the one it was given to is named.
"""

from typing import Any

from board.fhir.mapping.parts import Json, extension, instant, local, notes, reference, resource


def assessment(row: Any, patient_id: object) -> Json:
    return resource(
        "Observation",
        row.pk,
        extension=extension("digest", "String", row.digest),
        status="final",
        code=local("rule-set", row.guideline_id, f"{row.guideline_id} v{row.guideline_version}"),
        subject=reference(patient_id),
        effectiveDateTime=row.as_of.isoformat(),
        issued=instant(row.frozen_at),
        valueString=f"{row.verdict_text or row.verdict} ({row.guideline_id} v{row.guideline_version})",
    )


def decision(row: Any, patient_id: object, *, assessments: list, told: list, is_replaced: bool) -> Json:
    """``told``: its follow-ups, oldest first. A decision that a later one has replaced is revoked."""
    outcomes = [one for one in told if one.tells_outcome]
    is_done = bool(outcomes) and outcomes[-1].kind == "done"
    return resource(
        "CarePlan",
        row.pk,
        extension=extension("agreement", "Code", row.agreement),
        replaces=[reference(row.supersedes_id)] if row.supersedes_id else None,
        status="revoked" if is_replaced else "completed" if is_done else "active",
        intent="plan",
        category=[local("decision", row.outcome, row.get_outcome_display())],
        title=f"Decision of the board: {row.get_outcome_display()}",
        description=row.text,
        subject=reference(patient_id),
        created=row.decided_on.isoformat(),
        supportingInfo=[reference(one.pk) for one in assessments],
        activity=[_activity(row, outcomes, is_done)] if row.next_step or row.due_date or outcomes else None,
        note=[*notes(row.dissent and f"Dissent: {row.dissent}"), *notes(row.amendment_reason)],
    )


def _activity(row: Any, outcomes: list, is_done: bool) -> Json:
    code = {"code": local("next-step", row.next_step, row.get_next_step_display())} if row.next_step else {}
    due = {"scheduledPeriod": {"end": row.due_date.isoformat()}} if row.due_date else {}
    happened = {"outcomeReference": [reference(one.pk) for one in outcomes]} if outcomes else {}
    return happened | {"detail": code | {"status": "completed" if is_done else "unknown"} | due}


def follow_up(row: Any, patient_id: object) -> Json:
    return resource(
        "ClinicalImpression",
        row.pk,
        status="completed",
        code=local("follow-up", row.kind, row.get_kind_display()),
        subject=reference(patient_id),
        date=instant(row.recorded_at),
        summary=row.reason,
    )
