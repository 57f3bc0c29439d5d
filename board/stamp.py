"""A mark that changes whenever a list page would: equal marks are answered by 304, without reading the page's rows.

Every write leaves a row in the trail; a right that runs out leaves none, so the last one that ran out is part of the
mark, and so are the release and the rule sets. Work in the background moves without a row in the trail, so pages that
show it add how far it is. States of the watch list are derived and leave no row either: their last change is in it. The
pages are ``no-store``: browsers keep none and never ask; what keeps a page itself may.
"""

import datetime as dt
import hashlib
import json

from django.contrib.messages import get_messages
from django.db.models import QuerySet, Subquery
from django.utils import timezone

from board.freshness import edition
from board.models import MissedLook, WatchCheck, WatchState
from imaging.models import Job
from patients import outbox
from patients.models import AccessGrant, User
from patients.prepared import Prepared


def list_stamp(request, *more) -> str | None:
    """For ``condition``; None while a message waits to be shown once. One query."""
    if not request.user.is_authenticated or len(get_messages(request)):
        return None
    read = _ACCOUNT.rows(request.user.pk, timezone.now())
    seen = [request.get_full_path(), str(timezone.localdate()), edition(), read, *more]
    return f'"{hashlib.sha256(json.dumps(seen, default=str).encode()).hexdigest()[:24]}"'


def _account(pk: int, now: dt.datetime) -> QuerySet:
    account = (
        User.objects.filter(pk=pk)
        .order_by("teams")
        .annotate(
            written=Subquery(outbox.mark()),
            run_out=_last(AccessGrant.objects.filter(until__lte=now), "until"),
            ended=_last(Job.objects.filter(finished_at__isnull=False), "finished_at"),
            watched=_last(WatchState.objects.all(), "changed_at"),
            missed=_last(MissedLook.objects.missed(), "last_at"),
            checked=_last(WatchCheck.objects.filter(finished_at__isnull=False), "finished_at"),
        )
    )
    own = ("pk", "role", "is_staff", "is_active", "teams")
    return account.values_list(*own, "written", "run_out", "ended", "watched", "missed", "checked")


def page_stamp(request, **_) -> str | None:
    """For pages that also say how far work in the background is."""
    return list_stamp(request, _WAITING.rows())


def _waiting() -> QuerySet:
    waiting = Job.objects.filter(state__in=Job.OPEN).order_by("pk")
    return waiting.values_list("pk", "state", "stage", "progress_done", "lease_until")


def _last(rows: QuerySet, name: str) -> Subquery:
    return Subquery(rows.order_by(f"-{name}").values(name)[:1])


_ACCOUNT = Prepared(_account, User._meta.pk, AccessGrant._meta.get_field("until"))
_WAITING = Prepared(_waiting)
