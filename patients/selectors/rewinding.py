"""Rows that are changed in place, as they stood at an earlier moment: read back from the trail."""

import datetime as dt
from collections.abc import Collection, Iterable
from typing import TypeVar

from django.core.exceptions import FieldDoesNotExist
from django.db.models import Model

from patients.models import AuditEvent, Patient

Row = TypeVar("Row", bound=Model)


def as_they_were(
    found: Iterable[Row], known_at: dt.datetime, *, patient: Patient | None, made_by: Collection[str] = ()
) -> list[Row]:
    """``found`` of one model, each with every later change of the trail taken back; nothing is stored.

    ``patient``: whose trail it is; None for rows that belong to no case. ``made_by``: actions that first made such a
    row where they left no values before; a row made later is left out.
    """
    by_id = {str(row.pk): row for row in found}
    if not by_id:
        return []
    label = next(iter(by_id.values()))._meta.label
    later = AuditEvent.objects.filter(patient=patient, object_type=label, object_id__in=by_id, at__gt=known_at)
    gone = set()
    for event in later.order_by("-id"):
        if event.before is not None:
            _take_back(by_id[event.object_id], event.before)
        elif event.action in made_by:
            gone.add(event.object_id)
    return [row for key, row in by_id.items() if key not in gone]


def _take_back(row: Model, before: dict) -> None:
    for name, value in before.items():
        try:
            field = row._meta.get_field(name)
        except FieldDoesNotExist:
            continue  # the trail also keeps what is no column, seats of a meeting for example
        target = field.target_field if field.is_relation else field
        setattr(row, field.attname, target.to_python(value))
