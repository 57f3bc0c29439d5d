"""A mark that changes whenever a list page would: equal marks are answered by 304, without reading the page's rows.

Every write leaves a row in the trail and every job its end; a right that runs out leaves neither, so the last one
that ran out is part of the mark.
"""

import hashlib
import json

from django.contrib.messages import get_messages
from django.db.models import Max
from django.utils import timezone

from imaging.models import Job
from patients.models import AccessGrant, AuditEvent


def list_stamp(request, **_) -> str | None:
    """For ``condition``; None while a message waits to be shown once."""
    if not request.user.is_authenticated or len(get_messages(request)):
        return None
    user = request.user
    seen = [
        request.get_full_path(),
        str(timezone.localdate()),
        [user.pk, user.role, user.is_staff, list(user.teams.order_by("pk").values_list("pk", flat=True))],
        AuditEvent.objects.aggregate(last=Max("id"))["last"],
        _last_ended(),
        [str(at) for at in _job_moments()],
    ]
    return f'"{hashlib.sha256(json.dumps(seen, default=str).encode()).hexdigest()[:24]}"'


def _last_ended() -> str:
    ended = AccessGrant.objects.filter(until__lte=timezone.now()).aggregate(last=Max("until"))["last"]
    return str(ended)


def _job_moments() -> list:
    """Beginnings and ends of work, and how far the open ones are."""
    last = Job.objects.aggregate(created=Max("created_at"), finished=Max("finished_at"))
    running = Job.objects.filter(state__in=Job.OPEN).values_list("pk", "state", "stage", "progress_done", "lease_until")
    return [*last.values(), *running.order_by("pk")]
