"""Scans that wait for a reader: new, being computed, stopped with a reason, or with this user's own draft to sign."""

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass

from django.db.models import Count, Q
from django.urls import reverse
from django.utils import timezone

from board.words import row_day, sentence
from imaging.access import visible_scans
from imaging.job_lines import JobLine, job_lines
from imaging.models import Job, Reading, Scan, Series
from imaging.selectors import current_suv, open_decisions

SHOWN = 10
LABELS = {"failed": "stopped", "running": "running", "sign": "to sign", "new": "new"}
ICONS = {"failed": "not-met", "running": "clock", "sign": "flag", "new": "scan"}


@dataclass(frozen=True)
class ReadingRow:
    scan: Scan
    state: str
    day: str
    waited: str
    sentence: str
    job: JobLine | None
    href: str

    @property
    def label(self) -> str:
        return LABELS[self.state]

    @property
    def icon(self) -> str:
        return ICONS[self.state]


@dataclass(frozen=True)
class Undecided:
    scan: Scan
    day: str
    sentence: str


def reading_rows(user, *, now: dt.datetime) -> list[ReadingRow]:
    """The oldest waiting first; the number of queries does not depend on how many wait."""
    scans = _waiting(user)
    drafts = {draft.scan_id: draft for draft in _drafts(user)}
    lines = _newest_jobs(scans, user)
    return [_row(scan, drafts.get(scan.pk), lines[scan.pk], now) for scan in scans]


def undecided(user) -> list[Undecided]:
    """Scans with foci to decide or lesions of the scan before to confirm, signed or not."""
    counts = open_decisions(visible_scans(user))
    scans = Scan.objects.filter(pk__in=counts).select_related("patient").order_by("recorded_at")
    return [Undecided(scan, row_day(scan), _to_decide(*counts[scan.pk])) for scan in scans[:SHOWN]]


def _waiting(user) -> list[Scan]:
    """Scans with images and without a signed reading, and those on which this user has a draft.

    What waits is found by its mark, and first: to look for what no reading names would read the registry.
    """
    waiting = list(Series.objects.filter(modality="PT", read_at=None).values_list("pk", flat=True))
    own = Reading.objects.filter(reader=user, state=Reading.State.DRAFT).values("scan")
    mine = visible_scans(user).select_related("patient", "pet_series").order_by("recorded_at")
    mine = mine.prefetch_related("pet_series__suv_inputs__recorded_by", "pet_series__suv_results")
    unread = mine.filter(pet_series__in=waiting)
    found = {scan.pk: scan for scan in [*unread[:SHOWN], *mine.filter(pk__in=own)[:SHOWN]]}
    return sorted(found.values(), key=lambda scan: scan.recorded_at)


def _drafts(user):
    marked = Count("scan__vois__lesion", distinct=True, filter=Q(scan__vois__superseded_at=None))
    drafts = Reading.objects.filter(reader=user, state=Reading.State.DRAFT)
    return drafts.annotate(scored=Count("lesions", distinct=True), marked=marked)


def _newest_jobs(scans: list[Scan], user) -> dict:
    """By scan: each kind of work on it or its series as it stands now, open ones first."""
    owner = {pk: scan for scan in scans for pk in (scan.pk, scan.pet_series_id, scan.ct_series_id) if pk}
    jobs = Job.objects.filter(subject_id__in=owner).select_related("patient", "cancelled_by").order_by("created_at")
    newest: dict = {}
    at_hand = defaultdict(list)
    for job in jobs:
        at_hand[job.subject_id].append(job)
        key = (job.subject_id, job.kind)
        newest[key] = max(newest.get(key, job), job, key=_recency)
    for scan in scans:
        if scan.pet_series:
            scan.pet_series.jobs_at_hand = at_hand[scan.pet_series_id]
    found: dict = defaultdict(list)
    for line in job_lines(newest.values(), user):
        found[owner[line.job.subject_id].pk].append(line)
    return found


def _recency(job: Job) -> tuple:
    return job.state in Job.OPEN, job.finished_at or job.created_at


def _row(scan: Scan, draft: Reading | None, lines: list[JobLine], now: dt.datetime) -> ReadingRow:
    by_state = {state: next((ln for ln in lines if ln.job.state == state), None) for state in Job.State.values}
    stopped = by_state[Job.State.FAILED] or by_state[Job.State.CANCELLED]
    busy = by_state[Job.State.RUNNING] or by_state[Job.State.QUEUED]
    why = current_suv(scan.pet_series).message if scan.pet_series else "There are no images to read."
    if busy:
        state, said, job = "running", busy.sentence, busy
    elif stopped:
        state, said, job = "failed", f"{_headed(stopped)} {stopped.sentence}", stopped
    elif draft:
        state, said, job = "sign", f"Your draft: {draft.scored} of {draft.marked} lesions scored.", None
    else:
        state, said, job = "new", f"No SUV: {why}" if why else "Ready to read.", None
    return ReadingRow(scan, state, row_day(scan), _waited(scan.recorded_at, now), said, job, _href(scan))


def _headed(line: JobLine) -> str:
    """What stopped, before why it did; who cancelled it is said by the line itself."""
    said = f" failed, {line.tries}" if line.job.state == Job.State.FAILED else ""
    return sentence(f"{line.job.get_kind_display()}{said}.")


def _waited(since: dt.datetime, now: dt.datetime) -> str:
    days = (timezone.localdate(now) - timezone.localdate(since)).days
    return f"{days} d" if days else "today"


def _href(scan: Scan) -> str:
    return reverse("imaging:read", args=[scan.pk])


def _to_decide(foci: int, lesions: int) -> str:
    """What the software found and a person has not decided yet."""
    parts = [(foci, "focus", "foci", "to decide"), (lesions, "lesion", "lesions", "of the scan before to confirm")]
    return ", ".join(f"{n} {one if n == 1 else many} {what}" for n, one, many, what in parts if n)
