"""What the background does for the installation itself: it says that it lives, and looks at the files by night."""

import datetime as dt

from django.utils import timezone

from imaging import store_check
from imaging.models import StoreCheck, WorkerBeat

FORGOTTEN = dt.timedelta(hours=2)
CUT_OFF = dt.timedelta(hours=1)
NIGHT_HOUR = 3
SAMPLE = 5000


def say_alive(name: str, kind: str = "worker") -> None:
    now = timezone.now()
    WorkerBeat.objects.update_or_create(name=name, defaults={"kind": kind, "seen_at": now})
    WorkerBeat.objects.filter(seen_at__lt=now - FORGOTTEN).delete()


def say_gone(name: str) -> None:
    WorkerBeat.objects.filter(name=name).delete()


def check_files_by_night(now: dt.datetime | None = None) -> StoreCheck | None:
    """Once a night, a sample; None where tonight's is there or somebody is at it."""
    now = now or timezone.now()
    last = StoreCheck.objects.last()
    if last and (now - last.started_at < CUT_OFF if last.finished_at is None else last.started_at >= _last_night(now)):
        return None
    return store_check.check(sample=SAMPLE)[0]


def _last_night(now: dt.datetime) -> dt.datetime:
    night = timezone.localtime(now).replace(hour=NIGHT_HOUR, minute=0, second=0, microsecond=0)
    return night if night <= now else night - dt.timedelta(days=1)
