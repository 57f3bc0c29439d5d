"""A scan on its way, stage by stage: received, QC, SUV, organs, lesions, matching, rules, with the time of each."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from django.utils import timezone

from imaging import pages
from imaging.models import Job, Scan, Series, Upload, UploadItem

WAITING, RUNNING, DONE, FAILED, LATER = "waiting", "running", "done", "failed", "later"
ICONS = {DONE: "met", RUNNING: "clock", WAITING: "unknown", LATER: "inactive", FAILED: "not-met"}
LOOK = {
    "organs": "looking for reference organs",
    "lesions": "looking for foci",
    "matching": "recognising lesions of the scan before",
}


@dataclass(frozen=True)
class Stage:
    label: str
    state: str
    text: str

    @property
    def icon(self) -> str:
        return ICONS[self.state]


NOT_BEGUN = {
    Job.State.RUNNING: lambda label: Stage(label, WAITING, "waiting"),
    Job.State.DONE: lambda label: Stage(label, LATER, "not done"),
    Job.State.FAILED: lambda label: Stage(label, LATER, "not reached"),
    Job.State.CANCELLED: lambda label: Stage(label, LATER, "not reached"),
}


@dataclass(frozen=True)
class Chain:
    series: Series
    scan: Scan | None
    title: str
    stages: list[Stage]


def chains(series: Iterable[Series]) -> list[Chain]:
    """One chain per PET series, in five queries however many; the rules have no job, they follow every change."""
    pets = [row for row in series if row.modality == "PT"]
    scans = {scan.pet_series_id: scan for scan in Scan.objects.filter(pet_series__in=pets).select_related("patient")}
    uploads = _uploads(pets)
    subjects = [s.pk for group in (pets, scans.values(), uploads.values()) for s in group]
    last = _last_jobs(subjects)
    return [_chain(pet, scans.get(pet.pk), uploads.get(pet.pk), last) for pet in pets]


def _uploads(series: list[Series]) -> dict:
    """The import that brought each series last."""
    pairs = UploadItem.objects.filter(series__in=series).values_list("series_id", "upload_id").distinct().order_by()
    uploads = Upload.objects.in_bulk({upload for _, upload in pairs})
    found: dict = {}
    for pk, upload in pairs:
        found[pk] = max(uploads[upload], found.get(pk, uploads[upload]), key=lambda row: row.created_at)
    return found


def _last_jobs(subjects: list) -> dict:
    """By subject and kind, the one asked for last at the end."""
    found: dict = defaultdict(lambda: defaultdict(list))
    for job in Job.objects.filter(subject_id__in=subjects).order_by("created_at"):
        found[job.subject_id][job.kind].append(job)
    return found


def _last(jobs: list[Job]) -> Job | None:
    return max(jobs, key=lambda job: (job.state in Job.OPEN, job.finished_at or job.created_at), default=None)


def _chain(series: Series, scan: Scan | None, upload: Upload | None, last: dict) -> Chain:
    brought = last[upload.pk][Job.Kind.IMPORT] if upload else []
    looks = last[scan.pk][Job.Kind.SCAN] if scan else []
    stages = [
        _received(upload),
        _of_job("QC", _last(brought)),
        _of_job("SUV", _last(last[series.pk][Job.Kind.SERIES])),
        *(_of_look(label.capitalize(), stage, looks) for label, stage in LOOK.items()),
        Stage("Rules", LATER, "with every change"),
    ]
    return Chain(series, scan, pages.series_title(series), stages)


def _received(upload: Upload | None) -> Stage:
    if upload is None:
        return Stage("Received", LATER, "no import recorded")
    if upload.received_at is None:
        return Stage("Received", RUNNING, f"{upload.file_count} files so far")
    return Stage("Received", DONE, _time(upload.received_at))


def _of_job(label: str, job: Job | None) -> Stage:
    if job is None or job.state == Job.State.QUEUED:
        return Stage(label, WAITING, "waiting" if job else "not asked for yet")
    if job.state == Job.State.RUNNING:
        return Stage(label, RUNNING, _count(job))
    if job.state in Job.WITHOUT_RESULT:
        return Stage(label, FAILED, job.get_state_display())
    return Stage(label, DONE, _time(job.finished_at))


def _of_look(label: str, stage: str, looks: list[Job]) -> Stage:
    """A part of a look at the scan: done once that look went on to another stage or ended.

    A later look that had nothing new to look at does not hide the one that did.
    """
    job = _last(looks)
    if job and job.state == Job.State.DONE:
        job = _last([look for look in looks if any(step["stage"] == stage for step in look.steps)]) or job
    if job is None or job.state == Job.State.QUEUED:
        return _of_job(label, job)
    begun = [step["stage"] for step in job.steps]
    if stage not in begun:
        return NOT_BEGUN[job.state](label)
    following = begun.index(stage) + 1
    if following < len(begun):
        return Stage(label, DONE, _time(dt.datetime.fromisoformat(job.steps[following]["at"])))
    return _of_job(label, job)


def _count(job: Job) -> str:
    return f"{job.progress_done} of {job.progress_total}" if job.progress_total else job.stage or "starting"


def _time(moment: dt.datetime | None) -> str:
    return f"{timezone.localtime(moment):%H:%M:%S}" if moment else ""
