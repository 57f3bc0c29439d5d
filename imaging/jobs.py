"""Jobs: rows claimed by one conditional UPDATE. The broker is only a bell, so losing it loses no work.

A claim raises the fencing token. Every later write of the worker asks for its own token, so one that lost
its lease (killed, stopped, cut off) can change nothing any more. Times come from the database's clock.
"""

import logging
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.db.models import DateTimeField, ExpressionWrapper, F, Q
from django.db.models.functions import Coalesce, Greatest, Now
from django.utils import timezone

from imaging.models import Job, Upload
from imaging.refused import sentence

log = logging.getLogger("prrt.jobs")
LONGEST_SECONDS = 1800
LONGEST_RING_GAP = timedelta(seconds=60)
RING_BATCH = 200
REPLACED = "replaced by a newer request"
NO_ROOM = "job_waits_for_room"


class LeaseLost(Exception):
    """Another worker owns the job now; what this one computed is dropped."""


def request(*, kind, subject_id, input_digest: str, method_version: str, patient=None, by=None) -> Job:
    """The job for these inputs, waiting or already running; one that has ended is queued again.

    What a person has cancelled only a person asks for again: the system alone (``by`` None) leaves it.
    """
    key = {"kind": kind, "subject_id": subject_id, "input_digest": input_digest, "method_version": method_version}
    with transaction.atomic():
        job, created = Job.objects.get_or_create(**key, defaults={"patient": patient, "requested_by": by})
        if job.state == Job.State.CANCELLED and by is None:
            return job
        _drop_outdated(job)
        if not created:
            # Asked of the row itself: a person may have cancelled it since it was read above.
            without_result = Job.WITHOUT_RESULT if by else (Job.State.FAILED,)
            _queue_again(job.pk, (Job.State.DONE, *without_result), by)
            job.refresh_from_db()
        return job


def cancel(pk: uuid.UUID, *, by) -> bool:
    """End a job that waits or runs, in somebody's name; False where it has ended already.

    A worker that is at it owns nothing any more: it finds its lease lost at its next step, and
    nothing half-made of it is kept.
    """
    is_import = Job.objects.filter(pk=pk, kind=Job.Kind.IMPORT).exists()
    code = "import_cancelled" if is_import else "job_cancelled"
    with transaction.atomic():
        ended = Job.objects.filter(pk=pk, state__in=Job.OPEN).update(
            state=Job.State.CANCELLED,
            lease_until=None,
            finished_at=Now(),
            cancelled_by=by,
            reason_code=code,
            message=sentence(code),
        )
        if ended:
            _tell_upload(pk, code)
        return bool(ended)


def retry(pk: uuid.UUID, *, by) -> bool:
    """Queue a job that ended without result again, with the inputs it had; False where there is nothing to try."""
    with transaction.atomic():
        if not _queue_again(pk, Job.WITHOUT_RESULT, by):
            return False
        job = Job.objects.only("kind", "subject_id").get(pk=pk)
        if job.kind == Job.Kind.IMPORT:
            Upload.objects.filter(pk=job.subject_id).update(
                state=Upload.State.RECEIVED, reason_code="", finished_at=None
            )
        return True


def _queue_again(pk: uuid.UUID, ended_as, by) -> int:
    return Job.objects.filter(pk=pk, state__in=ended_as).update(
        state=Job.State.QUEUED,
        attempts=0,
        lease_until=None,
        last_rung_at=Now(),
        finished_at=None,
        cancelled_by=None,
        stage="",
        steps=[],
        progress_done=0,
        progress_total=0,
        reason_code="",
        message="",
        requested_by=by or F("requested_by"),
    )


def _drop_outdated(job: Job) -> None:
    """Requests for older inputs of the same thing that nobody has begun: this one computes all of it."""
    waiting = Job.objects.filter(kind=job.kind, subject_id=job.subject_id, state=Job.State.QUEUED).exclude(pk=job.pk)
    waiting.update(state=Job.State.DONE, finished_at=Now(), message=REPLACED)


def claim(pk: uuid.UUID) -> int | None:
    """Take the job for one lease; the fencing token, or None where there is nothing to take."""
    with transaction.atomic():
        taken = Job.objects.filter(_claimable(), pk=pk, attempts__lt=settings.JOB_MAX_ATTEMPTS).update(
            state=Job.State.RUNNING,
            token=F("token") + 1,
            attempts=F("attempts") + 1,
            lease_until=_from_now(settings.JOB_LEASE_SECONDS),
            started_at=Now(),
            stage="",
            steps=[],
            progress_done=0,
            progress_total=0,
            reason_code="",
            message="",
        )
        if not taken:
            return None
        return Job.objects.values_list("token", flat=True).get(pk=pk)


def renew(pk: uuid.UUID, token: int) -> bool:
    return bool(_own(pk, token).update(lease_until=_from_now(settings.JOB_LEASE_SECONDS)))


def progress(pk: uuid.UUID, token: int, *, stage: str, done: int, total: int, steps: list | None = None) -> None:
    values = {"stage": stage, "progress_done": done, "progress_total": total}
    if not _own(pk, token).update(**values, **({} if steps is None else {"steps": steps})):
        raise LeaseLost


def finish(pk: uuid.UUID, token: int, *, message: str = "") -> None:
    """Call inside the transaction that stores the result: both are kept or neither."""
    if not _own(pk, token).update(
        state=Job.State.DONE, lease_until=None, finished_at=Now(), reason_code="", message=message
    ):
        raise LeaseLost


def fail(pk: uuid.UUID, token: int, *, code: str, message: str) -> None:
    """End the job with a reason for its owner."""
    with transaction.atomic():
        if not _own(pk, token).update(
            state=Job.State.FAILED, lease_until=None, finished_at=Now(), reason_code=code, message=message[:300]
        ):
            raise LeaseLost
        _tell_upload(pk, code)


def give_back(pk: uuid.UUID, token: int) -> None:
    """Something unexpected stopped the work: the next attempt may be anyone's."""
    _own(pk, token).update(state=Job.State.QUEUED, lease_until=None, last_rung_at=Now())


def wait_for_room(pk: uuid.UUID, token: int) -> None:
    """Nothing more fits on the disk: the attempt does not count, and the job goes on when there is room again."""
    attempts = Greatest(F("attempts") - 1, 0)
    _own(pk, token).update(
        state=Job.State.QUEUED, lease_until=None, last_rung_at=Now(), stage="", attempts=attempts, **_without_room()
    )


def note_no_room(pk: uuid.UUID) -> None:
    """Said on its page, while nobody begins it."""
    waiting = Job.objects.filter(_claimable(), pk=pk, attempts__lt=settings.JOB_MAX_ATTEMPTS)
    waiting.exclude(reason_code=NO_ROOM).update(**_without_room())


def _without_room() -> dict[str, str]:
    return {"reason_code": NO_ROOM, "message": sentence(NO_ROOM)}


def sweep() -> list[uuid.UUID]:
    """Give up what failed too often and name the jobs whose bell should ring (again)."""
    exhausted = Job.objects.filter(_claimable(), attempts__gte=settings.JOB_MAX_ATTEMPTS)
    for pk in list(exhausted.values_list("pk", flat=True)[:RING_BATCH]):
        _give_up(pk)
    return [pk for pk in _silent_jobs() if _note_ring(pk)]


def next_unheard() -> uuid.UUID | None:
    """The oldest job that waits although its bell rang a while ago: the broker may be gone."""
    heard = _from_now(-settings.JOB_SWEEP_SECONDS)
    waiting = Job.objects.filter(
        _claimable(),
        Q(started_at__isnull=True) | Q(started_at__lt=heard),  # a pause after an attempt that was given back
        attempts__lt=settings.JOB_MAX_ATTEMPTS,
        created_at__lt=heard,
    )
    return waiting.order_by("created_at").values_list("pk", flat=True).first()


class Lease:
    """A claimed job while it is being worked on: renewed by a thread until the block ends."""

    def __init__(self, pk: uuid.UUID, token: int):
        self.pk, self.token = pk, token
        self._steps: list[dict[str, str]] = []
        self._ended = threading.Event()
        self._lost = threading.Event()
        self._thread = threading.Thread(target=self._keep, name=f"lease-{pk}", daemon=True)

    def __enter__(self) -> "Lease":
        self._thread.start()
        return self

    def __exit__(self, *_exc) -> None:
        self._ended.set()
        self._thread.join()

    def check(self) -> None:
        if self._lost.is_set():
            raise LeaseLost

    def progress(self, stage: str, done: int = 0, total: int = 0) -> None:
        self.check()
        steps = None if self._steps and self._steps[-1]["stage"] == stage else self._begin(stage)
        progress(self.pk, self.token, stage=stage, done=done, total=total, steps=steps)

    def _begin(self, stage: str) -> list[dict[str, str]]:
        self._steps.append({"stage": stage, "at": timezone.now().isoformat(timespec="seconds")})
        return self._steps

    @contextmanager
    def effect(self) -> Iterator[None]:
        """A transaction that only the owner of the job can commit."""
        with transaction.atomic():
            if not renew(self.pk, self.token):
                raise LeaseLost
            yield

    def finish(self, message: str = "") -> None:
        finish(self.pk, self.token, message=message)

    def fail(self, code: str, message: str) -> None:
        """End the job with its reason, unless it already belongs to another worker."""
        try:
            fail(self.pk, self.token, code=code, message=message)
        except LeaseLost:
            log.warning("job %s attempt %s lost its lease", self.pk, self.token)

    def _keep(self) -> None:
        deadline = time.monotonic() + LONGEST_SECONDS
        try:
            while not self._ended.wait(settings.JOB_RENEW_SECONDS) and time.monotonic() < deadline:
                if not self._renewed():
                    self._lost.set()
                    return
        finally:
            connection.close()

    def _renewed(self) -> bool:
        try:
            return renew(self.pk, self.token)
        except DatabaseError:
            connection.close()  # the lease still runs; the next round tries a new connection
            return True


def _claimable() -> Q:
    return Q(state=Job.State.QUEUED) | Q(state=Job.State.RUNNING, lease_until__lt=Now())


def _own(pk, token):
    return Job.objects.filter(pk=pk, token=token, state=Job.State.RUNNING)


def _from_now(seconds: float) -> ExpressionWrapper:
    return ExpressionWrapper(Now() + timedelta(seconds=seconds), output_field=DateTimeField())


def _give_up(pk: uuid.UUID) -> None:
    with transaction.atomic():
        given_up = Job.objects.filter(_claimable(), pk=pk, attempts__gte=settings.JOB_MAX_ATTEMPTS).update(
            state=Job.State.FAILED,
            token=F("token") + 1,
            lease_until=None,
            finished_at=Now(),
            reason_code="job_given_up",
            message=sentence("job_given_up"),
        )
        if given_up:
            log.error("job %s given up after %s attempts", pk, settings.JOB_MAX_ATTEMPTS)
            _tell_upload(pk, "job_given_up")


def _tell_upload(pk: uuid.UUID, code: str) -> None:
    job = Job.objects.only("kind", "subject_id").get(pk=pk)
    if job.kind == Job.Kind.IMPORT:
        Upload.objects.filter(pk=job.subject_id).update(state=Upload.State.FAILED, reason_code=code, finished_at=Now())


def _silent_jobs() -> list[uuid.UUID]:
    """Waiting jobs not rung lately. The gap doubles up to a minute, so a long queue is not flooded."""
    heard = _from_now(-settings.JOB_SWEEP_SECONDS)
    rows = (
        Job.objects.filter(_claimable(), attempts__lt=settings.JOB_MAX_ATTEMPTS)
        .annotate(rung=Coalesce("last_rung_at", "created_at"))
        .filter(rung__lt=heard)
        .order_by("rung")
        .values_list("pk", "rung", "created_at")[:RING_BATCH]
    )
    now = timezone.now()
    return [pk for pk, rung, created in rows if now - rung >= min(rung - created, LONGEST_RING_GAP)]


def _note_ring(pk: uuid.UUID) -> bool:
    """Several sweepers may see the same job: one of them rings."""
    heard = _from_now(-settings.JOB_SWEEP_SECONDS)
    silent = Q(last_rung_at__isnull=True) | Q(last_rung_at__lt=heard)
    return bool(Job.objects.filter(_claimable(), silent, pk=pk).update(last_rung_at=Now()))
