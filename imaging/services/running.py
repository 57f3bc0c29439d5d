"""One attempt at a job: claim it, do its work, record the outcome. A second delivery finds nothing to do."""

import logging
import traceback
import uuid
from collections.abc import Callable

from django.db import DatabaseError, connection

from imaging import disk, jobs
from imaging.domain.errors import ImagingRefusal
from imaging.models import Job
from imaging.reasons import explain
from imaging.refused import Refused
from imaging.services.contours import run_contours
from imaging.services.importing import run_import
from imaging.services.looking import run_scan
from imaging.services.measuring import run_measure
from imaging.services.series import run_series
from imaging.store import StoreError

log = logging.getLogger("prrt.jobs")

# Each takes (job, lease), commits its effect and the job's end together, and names the jobs that follow.
RUNNERS: dict[str, Callable[[Job, jobs.Lease], list[uuid.UUID]]] = {
    Job.Kind.IMPORT: run_import,
    Job.Kind.SERIES: run_series,
    Job.Kind.MEASURE: run_measure,
    Job.Kind.SCAN: run_scan,
    Job.Kind.CONTOURS: run_contours,
}


def run(pk: uuid.UUID) -> list[uuid.UUID]:
    """Run the job if it waits; returns the jobs to ring for next."""
    if not disk.has_room():
        jobs.note_no_room(pk)
        return []
    token = jobs.claim(pk)
    if token is None:
        return []
    with jobs.Lease(pk, token) as lease:
        try:
            job = Job.objects.get(pk=pk)
            return RUNNERS[job.kind](job, lease)
        except jobs.LeaseLost:
            log.warning("job %s attempt %s lost its lease; its result was dropped", pk, token)
        except (Refused, ImagingRefusal) as refusal:
            lease.fail(refusal.code, refusal.message)
        except Exception as error:
            _stopped(lease, error)
    return []


def _stopped(lease: jobs.Lease, error: Exception) -> None:
    """A full disk is no fault of the work: it waits for room. What else the store says is for a person to mend."""
    if disk.is_full(error):
        log.warning("job %s attempt %s waits for room on the disk", lease.pk, lease.token)
        _or_leave_to_lease(jobs.wait_for_room, lease)
    elif isinstance(error, StoreError):
        lease.fail(error.code, explain(error.code))
    else:
        log.error("job %s attempt %s stopped: %s at %s", lease.pk, lease.token, type(error).__name__, _places(error))
        _or_leave_to_lease(jobs.give_back, lease)


def run_with_scan(pk: uuid.UUID) -> list[uuid.UUID]:
    """Run the job and, in the same task, the proposals and pictures that follow: their images are still in memory."""
    followers = run(pk)
    of_scan = set(Job.objects.filter(pk__in=followers, kind=Job.Kind.SCAN).values_list("pk", flat=True))
    waiting = [follower for follower in followers if follower not in of_scan]
    for follower in followers:
        if follower in of_scan:
            waiting += run(follower)
    return waiting


def run_until_done(pk: uuid.UUID) -> None:
    """Run a job and everything that follows from it, here and now."""
    waiting = [pk]
    while waiting:
        waiting += run(waiting.pop(0))


def _or_leave_to_lease(step: Callable[[uuid.UUID, int], None], lease: jobs.Lease) -> None:
    try:
        step(lease.pk, lease.token)
    except DatabaseError:
        connection.close()  # the lease will run out by itself


def _places(error: Exception) -> str:
    """Where it happened, without the message: that could carry a value of the file."""
    frames = traceback.extract_tb(error.__traceback__)[-4:]
    return " < ".join(f"{frame.name}:{frame.lineno}" for frame in reversed(frames))
