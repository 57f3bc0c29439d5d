"""A form sent twice records one decision."""

import datetime as dt

from django.db import transaction
from django.utils import timezone

from board.models import BoardDecision
from board.services import record_decision
from patients.models import Patient

SAME_SUBMIT = dt.timedelta(minutes=10)


class DecisionConflict(Exception):
    """Somebody else replaced the same decision in the meantime."""


@transaction.atomic
def record_once(*, by, patient: Patient, supersedes: BoardDecision | None = None, **values) -> BoardDecision:
    """``record_decision``, unless this user stored exactly the same within ten minutes: then that one is returned.

    Raises DecisionConflict when the decision to be replaced has been replaced already.
    """
    Patient.objects.select_for_update().get(pk=patient.pk)
    since = timezone.now() - SAME_SUBMIT
    same = BoardDecision.objects.filter(
        patient=patient, recorded_by=by, recorded_at__gte=since, supersedes=supersedes, **values
    ).first()
    if same is not None:
        return same
    if supersedes is not None and BoardDecision.objects.filter(supersedes=supersedes).exists():
        raise DecisionConflict("Another decision has replaced that one meanwhile. Your text is kept; reload to see it.")
    return record_decision(by=by, patient=patient, supersedes=supersedes, **values)
