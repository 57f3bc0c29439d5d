"""The claim on an export: one conditional UPDATE that hands out a lease and a fencing token, as in ``imaging.jobs``."""

import uuid
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import DateTimeField, ExpressionWrapper, F, Q, QuerySet
from django.db.models.functions import Now

from board.models import CohortExport

_STATE = CohortExport.State


class LeaseLost(Exception):
    """Another worker has it now."""


def claim(pk: uuid.UUID) -> int | None:
    with transaction.atomic():
        taken = CohortExport.objects.filter(claimable(), pk=pk, attempts__lt=settings.JOB_MAX_ATTEMPTS).update(
            state=_STATE.RUNNING,
            token=F("token") + 1,
            attempts=F("attempts") + 1,
            lease_until=from_now(settings.JOB_LEASE_SECONDS),
            stage="starting",
            progress_done=0,
            progress_total=0,
        )
        return CohortExport.objects.values_list("token", flat=True).get(pk=pk) if taken else None


def progress(pk: uuid.UUID, token: int, stage: str, done: int, total: int) -> None:
    """How far it is; it renews the lease. Raises LeaseLost where another worker has it."""
    values = {"stage": stage, "progress_done": done, "progress_total": total}
    if not own(pk, token).update(lease_until=from_now(settings.JOB_LEASE_SECONDS), **values):
        raise LeaseLost


def fail(pk: uuid.UUID, token: int, code: str) -> None:
    own(pk, token).update(state=_STATE.FAILED, lease_until=None, finished_at=Now(), reason_code=code, stage="")


def claimable() -> Q:
    return Q(state=_STATE.QUEUED) | Q(state=_STATE.RUNNING, lease_until__lt=Now())


def own(pk: uuid.UUID, token: int) -> QuerySet[CohortExport]:
    return CohortExport.objects.filter(pk=pk, token=token, state=_STATE.RUNNING)


def from_now(seconds: float) -> ExpressionWrapper:
    return ExpressionWrapper(Now() + timedelta(seconds=seconds), output_field=DateTimeField())
