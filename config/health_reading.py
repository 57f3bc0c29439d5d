"""What the installation can say about itself: counts, ages and versions. No row of a case is read, only counted."""

import datetime as dt
import shutil
from dataclasses import asdict, dataclass

from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Min
from django.utils import timezone

from board.keeping import anchor
from board.models import ChainHead, ChainLink, Display
from board.nightly import last_check, late_sentence
from imaging.models import BackupNote, Job, StoreCheck, Upload, WorkerBeat, WrongFile

ALIVE = dt.timedelta(seconds=60)
BEAT_ALIVE = dt.timedelta(seconds=180)


@dataclass(frozen=True)
class Health:
    """Ages are in seconds; None where it never happened."""

    at: dt.datetime
    version: str
    engine: str
    migrations_waiting: int
    jobs_waiting: int
    oldest_waiting_s: float | None
    jobs_running: int
    oldest_lease_overdue_s: float | None
    jobs_failed_day: int
    uploads_open: int
    workers: int
    workers_silent: int
    beat_s: float | None
    disk_used_percent: float
    disk_free_gb: float
    store_s: float | None
    store_full_s: float | None
    store_open_s: float | None
    store_wrong: int
    store_files: int
    backup_s: float | None
    signed: int
    signed_s: float | None
    head_holds: bool
    anchor_kept: bool
    anchor_s: float | None
    anchor_problems: int
    anchor_missing: int
    night_sentence: str
    displays: int

    def json(self) -> dict:
        return asdict(self) | {"at": self.at.isoformat(timespec="seconds")}


def read(now: dt.datetime | None = None) -> Health:
    now = now or timezone.now()
    facts = {"at": now, "version": settings.VERSION, "engine": connection.vendor}
    parts = (_database(), _jobs(now), _processes(now), _disk(), _files(now), _signed(now), _room(now))
    for part in parts:
        facts |= part
    return Health(**facts)


def migrations_waiting() -> int:
    executor = MigrationExecutor(connection)
    return len(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def _age(now: dt.datetime, then: dt.datetime | None) -> float | None:
    return None if then is None else max(0.0, (now - then).total_seconds())


def _database() -> dict:
    return {"migrations_waiting": migrations_waiting()}


def _jobs(now: dt.datetime) -> dict:
    waiting, running = Job.objects.filter(state=Job.State.QUEUED), Job.objects.filter(state=Job.State.RUNNING)
    failed = Job.objects.filter(state=Job.State.FAILED, finished_at__gt=now - dt.timedelta(days=1))
    overdue = running.filter(lease_until__lt=now).aggregate(first=Min("lease_until"))["first"]
    return {
        "jobs_waiting": waiting.count(),
        "oldest_waiting_s": _age(now, waiting.aggregate(first=Min("created_at"))["first"]),
        "jobs_running": running.count(),
        "oldest_lease_overdue_s": _age(now, overdue),
        "jobs_failed_day": failed.count(),
        "uploads_open": Upload.objects.filter(state=Upload.State.RECEIVING).count(),
    }


def _processes(now: dt.datetime) -> dict:
    workers = WorkerBeat.objects.filter(kind="worker")
    beat = WorkerBeat.objects.filter(kind="beat").order_by("seen_at").last()
    return {
        "workers": workers.filter(seen_at__gt=now - ALIVE).count(),
        "workers_silent": workers.filter(seen_at__lte=now - ALIVE).count(),
        "beat_s": _age(now, beat and beat.seen_at),
    }


def _disk() -> dict:
    disk = shutil.disk_usage(settings.DATA_DIR)
    used = disk.used / (disk.used + disk.free)  # as `df` says it: without what is kept for the administrator
    return {"disk_used_percent": round(100 * used, 1), "disk_free_gb": round(disk.free / 1e9, 1)}


def _files(now: dt.datetime) -> dict:
    begun, ended = StoreCheck.objects.last(), StoreCheck.objects.exclude(finished_at=None)
    last, full = ended.last(), ended.filter(is_full=True).last()
    backup = BackupNote.objects.last()
    return {
        "store_s": _age(now, last and last.finished_at),
        "store_full_s": _age(now, full and full.finished_at),
        "store_open_s": _age(now, begun and begun.started_at) if begun and not begun.finished_at else None,
        "store_wrong": max(WrongFile.objects.count(), last.missing + last.damaged if last else 0),
        "store_files": last.files if last else 0,
        "backup_s": _age(now, backup and backup.finished_at),
    }


def _signed(now: dt.datetime) -> dict:
    link, head, noted = ChainLink.objects.last(), ChainHead.objects.first(), anchor.last()
    ends = (link.sequence, link.hash) if link else (0, "")
    return {
        "signed": ends[0],
        "signed_s": _age(now, link and link.signed_at),
        "head_holds": (head.sequence, head.hash) == ends if head else link is None,
        "anchor_kept": anchor.is_outside(),
        "anchor_s": _age(now, dt.datetime.fromisoformat(noted.when) if noted else None),
        "anchor_problems": sum(one.code != anchor.OLDER_COPY for one in anchor.problems(most=anchor.RECENT)),
        "anchor_missing": anchor.entries_missing(),
    }


def _room(now: dt.datetime) -> dict:
    paired = Display.objects.exclude(meeting=None).filter(ended_at=None)
    return {"displays": paired.count(), "night_sentence": late_sentence(last_check(), now)}
