"""The audit trail, which is also the outbox that the apps above read by cursor."""

import datetime as dt
import uuid
from decimal import Decimal

from django.db import models, transaction

from patients import outbox
from patients.models import AuditEvent, Patient

REASON_LENGTH = 300


def snapshot(obj: models.Model, fields=None) -> dict:
    """The stored values of ``obj`` as JSON types: decimals as text, so that no digit is lost."""
    names = set(fields) if fields is not None else None
    return {
        field.attname: _json(getattr(obj, field.attname))
        for field in obj._meta.concrete_fields
        if names is None or field.name in names or field.attname in names
    }


def audit(*, by, action: str, obj: models.Model, patient=None, before=None, after=None, reason: str = "") -> AuditEvent:
    """Write one row of the trail in the caller's transaction; ``by=None`` means the system itself."""
    event = _event(by=by, action=action, obj=obj, patient=patient, before=before, after=after, reason=reason)
    with transaction.atomic():
        outbox.hold_open()
        event.save(force_insert=True)
    return event


def audit_many(*, by, action: str, objs, reason: str = "", fields=None) -> None:
    """One row per object, written together: for loads of many rows at once."""
    events = [_event(by=by, action=action, obj=obj, after=snapshot(obj, fields), reason=reason) for obj in objs]
    with transaction.atomic():
        outbox.hold_open()
        AuditEvent.objects.bulk_create(events, batch_size=500)


def _event(*, by, action, obj, patient=None, before=None, after=None, reason="") -> AuditEvent:
    if len(reason) > REASON_LENGTH:
        raise ValueError(f"A reason has at most {REASON_LENGTH} characters.")
    return AuditEvent(
        by=by,
        action=action,
        object_type=obj._meta.label,
        object_id=str(obj.pk),
        patient=patient or _patient_of(obj),
        before=before,
        after=after,
        reason=reason,
    )


def _patient_of(obj):
    return obj if isinstance(obj, Patient) else getattr(obj, "patient", None)


def _json(value):
    if isinstance(value, Decimal | uuid.UUID):
        return str(value)
    if isinstance(value, dt.date | dt.time):  # a datetime is a date
        return value.isoformat()
    return value
