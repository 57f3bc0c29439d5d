"""Whether a page still shows the newest: a short text that changes with each write, ended job, rule set and release."""

import hashlib
from uuid import UUID

from django.conf import settings
from django.db.models import Count, Max, OuterRef, Q, QuerySet, Subquery

from board.due_rules import due_rules_mark
from eligibility.loader import hashes
from imaging.models import Job
from patients.models import AuditEvent, Patient
from patients.prepared import Prepared

# Entries of the trail that leave the case as it was: they make no page old.
ONLY_READ = (
    "export_fhir",
    "export_cohort",
    "request_export",
    "export_patient",
    "export_failed",
    "download_export",
    "remove_export",
    "duplicate_check",
    "try_emergency",
    "review_emergency",
)


def version_of(patient: Patient) -> str:
    """One query. Says nothing about what is in the case.

    Rows of the trail are counted: the newest of them may have come before one with a lower number.
    """
    found = _STATE.rows(patient.pk)
    if not found:
        raise Patient.DoesNotExist
    return hashlib.sha256(str([*found[0], *edition()]).encode()).hexdigest()[:16]


def _state(pk: UUID) -> QuerySet:
    written = AuditEvent.objects.filter(patient=OuterRef("pk")).exclude(action__in=ONLY_READ)
    events = written.order_by().values("patient")
    found = Patient.objects.filter(pk=pk).annotate(
        events=Subquery(events.annotate(number=Count("id")).values("number")),
        last_job=Max("jobs__finished_at"),
        open_jobs=Count("jobs", filter=Q(jobs__state__in=[Job.State.QUEUED, Job.State.RUNNING])),
    )
    return found.values_list("events", "last_job", "open_jobs")


_STATE = Prepared(_state, Patient._meta.pk)


def edition() -> list[str]:
    """What the same rows are shown and judged by."""
    return [settings.VERSION, *hashes(), due_rules_mark()]
