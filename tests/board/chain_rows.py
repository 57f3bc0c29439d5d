"""A small chain for tests, made without the services that fill one: decisions with two frozen assessments each."""

import datetime as dt

from django.utils import timezone

from board import chain
from board.models import BoardDecision
from eligibility.models import Assessment
from patients.services import audit

DAY = dt.date(2026, 5, 14)


def small_chain(by, patient, number: int = 4) -> list[BoardDecision]:
    return [signed(by, patient, n) for n in range(number)]


def signed(by, patient, n: int) -> BoardDecision:
    values = {"decided_on": DAY, "outcome": "not_yet", "text": f"Decision {n}: ≥ 2 weeks", "owner": "Ward"}
    ground = {"scans": [{"id": str(n), "suv_max": 9.09, "digest": "d" * 64}], "change": None}
    decision = BoardDecision.objects.create(
        patient=patient, recorded_by=by, considered=["stage"], ground=ground, interval_days=14, due_date=DAY, **values
    )
    decision.assessments.set([_assessment(by, patient, f"set-{n}-{which}") for which in ("a", "b")])
    audit(by=by, action="record_decision", obj=decision)
    chain.append_now(by=by, kind="decision", obj=decision)
    return decision


def _assessment(by, patient, name: str) -> Assessment:
    return Assessment.objects.create(
        patient=patient,
        guideline_id=name,
        guideline_version="1",
        guideline_sha256="a" * 64,
        as_of=DAY,
        known_at=timezone.now(),
        facts={"platelets": {"value": {"low": "78", "high": "78"}, "text": "78"}},
        rows=[{"id": "R1", "state": "met", "limit": 1e-4}],
        verdict="not_eligible",
        verdict_text=f"not eligible under {name} v1",
        digest="b" * 64,
        frozen_by=by,
    )
