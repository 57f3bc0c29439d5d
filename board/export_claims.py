"""Whose turn it is to make an export: claimed by one conditional UPDATE, kept by a lease, fenced by a token.

As in ``imaging.jobs``: a second delivery finds nothing to take, and times are the database's. Serves every table of
exports with ``state``, ``attempts``, ``token``, ``lease_until``, ``stage``, ``progress_*`` and ``finished_at``.
"""

import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import DateTimeField, ExpressionWrapper, F, Q, QuerySet
from django.db.models.functions import Greatest, Now

from board.models import CohortExport, PatientExport
from patients.services import audit

NO_ROOM = "waits_for_room"
NO_ROOM_SENTENCE = (
    "The disk of the server is full, so the export waits. Nothing half-made was kept; it goes on by itself when there "
    "is room again. Tell the system administrator."
)
QUEUED, RUNNING, FAILED = "queued", "running", "failed"


class LeaseLost(Exception):
    """Another worker owns the export now; what this one wrote is dropped."""


@dataclass(frozen=True)
class Claims:
    """``seconds`` of a lease; 0: as long as that of any job."""

    model: type[CohortExport] | type[PatientExport]
    seconds: int = 0

    def claim(self, pk: uuid.UUID, stage: str = "") -> int | None:
        """The fencing token, or None where there is nothing to take."""
        free = self.model.objects.filter(claimable(), pk=pk, attempts__lt=settings.JOB_MAX_ATTEMPTS)
        with transaction.atomic():
            taken = free.update(
                state=RUNNING,
                token=F("token") + 1,
                attempts=F("attempts") + 1,
                lease_until=self._lease(),
                stage=stage,
                progress_done=0,
                progress_total=0,
                reason_code="",
            )
            return self.model.objects.values_list("token", flat=True).get(pk=pk) if taken else None

    def progress(self, pk: uuid.UUID, token: int, stage: str, done: int, total: int) -> None:
        """How far it is; it renews the lease. Raises LeaseLost where another worker has it."""
        values = {"stage": stage, "progress_done": done, "progress_total": total}
        self._write(pk, token, lease_until=self._lease(), **values)

    def finish(self, pk: uuid.UUID, token: int, *, state: str, **values) -> None:
        """Call inside the transaction that writes the trail: both are kept or neither. Raises LeaseLost."""
        self._write(pk, token, state=state, lease_until=None, finished_at=Now(), **values)

    def give_back(self, pk: uuid.UUID, token: int, **values) -> None:
        self.own(pk, token).update(state=QUEUED, lease_until=None, **values)

    def wait_for_room(self, pk: uuid.UUID, token: int, **values) -> None:
        """Nothing more fits on the disk: the attempt does not count, and the sweep rings again."""
        attempts = Greatest(F("attempts") - 1, 0)
        self.give_back(pk, token, reason_code=NO_ROOM, stage="", attempts=attempts, **values)

    @transaction.atomic
    def give_up_exhausted(self, code: str) -> int:
        """Each with its line in the trail; of two sweepers one writes it."""
        tired = self.model.objects.filter(claimable(), attempts__gte=settings.JOB_MAX_ATTEMPTS)
        ended: dict[str, Any] = {"state": FAILED, "reason_code": code, "lease_until": None, "stage": ""}
        gone = [
            one for one in tired if tired.filter(pk=one.pk).update(token=F("token") + 1, finished_at=Now(), **ended)
        ]
        for export in gone:
            audit(by=None, action="export_failed", obj=export, after={"code": code})
        return len(gone)

    def waiting(self) -> QuerySet:
        return self.model.objects.filter(claimable())

    def own(self, pk: uuid.UUID, token: int) -> QuerySet:
        return self.model.objects.filter(pk=pk, token=token, state=RUNNING)

    def _lease(self) -> ExpressionWrapper:
        return from_now(self.seconds or settings.JOB_LEASE_SECONDS)

    def _write(self, pk: uuid.UUID, token: int, **values) -> None:
        if not self.own(pk, token).update(**values):
            raise LeaseLost


def claimable() -> Q:
    return Q(state=QUEUED) | Q(state=RUNNING, lease_until__lt=Now())


def from_now(seconds: float) -> ExpressionWrapper:
    return ExpressionWrapper(Now() + timedelta(seconds=seconds), output_field=DateTimeField())
