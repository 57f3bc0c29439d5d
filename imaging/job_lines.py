"""Jobs in words for the pages: what each is about, how far it is, whether its worker is alive, what can be done."""

import datetime as dt
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from imaging import access, pages
from imaging.jobs import NO_ROOM
from imaging.models import Job, Scan, Series, Upload
from imaging.services.steering import may_steer

# The stages each kind of work goes through, as its service announces them.
STAGES: dict[str, tuple[str, ...]] = {
    Job.Kind.IMPORT: ("opening archives", "reading files", "storing series"),
    Job.Kind.SERIES: ("reading images", "packing the volume", "calculating SUV", "measuring regions"),
    Job.Kind.MEASURE: ("measuring regions",),
    Job.Kind.SCAN: (
        "reading images",
        "looking for reference organs",
        "looking for foci",
        "recognising lesions of the scan before",
        "drawing the rotating picture",
        "packing volumes for the viewer",
        "drawing key slices",
    ),
    Job.Kind.CONTOURS: ("reading outlines", "placing outlines"),
}
ICONS = {"queued": "unknown", "running": "clock", "done": "met", "failed": "not-met", "cancelled": "inactive"}


@dataclass(frozen=True)
class JobLine:
    job: Job
    icon: str
    about: str
    href: str
    sentence: str
    percent: int
    tries: str
    may_cancel: bool
    may_retry: bool

    def json(self) -> dict[str, Any]:
        return {
            "id": str(self.job.pk),
            "state": self.job.state,
            "icon": self.icon,
            "sentence": self.sentence,
            "percent": self.percent,
            "tries": self.tries,
        }


def job_lines(jobs: Iterable[Job], user, *, now: dt.datetime | None = None) -> list[JobLine]:
    """Any number of jobs in a fixed number of queries; fetch them with ``patient`` and ``cancelled_by``."""
    found, now = list(jobs), now or timezone.now()
    subjects = _subjects(found, user)
    waiting = sorted(Job.objects.filter(state__in=Job.OPEN).values_list("created_at", flat=True))
    may = may_steer(user)
    return [
        JobLine(
            job=job,
            icon=ICONS[job.state],
            about=subjects[job.pk][0],
            href=subjects[job.pk][1],
            sentence=sentence_of(job, now, ahead=bisect_left(waiting, job.created_at)),
            percent=percent_of(job),
            tries=tries_of(job),
            may_cancel=may and job.state in Job.OPEN,
            may_retry=may and job.state in Job.WITHOUT_RESULT,
        )
        for job in found
    ]


def sentence_of(job: Job, now: dt.datetime, *, ahead: int) -> str:
    if job.state == Job.State.QUEUED:
        if job.reason_code == NO_ROOM:
            return job.message
        place = f"{ahead} ahead" if ahead else "next in line"
        return f"Worker lost, re-queued; {place}." if job.attempts else f"Waiting, {place}."
    if job.state == Job.State.RUNNING:
        return f"{_step(job)}. {_heartbeat(job, now)}"
    if job.state == Job.State.CANCELLED:
        who = job.cancelled_by.shown_name if job.cancelled_by else "somebody"
        return f"Cancelled by {who}, {_clock(job.finished_at)}."
    if job.state == Job.State.FAILED:
        return job.message
    return job.message or f"Done {_clock(job.finished_at)}, took {_seconds(job)} s."


def percent_of(job: Job) -> int:
    """Stages behind it, and of the running one as much as it has counted itself."""
    if job.state != Job.State.RUNNING:
        return 100 if job.state == Job.State.DONE else 0
    stages = STAGES[job.kind]
    place = stages.index(job.stage) if job.stage in stages else 0
    part = min(1.0, job.progress_done / job.progress_total) if job.progress_total else 0.0
    return int(100 * (place + part) / len(stages))


def tries_of(job: Job) -> str:
    return f"tried {job.attempts}×" if job.attempts > 1 or (job.attempts and job.state == Job.State.FAILED) else ""


def _step(job: Job) -> str:
    stages = STAGES[job.kind]
    if job.stage not in stages:
        return "Starting"
    count = f", {job.progress_done} of {job.progress_total}" if job.progress_total else ""
    return f"Step {stages.index(job.stage) + 1} of {len(stages)}: {job.stage}{count}"


def _heartbeat(job: Job, now: dt.datetime) -> str:
    """A worker renews its lease while it lives: when it did so last."""
    if job.lease_until is None or job.lease_until < now:
        return "Worker lost, re-queued within seconds."
    renewed = job.lease_until - dt.timedelta(seconds=settings.JOB_LEASE_SECONDS)
    return f"Worker alive at {timezone.localtime(renewed):%H:%M:%S}."


def _seconds(job: Job) -> int:
    return round((job.finished_at - job.started_at).total_seconds()) if job.finished_at and job.started_at else 0


def _clock(moment: dt.datetime | None) -> str:
    return "" if moment is None else f"{timezone.localtime(moment):%-d %b %H:%M}"


def _subjects(jobs: list[Job], user) -> dict:
    """By job: what it is about and where that is shown; nothing to follow where the user may not open it."""
    ids = {kind: [job.subject_id for job in jobs if job.kind == kind] for kind in Job.Kind.values}
    scans = Scan.objects.in_bulk([*ids[Job.Kind.SCAN], *ids[Job.Kind.MEASURE]])
    series = access.visible_series(user).in_bulk(ids[Job.Kind.SERIES])
    uploads = access.visible_uploads(user).in_bulk(ids[Job.Kind.IMPORT])
    return {job.pk: _subject({**scans, **series, **uploads}.get(job.subject_id), job) for job in jobs}


def _subject(found: Scan | Series | Upload | None, job: Job) -> tuple[str, str]:
    if isinstance(found, Scan):
        day = f"{found.clinical_date:%-d %b %Y}" if found.clinical_date else "date unknown"
        return f"{found.tracer or 'PET'}, {day}", reverse("imaging:scan", args=[found.pk])
    if isinstance(found, Series):
        return pages.series_title(found), reverse("imaging:series", args=[found.pk])
    if isinstance(found, Upload):
        return f"{found.file_count} files", reverse("imaging:upload_detail", args=[found.pk])
    return "", ""
