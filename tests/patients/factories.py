"""Small makers of accounts and cases, through the services."""

import itertools

from patients import services
from patients.models import AuditEvent, User

_numbers = itertools.count(1)


def make_user(role="clinician", **fields) -> User:
    fields.setdefault("username", f"{role}-{next(_numbers)}")
    return User.objects.create_user(password="not-a-real-password", role=role, **fields)


def make_patient(by=None, **fields):
    fields.setdefault("case_number", f"T-{next(_numbers):04d}")
    return services.create_patient(by=by or make_user(), **fields)


def audit_numbered(by, patient, *, ahead: int) -> AuditEvent:
    """A row of the trail so many numbers after the newest; before it, as a transaction that commits late leaves it."""
    number = AuditEvent.objects.latest("id").id + ahead
    values = {"object_type": "patients.Patient", "object_id": str(patient.pk), "patient": patient}
    return AuditEvent.objects.create(id=number, by=by, action="compute", **values)
