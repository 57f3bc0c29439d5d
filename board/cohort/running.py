"""The job of an export. Its row is claimed by one conditional UPDATE; what a lost lease has made is thrown away.

As in ``imaging.jobs``: the bell may be lost, a second delivery finds nothing to do, times are the database's.
"""

import hashlib
import logging
import time
import uuid
from functools import partial
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Coalesce, Now
from django.utils import timezone

from board.cohort.writing import Archive, each_case, leaving_patients
from board.export_claims import Claims, LeaseLost, from_now
from board.models import CohortExport
from board.one_moment import one_moment
from imaging import disk
from patients.domain.roles import Capability
from patients.models import Patient
from patients.services import audit

log = logging.getLogger("prrt.board")
RENEW_SECONDS = 5
STRAY_SECONDS = 3600
REASONS = {
    "right_withdrawn": "Stopped: the one who asked may not export any more.",
    "nobody": "Stopped: no case matches the question any more.",
    "given_up": "Stopped after three attempts. Partial file deleted. Ask the administrator to look at the log.",
    "disk": "Stopped: the file could not be written. Partial file deleted.",
}
_STATE = CohortExport.State
claims = Claims(CohortExport)


class Refused(Exception):
    """Ends the job with a reason; ``str()`` is its code."""


def path_of(export: CohortExport) -> Path:
    """Nothing of the question or of a case is in the name."""
    return Path(settings.COHORT_EXPORT_DIR) / f"{export.pk}.{export.token}.zip"


def run(pk: uuid.UUID) -> bool:
    """Claim it and do it; False where there was nothing to claim or the lease was lost."""
    token = claims.claim(pk, stage="starting")
    if token is None:
        return False
    if not disk.has_room():
        claims.wait_for_room(pk, token, last_rung_at=Now())
        return True
    export = CohortExport.objects.select_related("asked_by", "decided_by").get(pk=pk)
    part = path_of(export).with_suffix(".part")
    try:
        _make(export, token, part)
    except LeaseLost:
        log.warning("export %s attempt %s lost its lease", pk, token)
        return False
    except Refused as refused:
        _fail(export, token, str(refused))
    except Exception as error:
        if disk.is_full(error):
            log.warning("export %s waits for room on the disk", pk)
            claims.wait_for_room(pk, token, last_rung_at=Now())
            return True
        if isinstance(error, OSError):
            log.error("export %s could not be written (%s)", pk, type(error).__name__)
            _fail(export, token, "disk")
            return True
        claims.give_back(pk, token, last_rung_at=Now())
        raise
    finally:
        part.unlink(missing_ok=True)
    return True


def _make(export: CohortExport, token: int, part: Path) -> None:
    if not export.asked_by.may(Capability.EXPORT_COHORT):
        raise Refused("right_withdrawn")
    part.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    archive = Archive(export)
    _read(export, token, archive)
    if not archive.members:
        raise Refused("nobody")
    claims.progress(export.pk, token, "writing files", len(archive.members), len(archive.members))
    part.unlink(missing_ok=True)
    archive.save(part, timezone.now())
    _finish(export, token, archive, part)


def _read(export: CohortExport, token: int, archive: Archive) -> None:
    """Every case as it is at one moment: what is corrected meanwhile is in no table by half."""
    today, renewed = timezone.localdate(export.known_at), 0.0
    with one_moment() as beside:
        patients = leaving_patients(export)
        for number, (case, found) in enumerate(each_case(export, patients, today)):
            if time.monotonic() - renewed > RENEW_SECONDS:
                beside(partial(claims.progress, export.pk, token, "reading cases", number, len(patients)))
                renewed = time.monotonic()
            if found:
                archive.add(case, found, today=today)


def _fail(export: CohortExport, token: int, code: str) -> None:
    """Of a lease that is lost nothing is said: whoever has it now says how it ends."""
    ended = {"state": _STATE.FAILED, "lease_until": None, "finished_at": Now(), "reason_code": code, "stage": ""}
    with transaction.atomic():
        if claims.own(export.pk, token).update(**ended):
            audit(by=export.asked_by, action="export_failed", obj=export, after={"code": code})


def _finish(export: CohortExport, token: int, archive: Archive, part: Path) -> None:
    """The row, the trail of every case that left, and the file: all or none."""
    content = part.read_bytes()
    with transaction.atomic():
        claims.finish(
            export.pk,
            token,
            state=_STATE.DONE,
            expires_at=from_now(settings.COHORT_EXPORT_HOURS * 3600),
            patients=len(archive.members),
            rows=archive.rows,
            members=archive.members,
            sha256=hashlib.sha256(content).hexdigest(),
            size=len(content),
            stage="",
            reason_code="",
        )
        for patient in Patient.objects.filter(pk__in=archive.members):
            said = {"export": str(export.pk), "approved_by": str(export.decided_by_id)}
            audit(by=export.asked_by, action="export_cohort", obj=export, patient=patient, after=said)
        part.replace(path_of(export))


def sweep() -> list[uuid.UUID]:
    """Give up what failed too often, delete what has run out, and name what waits unheard."""
    claims.give_up_exhausted("given_up")
    remove_expired()
    silent = claims.waiting().annotate(rung=Coalesce("last_rung_at", "asked_at"))
    waiting = silent.filter(rung__lt=from_now(-settings.JOB_LEASE_SECONDS))
    found = list(waiting.values_list("pk", flat=True)[:50])
    CohortExport.objects.filter(pk__in=found).update(last_rung_at=Now())
    return found


def remove_expired() -> int:
    """Files whose time is over, and what a killed worker left behind."""
    gone = 0
    for export in CohortExport.objects.filter(state=_STATE.DONE, removed_at=None, expires_at__lte=timezone.now()):
        path_of(export).unlink(missing_ok=True)
        with transaction.atomic():
            CohortExport.objects.filter(pk=export.pk).update(removed_at=timezone.now())
            audit(by=None, action="remove_cohort_export", obj=export)
        gone += 1
    for left in Path(settings.COHORT_EXPORT_DIR).glob("*.*"):
        if time.time() - left.stat().st_mtime > STRAY_SECONDS and not _is_of_a_row(left):
            left.unlink(missing_ok=True)
    return gone


def _is_of_a_row(path: Path) -> bool:
    """A worker that was killed before its row said so has left a whole file that is nobody's."""
    pk, token, ending = path.name.split(".", 2)
    try:
        kept = CohortExport.objects.filter(pk=uuid.UUID(pk), token=int(token), state=_STATE.DONE, removed_at=None)
    except ValueError:
        return False
    return ending == "zip" and kept.exists()
