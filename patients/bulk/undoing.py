"""Taking an import back: every row that nobody touched since is withdrawn; what stays says why."""

import datetime as dt

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from patients import models
from patients.bulk.importing import NO_RIGHT
from patients.domain.bulk_columns import TABLES
from patients.domain.bulk_reasons import NEW
from patients.domain.roles import Capability
from patients.models import AccessGrant, ImportBatch, ImportRow, Patient, Versioned
from patients.selectors import visible_patients
from patients.services import Conflict, StillInUse, audit, revoke_access, withdraw
from patients.services.access import FOLLOWED

# What the import itself said is not known is older than its batch.
STATED = "StatedUnknown"
# What a case that was only just opened has besides its own row.
OPENING = {"AuditEvent", "AccessEvent", "AccessGrant", "ImportRow"}


class UndoRefused(ValueError):
    """``str()`` is a sentence for the person who asked."""


@transaction.atomic
def undo_import(batch: ImportBatch, *, by, reason: str) -> ImportBatch:
    """Raises PermissionDenied or UndoRefused."""
    if not by.may(Capability.EDIT_CLINICAL) or batch.by_id != by.pk:
        raise PermissionDenied(NO_RIGHT)
    batch = ImportBatch.objects.select_for_update().get(pk=batch.pk)
    if batch.undone_at is not None:
        raise UndoRefused("This import was taken back already.")
    if not reason.strip():
        raise UndoRefused("Say why the import is taken back: it goes into the history of every case.")
    said = f"Import {str(batch.pk)[:8]} taken back: {reason.strip()}"[:300]
    rows = list(batch.rows.filter(outcome=NEW).select_related("patient").order_by("-id"))
    mine = set(visible_patients(by).filter(pk__in={row.patient_id for row in rows}).values_list("pk", flat=True))
    order = list(TABLES)
    for row in sorted(rows, key=lambda one: -order.index(one.table)):
        row.undone = _take_back(row, by=by, reason=said) if row.patient_id in mine else "not_yours"
    ImportRow.objects.bulk_update(rows, ["undone"], batch_size=500)
    batch.undone_at, batch.undone_by, batch.undo_reason = timezone.now(), by, reason.strip()[:300]
    batch.save(update_fields=["undone_at", "undone_by", "undo_reason"])
    counts = {row.undone: sum(one.undone == row.undone for one in rows) for row in rows}
    audit(by=by, action="undo_import", obj=batch, after=counts, reason=said)
    return batch


def _take_back(row: ImportRow, *, by, reason: str) -> str:
    if row.table == "patients":
        return _close(row, by=by, reason=reason)
    model = getattr(models, TABLES[row.table].model)
    current = model.objects.filter(pk=row.object_id).first()
    if current is None:
        return "gone_already"
    if current.recorded_at != row.made_at:
        return "changed_since"
    try:
        withdraw(current, by=by, reason=reason, expected_recorded_at=row.made_at)
    except StillInUse:
        return "still_in_use"
    except Conflict:
        return "changed_since"
    return "taken_back"


def _close(row: ImportRow, *, by, reason: str) -> str:
    """A case cannot be deleted, its number and its trail stay; but nobody needs to see an empty one."""
    patient = Patient.objects.select_for_update().get(pk=row.patient_id)
    if patient.recorded_at != row.made_at:
        return "changed_since"
    if _has_more(patient, row.batch.at):
        return "case_in_use"
    for grant in AccessGrant.objects.filter(patient=patient, revoked_at=None):
        # The centre's access ends with the case, not by anybody's word about the centre: it may come back with it.
        revoke_access(grant, by=by, reason=FOLLOWED if grant.kind == AccessGrant.Kind.CENTRE else reason)
    return "case_closed"


def _has_more(patient: Patient, imported_at: dt.datetime) -> bool:
    for relation in patient._meta.related_objects:
        model = relation.related_model
        if model.__name__ in OPENING:
            continue
        manager = model.objects if issubclass(model, Versioned) else model._default_manager
        found = manager.filter(**{relation.field.name: patient})
        if model.__name__ == STATED:
            found = found.filter(recorded_at__gt=imported_at, lineage=None)  # of a row: it counts with its row
        if found.exists():
            return True
    return False
