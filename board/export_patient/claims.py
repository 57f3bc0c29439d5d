"""Whose turn it is to make an export: claimed by one conditional UPDATE, kept by a lease, fenced by a token."""

import uuid
from datetime import timedelta

from django.conf import settings
from django.db.models import F, Q
from django.utils import timezone

from board.models import PatientExport

LEASE = timedelta(minutes=10)
State = PatientExport.State


class LeaseLost(Exception):
    """Another worker owns the export now; what this one wrote is dropped."""


def claim(pk: uuid.UUID) -> int | None:
    """The fencing token, or None where there is nothing to take."""
    free = PatientExport.objects.filter(_claimable(), pk=pk, attempts__lt=settings.JOB_MAX_ATTEMPTS)
    taken = free.update(
        state=State.RUNNING,
        token=F("token") + 1,
        attempts=F("attempts") + 1,
        lease_until=timezone.now() + LEASE,
        stage="",
        progress_done=0,
        progress_total=0,
    )
    return PatientExport.objects.values_list("token", flat=True).get(pk=pk) if taken else None


def progress(pk: uuid.UUID, token: int, stage: str, done: int, total: int) -> None:
    lease = timezone.now() + LEASE
    _write(pk, token, stage=stage, progress_done=done, progress_total=total, lease_until=lease)


def finish(pk: uuid.UUID, token: int, *, state: str, **values) -> None:
    """Call inside the transaction that writes the trail: both are kept or neither."""
    _write(pk, token, state=state, lease_until=None, finished_at=timezone.now(), **values)


def give_back(pk: uuid.UUID, token: int) -> None:
    _own(pk, token).update(state=State.QUEUED, lease_until=None)


def give_up_exhausted() -> int:
    tired = PatientExport.objects.filter(_claimable(), attempts__gte=settings.JOB_MAX_ATTEMPTS)
    ended = {"state": State.FAILED, "reason_code": "export_given_up", "lease_until": None}
    return tired.update(token=F("token") + 1, finished_at=timezone.now(), **ended)


def waiting() -> list[uuid.UUID]:
    return list(PatientExport.objects.filter(_claimable()).order_by("requested_at").values_list("pk", flat=True)[:50])


def _claimable() -> Q:
    return Q(state=State.QUEUED) | Q(state=State.RUNNING, lease_until__lt=timezone.now())


def _own(pk: uuid.UUID, token: int):
    return PatientExport.objects.filter(pk=pk, token=token, state=State.RUNNING)


def _write(pk: uuid.UUID, token: int, **values) -> None:
    if not _own(pk, token).update(**values):
        raise LeaseLost
