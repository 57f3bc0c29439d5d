"""The audit trail of one case, newest first: who did what, what it was before and after, and why."""

import datetime as dt
from dataclasses import dataclass

from board.seen_by import EVERYTHING, SeenAsked, narrowed
from patients.domain.roles import Capability
from patients.models import AuditEvent, Patient
from patients.trail import TrailEntry, as_entries

SHOWN = 50
MAY_READ = (Capability.EDIT_CLINICAL, Capability.RECORD_DECISION, Capability.GRANT_ACCESS)


@dataclass(frozen=True)
class Trail:
    entries: list[TrailEntry]
    older: int | None


def may_read_trail(user) -> bool:
    """It names people and identifiers of other systems: for those who work on the case, not for those who only read."""
    return any(user.may(capability) for capability in MAY_READ)


def trail(
    patient: Patient, before: str, asked: SeenAsked = EVERYTHING, *, known_at: dt.datetime | None = None
) -> Trail:
    """A page of it; ``before`` is the number of the event the page before ended with."""
    found = narrowed(AuditEvent.objects.filter(patient=patient), asked, person="by")
    found = found.select_related("by").order_by("-id")
    if known_at is not None:
        found = found.filter(at__lte=known_at)
    if before.isdecimal():
        found = found.filter(id__lt=min(int(before), 2**63 - 1))
    events = list(found[: SHOWN + 1])
    older = events[SHOWN - 1].id if len(events) > SHOWN else None
    return Trail(as_entries(events[:SHOWN]), older)
