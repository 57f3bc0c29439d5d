"""Asking for everything of one patient, making it, fetching it, and removing it after a day."""

import hashlib
import logging
import os
import time
import uuid
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from board.export_claims import NO_ROOM, NO_ROOM_SENTENCE, Claims, LeaseLost
from board.export_patient import archive
from board.fhir.exporting import REFUSED, may_export
from board.models import PatientExport
from imaging import disk
from imaging.services.exporting import note_exported
from imaging.store import StoreError
from patients.models import Patient
from patients.services import audit

log = logging.getLogger("prrt.board")
KEPT = timedelta(hours=24)
SAID_EVERY_SECONDS = 1.0
State = PatientExport.State
claims = Claims(PatientExport, seconds=600)  # a bundle of everything may take long between two words of progress
SENTENCES = {
    "store_damaged": "A stored DICOM file is missing or damaged. No archive was made, because it would have a hole.",
    "disk": "The archive could not be written. Nothing was kept of it. Ask the administrator.",
    "disk_full": "There was no room left for the archive. Nothing was kept of it. Ask for it again.",
    NO_ROOM: NO_ROOM_SENTENCE,
    "export_given_up": "The export stopped three times. Nothing was kept of it. Ask the administrator.",
    "access_ended": "Your access to the case ended before the archive was made. Nothing was kept of it.",
}


@transaction.atomic
def request_export(*, by, patient: Patient) -> PatientExport:
    """The export that this user is waiting for already, or a new one. Raises PermissionDenied."""
    check_may_export(by, patient)
    Patient.objects.select_for_update().get(pk=patient.pk)
    open_one = PatientExport.objects.filter(patient=patient, requested_by=by, state__in=PatientExport.OPEN).first()
    if open_one is not None:
        return open_one
    export = PatientExport.objects.create(patient=patient, requested_by=by)
    audit(by=by, action="request_export", obj=export)
    return export


def check_may_export(by, patient: Patient) -> None:
    if not may_export(by):
        raise PermissionDenied(REFUSED)
    if not Patient.objects.visible_to(by).filter(pk=patient.pk).exists():
        raise PermissionDenied("You have no access to this case.")


def make_export(pk: uuid.UUID) -> None:
    """Claim it and make it; a second delivery finds nothing to do."""
    if (token := claims.claim(pk)) is None:
        return
    export = PatientExport.objects.select_related("patient", "requested_by").get(pk=pk)
    part = folder() / f"{pk}.{token}.part"
    try:
        if not disk.has_room():
            raise StoreError(disk.CODE)
        _make(export, token, part)
    except LeaseLost:
        log.warning("export %s lost its lease", pk)
    except BaseException as error:
        if disk.is_full(error):
            log.warning("export %s waits for room on the disk", pk)
            return claims.wait_for_room(pk, token)
        claims.give_back(pk, token)
        raise
    finally:
        part.unlink(missing_ok=True)


def _make(export: PatientExport, token: int, part: Path) -> None:
    try:
        check_may_export(export.requested_by, export.patient)
        written = _write(export, token, part)
    except PermissionDenied:
        return _fail(export, token, "access_ended")
    except archive.Damaged:
        return _fail(export, token, "store_damaged")
    except OSError as error:
        if disk.is_full(error):
            raise
        log.warning("export %s: %s", export.pk, type(error).__name__)
        return _fail(export, token, "disk")
    sha256, size, now = _digest(part), part.stat().st_size, timezone.now()
    with transaction.atomic():
        values = {"sha256": sha256, "size": size, "expires_at": now + KEPT, "stage": ""}
        claims.finish(export.pk, token, state=State.DONE, **values)
        said = {"files": written.files, "size": size, "sha256": sha256}
        for scan, objects in written.made:
            note_exported(by=export.requested_by, scan=scan, said=objects)
        audit(by=export.requested_by, action="export_patient", obj=export, after=said)
        os.replace(part, path_of(export))


def _write(export: PatientExport, token: int, part: Path) -> archive.Written:
    last: list[str | float] = ["", 0.0]

    def told(stage: str, done: int, total: int) -> None:
        if stage != last[0] or time.monotonic() - float(last[1]) > SAID_EVERY_SECONDS:
            claims.progress(export.pk, token, stage, done, total)
            last[:] = [stage, time.monotonic()]

    with os.fdopen(os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        written = archive.write(export.patient, file, by=export.requested_by, at=timezone.now(), told=told)
        file.flush()
        os.fsync(file.fileno())
    return written


def _fail(export: PatientExport, token: int, code: str) -> None:
    with transaction.atomic():
        claims.finish(export.pk, token, state=State.FAILED, reason_code=code)
        audit(by=export.requested_by, action="export_failed", obj=export, after={"code": code})


@transaction.atomic
def open_export(*, by, export: PatientExport) -> BinaryIO | None:
    """The archive for whoever asked for it, with a row in the trail; None once it is gone. Raises PermissionDenied."""
    check_may_export(by, export.patient)
    if export.requested_by_id != by.pk:
        raise PermissionDenied("Only the person who asked for this archive may fetch it.")
    if not is_ready(export):
        return None
    try:
        file = path_of(export).open("rb")
    except FileNotFoundError:
        return None
    audit(by=by, action="download_export", obj=export, after={"sha256": export.sha256})
    return file


def is_ready(export: PatientExport) -> bool:
    return export.state == State.DONE and export.expires_at is not None and export.expires_at > timezone.now()


def remove_expired() -> int:
    """Delete archives after their day, and what stopped workers left; files first, so that none outlives its row."""
    now = timezone.now()
    old = list(PatientExport.objects.filter(state=State.DONE, expires_at__lte=now))
    for export in old:
        path_of(export).unlink(missing_ok=True)
        with transaction.atomic():
            if PatientExport.objects.filter(pk=export.pk, state=State.DONE).update(state=State.EXPIRED):
                audit(by=None, action="remove_export", obj=export)
    for left in folder().iterdir():
        with suppress(FileNotFoundError):  # its worker has just made the archive of it
            if left.stat().st_mtime < (now - KEPT).timestamp():
                left.unlink()
    return len(old)


def path_of(export: PatientExport) -> Path:
    return folder() / f"{export.pk}.zip"


def folder() -> Path:
    found = Path(settings.DATA_DIR) / "patient-exports"
    found.mkdir(mode=0o700, exist_ok=True)
    return found


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
