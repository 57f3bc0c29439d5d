"""Handing a case out as FHIR, with its trail."""

import datetime as dt
import hashlib

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from board.fhir.bundles import as_text, bundle_of
from patients.domain.roles import Capability
from patients.models import Patient
from patients.services import audit

MAY_EXPORT = (Capability.EDIT_CLINICAL, Capability.RECORD_DECISION, Capability.GRANT_ACCESS)
REFUSED = "Your role may read cases but not carry them out of here. Ask somebody who works on the case."


def may_export(user) -> bool:
    """Those who work on cases, not those who only read them."""
    return any(user.may(capability) for capability in MAY_EXPORT)


@transaction.atomic
def export_fhir(*, by, patient: Patient, known_at: dt.datetime | None = None) -> str:
    """The case as the text of a FHIR R4B bundle. ``by=None``: the command line of the server."""
    if by is not None:
        _check_access(by, patient)
    bundle = bundle_of(patient, now=timezone.now(), known_at=known_at)
    text = as_text(bundle)
    said = {
        "resources": len(bundle["entry"]),
        "sha256": hashlib.sha256(text.encode()).hexdigest(),
        "known_at": known_at.isoformat() if known_at else None,
    }
    audit(by=by, action="export_fhir", obj=patient, patient=patient, after=said)
    return text


def _check_access(by, patient: Patient) -> None:
    if not may_export(by):
        raise PermissionDenied(REFUSED)
    if not Patient.objects.visible_to(by).filter(pk=patient.pk).exists():
        raise PermissionDenied("You have no access to this case.")
