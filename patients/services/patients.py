"""Cases and the DICOM identities confirmed to be theirs."""

import datetime as dt

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from patients.domain.roles import Role
from patients.models import AccessGrant, Patient, PatientIdentifier
from patients.selectors.checks import born_after_rows
from patients.services.access import follow_centre, grant_access
from patients.services.audit import audit, snapshot
from patients.services.versions import Conflict

ENTERED_ACCESS = dt.timedelta(days=30)


@transaction.atomic
def create_patient(*, by, case_number: str, team=None, **fields) -> Patient:
    """Open a case. Its creator may read it (data entry for 30 days), and so may ``team``."""
    patient = Patient(case_number=case_number, recorded_by=by, recorded_at=timezone.now(), **fields)
    patient.full_clean()
    patient.save(force_insert=True)
    audit(by=by, action="create_patient", obj=patient, after=snapshot(patient))
    until = timezone.now() + ENTERED_ACCESS if by.role == Role.DATA_ENTRY else None
    grant_access(by=by, patient=patient, user=by, kind=AccessGrant.Kind.ENTERED, until=until)
    if team is not None:
        grant_access(by=by, patient=patient, team=team, kind=AccessGrant.Kind.CARE_TEAM)
    follow_centre(patient, by=by)
    return patient


@transaction.atomic
def update_patient(patient: Patient, *, by, reason: str, expected_recorded_at=None, **changes) -> Patient:
    """Correct a case; the audit row keeps the old values, and ``patient_as_known`` reads them back."""
    current = Patient.objects.select_for_update().get(pk=patient.pk)
    if expected_recorded_at is not None and current.recorded_at != expected_recorded_at:
        raise Conflict("This case was changed meanwhile. Reload and look before saving.")
    before = snapshot(current)
    for name, value in changes.items():
        setattr(current, name, value)
    current.full_clean(exclude=["recorded_by"])
    if {"birth_date", "birth_date_precision"} & changes.keys() and (said := born_after_rows(current)):
        raise ValidationError({"birth_date": said})
    after = snapshot(current)
    changed = [name for name in after if after[name] != before[name]]
    if not changed:
        return current
    current.recorded_at = max(timezone.now(), current.recorded_at + dt.timedelta(microseconds=1))
    current.recorded_by = by
    current.save(force_update=True)
    kept = [*changed, "recorded_at", "recorded_by_id"]
    audit(
        by=by,
        action="update_patient",
        obj=current,
        before={name: before[name] for name in kept},
        after=snapshot(current, kept),
        reason=reason,
    )
    if "centre" in changed:
        follow_centre(current, by=by)
    return current


@transaction.atomic
def confirm_identifier(*, by, patient: Patient, value: str, issuer: str = "", reason: str = "") -> PatientIdentifier:
    """A named person says that this DICOM PatientID belongs to the case."""
    identifier = PatientIdentifier(patient=patient, issuer=issuer, value=value, confirmed_by=by, reason=reason)
    identifier.full_clean(exclude=["confirmed_by"])
    identifier.save(force_insert=True)
    audit(by=by, action="confirm_identifier", obj=identifier, after=snapshot(identifier), reason=reason)
    return identifier


@transaction.atomic
def remove_identifier(identifier: PatientIdentifier, *, by, reason: str) -> None:
    """Take a confirmation back. Names confirmed under it count no more; scans stay, and a person is asked of each."""
    audit(by=by, action="remove_identifier", obj=identifier, before=snapshot(identifier), reason=reason)
    identifier.delete()
