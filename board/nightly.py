"""The nightly look at every patient: decisions whose ground moved, and who has no next date.

It runs once after 02:00 local time, and again when the rule sets or what a state says change, which no row records.
Each patient is a transaction of its own; a check that was cut off is taken up where it stopped, and one case that
cannot be read is counted and logged instead of hiding all that come after it.
"""

import datetime as dt
import hashlib

from django.db.models import Count, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from board.freshness import edition
from board.looking import look
from board.models import MissedLook, WatchCheck
from board.watching import EDITION
from patients.models import Patient

NIGHT_HOUR = 2
CHUNK = 100
CUT_OFF = dt.timedelta(minutes=5)
LATE = dt.timedelta(hours=30)


def check_everybody() -> WatchCheck:
    """Look at all patients, or at those that the unfinished check of this edition has not come to."""
    check = _unfinished() or WatchCheck.objects.create(edition=edition_digest())
    while cases := list(Patient.objects.filter(case_number__gt=check.last_case).order_by("case_number")[:CHUNK]):
        for patient in cases:
            _look(patient, check)
        check.last_case, check.alive_at = cases[-1].case_number, timezone.now()
        check.save()
    check.finished_at = timezone.now()
    check.save()
    return check


def _look(patient: Patient, check: WatchCheck) -> None:
    state = look(patient)
    if state is None:
        check.failed += 1
        return
    check.without_date += state.has_no_date
    check.checked += 1


def _unfinished() -> WatchCheck | None:
    last = WatchCheck.objects.order_by("started_at").last()
    return last if last and last.finished_at is None and last.edition == edition_digest() else None


def is_check_due(now: dt.datetime | None = None) -> bool:
    """Whether tonight's check is missing, or was made under other rule sets, and nobody is at it."""
    now = now or timezone.now()
    if WatchCheck.objects.filter(finished_at=None, alive_at__gt=now - CUT_OFF).exists():
        return False
    last = last_check()
    return last is None or last.started_at < _last_night(now) or last.edition != edition_digest()


def last_check() -> WatchCheck | None:
    """The one that finished last, with how many cases could not be looked at, then or since, and still wait."""
    waiting = (
        MissedLook.objects.missed().annotate(one=Value(1)).values("one").annotate(number=Count("pk")).values("number")
    )
    found = WatchCheck.objects.exclude(finished_at=None).order_by("finished_at")
    return found.annotate(missed=Coalesce(Subquery(waiting), 0)).last()


def _last_night(now: dt.datetime) -> dt.datetime:
    """The newest 02:00 of the local clock that has passed."""
    local = timezone.localtime(now)
    night = local.replace(hour=NIGHT_HOUR, minute=0, second=0, microsecond=0)
    return night if night <= local else night - dt.timedelta(days=1)


def edition_digest() -> str:
    """Of the rule sets and of what a state says."""
    return hashlib.sha256(str([*edition(), EDITION]).encode()).hexdigest()


def late_sentence(check: WatchCheck | None, now: dt.datetime) -> str:
    """Why the list may be incomplete; "" where the last check is of this day and everybody could be looked at."""
    if check is None or check.finished_at is None:
        return "List may be incomplete: the nightly check has not run yet."
    if now - check.finished_at > LATE:
        days = max((now - check.finished_at).days, 1)
        return f"List may be incomplete: last check {days} day{'s' if days > 1 else ''} ago."
    if failed := check.failed if check.missed is None else check.missed:
        return f"List may be incomplete: {failed} case{'s' if failed > 1 else ''} could not be looked at."
    return ""
