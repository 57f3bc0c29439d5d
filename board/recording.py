"""A form sent twice records one decision."""

import datetime as dt

from django.db import transaction
from django.utils import timezone

from board.models import BoardDecision
from board.services import record_decision
from patients.models import Patient

SAME_SUBMIT = dt.timedelta(minutes=10)


@transaction.atomic
def record_once(*, by, patient: Patient, supersedes: BoardDecision | None = None, **values) -> BoardDecision:
    """``record_decision``, unless this user stored exactly the same within ten minutes: then that one is returned."""
    Patient.objects.select_for_update().get(pk=patient.pk)
    since = timezone.now() - SAME_SUBMIT
    same = BoardDecision.objects.filter(
        patient=patient, recorded_by=by, recorded_at__gte=since, supersedes=supersedes, **values
    ).first()
    return same or record_decision(by=by, patient=patient, supersedes=supersedes, **values)
