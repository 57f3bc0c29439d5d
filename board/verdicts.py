"""A reader's verdict on a change, with the watch state that follows from it."""

from django.db import transaction

from board.watching import keep_watch
from eligibility.models import ChangeVerdict
from eligibility.verdict_giving import give_verdict
from patients.models import Patient


@transaction.atomic
def answer_change(*, by, patient: Patient, **said) -> ChangeVerdict:
    """As ``give_verdict``, which says what ``said`` holds and what it raises."""
    verdict = give_verdict(by=by, patient=patient, **said)
    keep_watch(patient)
    return verdict
