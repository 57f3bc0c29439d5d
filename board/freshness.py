"""Whether a page still shows the newest: one short text that changes with every write and every finished job."""

import hashlib

from django.db.models import Count, Max, OuterRef, Q, Subquery

from imaging.models import Job
from patients.models import AuditEvent, Patient


def version_of(patient: Patient) -> str:
    """One query. Says nothing about what is in the case."""
    newest = AuditEvent.objects.filter(patient=OuterRef("pk")).order_by("-id").values("id")[:1]
    found = Patient.objects.filter(pk=patient.pk).annotate(
        last_event=Subquery(newest),
        last_job=Max("jobs__finished_at"),
        open_jobs=Count("jobs", filter=Q(jobs__state__in=[Job.State.QUEUED, Job.State.RUNNING])),
    )
    return hashlib.sha256(str(found.values_list("last_event", "last_job", "open_jobs").get()).encode()).hexdigest()[:16]
