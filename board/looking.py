"""Looking again at patients: at those whom the audit trail names, and at those who could not be looked at before.

Each patient is a transaction of its own. One case that cannot be read is logged and remembered, and tried again with
every round of news and every night; it holds up no other. One that ends the process that looks at it is known by its
row, written before: after three such looks it is tried once a day.
"""

import datetime as dt
import logging

from django.conf import settings
from django.db.models import F, Q
from django.utils import timezone

from board.guests import seat_guests
from board.models import MissedLook, WatchState
from board.services import look_again
from board.watching import keep_watch
from eligibility.models import OutboxCursor
from imaging.services import compare_weights
from patients import outbox
from patients.models import Patient

log = logging.getLogger("prrt.board")
CURSOR = "board.decisions"
RETRIED = 100
LEFT_ALONE = dt.timedelta(days=1)


def look(patient: Patient) -> WatchState | None:
    """Notices and watch state of one patient, made again; None where that was not possible, which is remembered."""
    if not _begin(patient):
        return None
    try:
        compare_weights(patient=patient)
        look_again(patient)
        state = keep_watch(patient)
    except Exception as error:  # whatever it is, the others are still looked at
        log.error("patient %s could not be looked at: %s", patient.pk, type(error).__name__)
        now, missed = timezone.now(), MissedLook.objects.filter(patient=patient)
        missed.update(tries=F("tries") + 1, last_at=now, unreturned=0)
        return None
    MissedLook.objects.filter(patient=patient).delete()
    return state


def _begin(patient: Patient) -> bool:
    """Whether to look at it; counted before, so that the count outlives the process."""
    _, is_new = MissedLook.objects.get_or_create(patient=patient, defaults={"unreturned": 1})
    begun = MissedLook.objects.filter(patient=patient).exclude(_is_left_alone())
    if is_new or begun.update(unreturned=F("unreturned") + 1, last_at=timezone.now()):
        return True
    log.error("patient %s ended every process that looked at it; it is tried once a day", patient.pk)
    return False


def _is_left_alone() -> Q:
    return Q(unreturned__gte=settings.JOB_MAX_ATTEMPTS, last_at__gt=timezone.now() - LEFT_ALONE)


def retry_missed() -> None:
    """The longest not tried first."""
    waiting = MissedLook.objects.missed().exclude(_is_left_alone()).select_related("patient")
    for missed in waiting.order_by("last_at")[:RETRIED]:
        look(missed.patient)


def read_news(*, limit: int = 500) -> int:
    """Look again at every patient the audit trail names since last time, and at their decisions; returns rows read.

    The cursor moves only after the work is done, so a reader that dies repeats it, and finds its notices there.
    """
    cursor, _ = OutboxCursor.objects.get_or_create(name=CURSOR)
    events = outbox.news(after_id=cursor.last_id, limit=limit)
    if not events:
        return 0
    seat_guests(events)
    touched = {event.patient_id for event in events if event.patient_id is not None}
    for patient in Patient.objects.filter(pk__in=touched):
        look(patient)
    OutboxCursor.objects.filter(name=CURSOR, last_id=cursor.last_id).update(
        last_id=events[-1].id, updated_at=timezone.now()
    )
    return len(events)
