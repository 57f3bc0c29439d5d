"""Owner, last contact and state of the cases of one page of the watch list: a fixed number of queries."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.utils import timezone

from board.domain.due import DueRules
from board.domain.watch_care import Agreed, Care, care
from board.due_rules import due_rules
from board.listings import listings
from board.models import BoardDecision, Contact, WatchState

NOT_CONTACTED = "not contacted"


@dataclass(frozen=True)
class CaseCare:
    """``owner`` as the newest standing decision names it; ``contact``: the last one, in words."""

    owner: str
    contact: str
    care: Care


def care_of(states: Iterable[WatchState], today: dt.date) -> dict[object, CaseCare]:
    """By patient."""
    found, rules = {state.patient_id: state for state in states}, due_rules()
    owners, contacts, waiting, meetings = (read(found) for read in (_owners, _contacts, _waiting, _meetings))
    return {
        pk: CaseCare(
            owners.get(pk, ""),
            _contact_words(contacts.get(pk)),
            _care(state, waiting.get(pk), meetings.get(pk), today, rules),
        )
        for pk, state in found.items()
    }


def _care(state: WatchState, row: Contact | None, meeting, today: dt.date, rules: DueRules) -> Care:
    agreed = Agreed(row.next_for, row.get_next_for_display(), row.next_on) if row else None
    is_unread = any(reason["kind"] == "unread" for reason in state.reasons)
    return care(agreed, meeting, is_scan_unread=is_unread, today=today, grace_days=rules.booking_grace_days)


def _owners(ids) -> dict:
    standing = BoardDecision.objects.current().filter(patient__in=ids).order_by("decided_on", "recorded_at")
    return dict(standing.values_list("patient", "owner"))


def _contacts(ids) -> dict:
    rows = Contact.objects.filter(patient__in=ids).order_by("contacted_on", "recorded_at", "pk")
    return {row.patient_id: row for row in rows}


def _waiting(ids) -> dict:
    return {row.patient_id: row for row in Contact.objects.waiting().filter(patient__in=ids)}


def _meetings(ids) -> dict:
    """The nearest meeting to come."""
    rows = (
        listings().filter(patient__in=ids).order_by("-meeting__starts_at").values_list("patient", "meeting__starts_at")
    )
    return {pk: timezone.localdate(at) for pk, at in rows}


def _contact_words(row: Contact | None) -> str:
    if row is None:
        return NOT_CONTACTED
    said = row.note or f"{row.get_who_display()} {row.get_outcome_display()}"
    return f"{row.contacted_on:%-d %b %Y}, {said}"
