"""What waits for this user: held series, failed work, unread scans, decisions whose ground moved, due dates."""

import datetime as dt
from dataclasses import dataclass

from django.db.models import Exists, OuterRef

from board.models import BoardDecision, DecisionFollowUp, DecisionNotice
from board.words import row_day
from imaging.access import visible_scans, visible_series, visible_uploads
from imaging.models import Job, Reading, Scan, Series, Upload
from imaging.selectors import current_suv, open_decisions
from patients.models import Patient
from patients.selectors import visible_patients

SHOWN = 8


@dataclass(frozen=True)
class Worklist:
    held: list[Series]
    unread: list[Scan]
    stale: list[DecisionNotice]
    due: list[BoardDecision]
    failed: list[Job]
    uploads: list[Upload]
    recent: list[Patient]

    @property
    def is_empty(self) -> bool:
        return not any((self.held, self.unread, self.stale, self.due, self.failed))


def worklist(user, *, today: dt.date) -> Worklist:
    """At most ``SHOWN`` of each, the oldest waiting first; recent imports and cases newest first."""
    patients = visible_patients(user)
    waiting = [Series.Identity.HELD, Series.Identity.UNASSIGNED]
    return Worklist(
        held=list(
            visible_series(user)
            .filter(identity__in=waiting)
            .select_related("study", "candidate_patient")
            .order_by("created_at")[:SHOWN]
        ),
        unread=_unread(user),
        stale=list(
            DecisionNotice.objects.unanswered()
            .filter(decision__patient__in=patients, decision__superseded_by=None)
            .select_related("decision__patient")
            .order_by("noticed_at")[:SHOWN]
        ),
        due=list(
            BoardDecision.objects.filter(
                patient__in=patients, superseded_by=None, due_date__lte=today + dt.timedelta(days=30)
            )
            .exclude(follow_ups__kind=DecisionFollowUp.Kind.DONE)
            .select_related("patient")
            .order_by("due_date")[:SHOWN]
        ),
        failed=list(
            Job.objects.filter(patient__in=patients, state=Job.State.FAILED)
            .select_related("patient")
            .order_by("-finished_at")[:SHOWN]
        ),
        uploads=list(visible_uploads(user).select_related("patient").order_by("-created_at")[:SHOWN]),
        recent=list(patients.order_by("-recorded_at")[:SHOWN]),
    )


def _unread(user) -> list[Scan]:
    signed = Reading.objects.filter(scan=OuterRef("pk"), state=Reading.State.SIGNED)
    waiting = visible_scans(user).filter(~Exists(signed)).select_related("patient", "pet_series")
    waiting = waiting.prefetch_related("pet_series__suv_inputs__recorded_by", "pet_series__suv_results")
    found = list(waiting.order_by("recorded_at")[:SHOWN])
    counts = open_decisions(found)
    for scan in found:
        scan.day_words = row_day(scan)
        scan.to_decide = _to_decide(*counts[scan.pk])
        scan.why_no_suv = current_suv(scan.pet_series).message if scan.pet_series else ""
    return found


def _to_decide(foci: int, lesions: int) -> str:
    """What the software found and a person has not decided yet."""
    parts = [(foci, "focus", "foci", "to decide"), (lesions, "lesion", "lesions", "of the scan before to confirm")]
    return ", ".join(f"{n} {one if n == 1 else many} {what}" for n, one, many, what in parts if n)
