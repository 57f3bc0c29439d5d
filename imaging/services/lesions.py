"""Lesions and their findings are recorded and revised like any clinical row; taking one away has a condition."""

from django.db import transaction

from imaging.models import Lesion
from imaging.refused import Refused
from patients.domain.roles import Capability
from patients.services import withdraw


@transaction.atomic
def withdraw_lesion(*, by, lesion: Lesion, reason: str) -> Lesion:
    """Only while no reading scores it: a signed score must keep the lesion it speaks of."""
    if not by.may(Capability.EDIT_CLINICAL):
        raise Refused("not_permitted")
    if lesion.lesion_readings.exists():
        raise Refused("lesion_has_score")
    return withdraw(lesion, by=by, reason=reason)
