"""Ending follow-up of a case for a stated reason, and beginning it again. Rows are only ever added."""

from django.core.exceptions import ValidationError
from django.db import transaction

from board.follow_up import check_access
from board.models import CaseClosing
from board.watching import closing_of, keep_watch
from patients.models import Patient
from patients.services import audit, snapshot


@transaction.atomic
def close_case(*, by, patient: Patient, reason: str, text: str = "") -> CaseClosing:
    """Closing a closed case for the same reason gives the row that stands. Raises PermissionDenied, ValidationError."""
    check_access(by, patient)
    Patient.objects.select_for_update().get(pk=patient.pk)
    row = CaseClosing(patient=patient, is_closed=True, reason=reason, text=text.strip(), recorded_by=by)
    if not row.reason:
        raise ValidationError({"reason": "Choose why the case is closed."})
    if row.reason == CaseClosing.Reason.OTHER and not row.text:
        raise ValidationError({"text": "Say why in a few words: the next reader has only this line."})
    row.full_clean(exclude=["patient", "recorded_by"])
    standing = closing_of(patient)
    if standing and (standing.reason, standing.text) == (row.reason, row.text):
        return standing
    if standing:
        raise ValidationError("The case is closed already. Open it again to close it for another reason.")
    return _stored(row, "close_case")


@transaction.atomic
def reopen_case(*, by, patient: Patient, text: str) -> CaseClosing:
    """Without a next date the case stands in red on the watch list from this moment on."""
    check_access(by, patient)
    Patient.objects.select_for_update().get(pk=patient.pk)
    row = CaseClosing(patient=patient, is_closed=False, text=text.strip(), recorded_by=by)
    if not row.text:
        raise ValidationError({"text": "Say why the case is opened again."})
    row.full_clean(exclude=["patient", "recorded_by"])
    if closing_of(patient) is None:
        raise ValidationError("The case is open.")
    return _stored(row, "reopen_case")


def _stored(row: CaseClosing, action: str) -> CaseClosing:
    row.save(force_insert=True)
    audit(by=row.recorded_by, action=action, obj=row, after=snapshot(row))
    keep_watch(row.patient)
    return row
