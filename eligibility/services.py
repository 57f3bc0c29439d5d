"""Freezing what the rule sets said, with every fact they used."""

import datetime as dt
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from eligibility.case_rows import CaseRows, fetch
from eligibility.domain.facts import Fact, Facts, LesionFact
from eligibility.domain.rules import AssessmentResult
from eligibility.models import Assessment
from eligibility.report import row_json
from eligibility.selectors import assess_all, facts_from
from patients.models import Patient
from patients.services import audit


@transaction.atomic
def freeze(*, by, patient: Patient, as_of: dt.date, rows: CaseRows | None = None) -> list[Assessment]:
    """Store what every rule set says on ``as_of`` with today's knowledge: one row per set, never changed."""
    known_at = timezone.now()
    facts = facts_from(rows or fetch(patient), as_of)
    results = assess_all(patient, as_of=as_of, facts=facts)
    frozen = [_frozen(result, facts, by, patient, known_at) for result in results.values()]
    for assessment in frozen:
        assessment.save(force_insert=True)
        after = {"guideline": assessment.guideline_id, "verdict": assessment.verdict, "digest": assessment.digest}
        audit(by=by, action="freeze_assessment", obj=assessment, after=after)
    return frozen


def _frozen(result: AssessmentResult, facts: Facts, by, patient: Patient, known_at: dt.datetime) -> Assessment:
    used = sorted({name for row in result.rows for name in row.fact_names})
    return Assessment(
        patient=patient,
        guideline_id=result.guideline_id,
        guideline_version=result.guideline_version,
        guideline_sha256=result.guideline_sha256,
        as_of=result.as_of,
        known_at=known_at,
        facts={name: fact_json(facts[name]) for name in used if name in facts},
        rows=[row_json(row) for row in result.rows],
        verdict=result.verdict_code,
        verdict_text=result.verdict_text,
        digest=result.digest,
        frozen_by=by,
    )


def fact_json(fact: Fact) -> dict:
    return {
        "value": _value_json(fact),
        "text": fact.value_text,
        "unit": fact.unit,
        "date": fact.clinical_date.isoformat() if fact.clinical_date else None,
        "reason": fact.reason if fact.value is None else "",
        "sources": [{"model": s.model, "id": s.id, "label": s.label} for s in fact.sources],
    }


def _value_json(fact: Fact):
    if fact.value is None:
        return None
    if isinstance(fact.value, frozenset):
        return sorted(fact.value)
    if isinstance(fact.value, tuple):
        return [_lesion_json(lesion) for lesion in fact.value]
    ends = fact.value
    return {
        "low": _text(ends.low),
        "high": _text(ends.high),
        "low_open": ends.low_open,
        "high_open": ends.high_open,
    }


def _lesion_json(lesion: LesionFact) -> dict:
    return {
        "label": lesion.label,
        "site": lesion.site,
        "is_visceral": lesion.is_visceral,
        "is_target": lesion.is_target,
        "relation": sorted(lesion.relation) if lesion.relation else None,
        "reason": lesion.reason,
        "score": lesion.score_text,
        "uptake": lesion.uptake_text,
        "size_mm": _text(lesion.size_mm),
        "size_reason": "" if lesion.size_mm is not None else lesion.size_reason,
    }


def _text(number: Decimal | None) -> str | None:
    return None if number is None else str(number)
