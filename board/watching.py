"""The watch state of a patient, kept beside the rows it is derived from.

Every board write makes it again in its own transaction; the reader of the news does so for every other write, and the
nightly check for everybody. A write is refused where it would itself take the last date away: a contact after which
"nothing" comes, a decision that replaces the dated one and gives no date. It is stored, and the red row shows, where a
true thing was said or where there was no date before: that a step is done, a first decision, a case opened again.
Refusing those would only keep the truth out.
"""

import datetime as dt
import hashlib
import json

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from board.chart import Chart
from board.domain.due import DueRules
from board.domain.watch import WatchReason, is_lost, watch
from board.due_rules import due_rules
from board.listings import listings
from board.models import BoardDecision, CaseClosing, Contact, WatchState, of_open_cases
from board.sstr_state import sstr_values
from board.watch_rows import watch_facts
from patients.models import Patient

LAST_DATE = (
    "This would leave the patient without a next date. Give a date, or close the case with a reason: "
    "deceased, declined, transferred, cured or discharged, or other."
)
EDITION = "watch/4"  # raised when a state says more than before: the check is due and makes every one again
MOST_AHEAD = dt.timedelta(days=731)
TOO_FAR = "This date lies more than two years ahead: give an earlier one, so that this patient is not lost."
NOW = dt.date.min  # a reason without a day asks at once, whatever day it is read on
CLOSED = "This case is closed ({reason}). Open it again first: a date on a closed case reminds nobody."


@transaction.atomic
def keep_watch(patient: Patient, *, rules: DueRules | None = None) -> WatchState:
    """Derive the state from the rows as they are in this transaction, and store it."""
    today, rules = timezone.localdate(), rules or due_rules()
    person = Patient.objects.select_for_update().get(pk=patient.pk)
    chart = Chart(person, today)
    facts = watch_facts(chart, rules)
    reasons = watch(facts, rules, today)
    values = {
        "is_open": facts.is_open,
        "has_no_date": is_lost(facts),
        "has_unsettled_change": facts.is_open and bool(facts.unsettled),
        "opens": min((reason.opens or NOW for reason in reasons), default=None),
        "due": min((reason.due for reason in reasons if reason.due), default=None),
        "reasons": [as_json(reason) for reason in reasons],
        **sstr_values(chart),
    }
    return _store(person, values)


def _store(patient: Patient, values: dict) -> WatchState:
    digest = hashlib.sha256(json.dumps(values, sort_keys=True, default=str).encode()).hexdigest()
    now = timezone.now()
    if WatchState.objects.filter(patient=patient, digest=digest).update(checked_at=now):
        return WatchState.objects.get(patient=patient)
    values |= {"digest": digest, "changed_at": now, "checked_at": now}
    return WatchState.objects.update_or_create(patient=patient, defaults=values)[0]


def as_json(reason: WatchReason) -> dict:
    """As stored and printed; how late it is depends on the day it is read and is not stored."""
    return {
        "kind": reason.kind.value,
        "sentence": reason.sentence,
        "action": reason.action,
        "since": _text(reason.since),
        "opens": _text(reason.opens),
        "due": _text(reason.due),
        "red_after": reason.red_after,
        "sources": [vars(source) for source in reason.sources],
    }


def _text(day: dt.date | None) -> str | None:
    return day.isoformat() if day else None


def has_date(patient: Patient) -> bool:
    """Whether a decision, a contact or the agenda of a meeting gives the open case a date, past or to come."""
    dated = BoardDecision.objects.waiting().filter(patient=patient).exists()
    dated = dated or Contact.objects.waiting().filter(patient=patient).exists()
    return dated or of_open_cases(listings().filter(patient=patient)).exists()


def closing_of(patient: Patient) -> CaseClosing | None:
    last = CaseClosing.objects.filter(patient=patient).order_by("recorded_at", "pk").last()
    return last if last and last.is_closed else None


def refuse_date_on_closed(patient: Patient, field: str) -> None:
    if closing := closing_of(patient):
        raise ValidationError({field: CLOSED.format(reason=closing.get_reason_display())})


def keep_last_date(patient: Patient, field: str) -> None:
    """After a write that took dates away: refuse it, with its whole transaction, if none is left."""
    if keep_watch(patient).has_no_date:
        raise ValidationError({field: LAST_DATE})
