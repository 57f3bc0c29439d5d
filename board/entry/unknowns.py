"""Saying that a value is not known, where the chart itself can only be empty."""

import uuid

from board.entry.recorded import ASSERTED
from board.models import StatedUnknown
from patients.domain.bulk_columns import OWN_WORD
from patients.models import Patient
from patients.services.audit import audit_many


def has_own_word(name: str) -> bool:
    return name in ASSERTED or name.rpartition(".")[2] in OWN_WORD


def state_unknown(*, by, patient: Patient, lineage: uuid.UUID | None, name: str, is_unknown: bool = True) -> None:
    """``name``: the column of the row with this lineage; of the case itself ("patient.centre") it has none."""
    said = StatedUnknown(patient=patient, lineage=lineage, name=name, is_unknown=is_unknown, recorded_by=by)
    state_many(by=by, stated=[said])


def state_many(*, by, stated: list[StatedUnknown]) -> None:
    """Many together, in few statements."""
    if stated:
        made = StatedUnknown.objects.bulk_create(stated, batch_size=500)
        audit_many(by=by, action="state_unknown", objs=made, fields=["lineage", "name", "is_unknown"])
