"""Logging a contact between meetings. Nothing is stored without the next date, or a word why there is none.

A contact after which nothing comes needs another open date, or a case that is closed: that has a form of its own.
"""

import datetime as dt
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from board.chart import Chart
from board.follow_up import SAME_SUBMIT, check_access
from board.models import Contact
from board.waiting import waiting_contact
from board.watching import MOST_AHEAD, TOO_FAR, keep_last_date, keep_watch, refuse_date_on_closed
from patients.models import Patient
from patients.services import audit, snapshot

_F = Contact.NextFor


@transaction.atomic
def log_contact(
    *,
    by,
    patient: Patient,
    contacted_on: dt.date,
    who: str,
    outcome: str,
    next_for: str,
    next_on: dt.date | None = None,
    note: str = "",
) -> Contact:
    """Sent twice within ten minutes it is stored once. Raises PermissionDenied or ValidationError."""
    check_access(by, patient)
    Patient.objects.select_for_update().get(pk=patient.pk)
    said = {"contacted_on": contacted_on, "who": who, "outcome": outcome, "next_for": next_for, "next_on": next_on}
    row = Contact(patient=patient, recorded_by=by, note=note.strip(), **said)
    row.full_clean(exclude=["patient", "recorded_by"])
    _check_next(row)
    if same := _same(row, said):
        return same
    if row.next_on is not None:
        refuse_date_on_closed(patient, "next_on")
    row.save(force_insert=True)
    audit(by=by, action="log_contact", obj=row, after=snapshot(row))
    keep_last_date(patient, "next_for") if row.next_for == _F.NOTHING else keep_watch(patient)
    return row


def _check_next(row: Contact) -> None:
    if row.contacted_on > timezone.localdate():
        raise ValidationError({"contacted_on": "This date is in the future; a contact is logged once it was made."})
    if row.next_for == _F.NOTHING:
        if row.next_on is not None:
            raise ValidationError(
                {"next_on": "Follow-up that ends has no next date: take the date away, or say what is next."}
            )
        if not row.note:
            raise ValidationError({"note": "Say why nothing comes next: the next reader has only this line."})
        return
    if row.next_on is None:
        raise ValidationError({"next_on": "Give the next date, so that this patient is not lost."})
    if row.next_on < row.contacted_on:
        raise ValidationError({"next_on": "The next date lies before the contact."})
    if row.next_on > timezone.localdate() + MOST_AHEAD:
        raise ValidationError({"next_on": TOO_FAR})


def _same(row: Contact, said: dict) -> Contact | None:
    since = timezone.now() - SAME_SUBMIT
    mine = Contact.objects.filter(patient=row.patient, recorded_by=row.recorded_by, note=row.note, **said)
    return mine.filter(recorded_at__gte=since).first()


@dataclass(frozen=True)
class ContactLine:
    row: Contact
    by: str
    is_open: bool
    is_overdue: bool


def contact_lines(chart: Chart) -> list[ContactLine]:
    """Newest first, by the day of the contact."""
    newest = sorted(chart.of(Contact), key=lambda row: (row.contacted_on, row.recorded_at), reverse=True)
    is_open = waiting_contact(chart)
    return [
        ContactLine(row, chart.names[row.recorded_by_id], row is is_open, row is is_open and row.next_on < chart.today)
        for row in newest
    ]
