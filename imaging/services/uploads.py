"""Receiving files: durable under their content hash before the row that names them says so."""

import datetime as dt
import hashlib
import unicodedata
import uuid
from collections.abc import Iterable
from typing import NamedTuple

from django.conf import settings
from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from imaging import archive, jobs, preamble, store
from imaging.header import Unusable
from imaging.models import Job, Upload, UploadItem
from imaging.refused import Refused
from patients.domain.roles import Capability
from patients.services import audit

HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
IMPORT_VERSION = "import/1.0"


class Received(NamedTuple):
    """What became of one file at the door."""

    label: str
    sha256: str = ""
    size: int = 0
    code: str = ""
    note: str = ""  # kept in place of a reason until the file is read


@transaction.atomic
def open_upload(*, by, patient=None, source: str, key: uuid.UUID | None = None) -> Upload:
    """Start an import, into a chosen case or into none. The same ``key`` again gives the same import."""
    if not by.may(Capability.IMPORT_SCAN):
        raise Refused("not_permitted")
    if source == Upload.Source.BROWSER and not Upload.objects.filter(pk=key).exists():
        _refuse_too_much(by)
    wanted = {"by": by, "patient": patient, "source": source}
    upload, is_new = Upload.objects.get_or_create(pk=key or uuid.uuid4(), defaults=wanted)
    if not is_new:
        if (upload.by_id, upload.patient_id) != (by.pk, patient and patient.pk):
            raise Refused("not_permitted")
        return upload
    audit(by=by, action="open_upload", obj=upload, patient=patient, after={"source": source})
    return upload


def _refuse_too_much(by) -> None:
    """One account, in wrong hands or in a loop, fills no disk; whoever works on the computer itself has no limit."""
    now, mine = timezone.now(), Upload.objects.filter(by=by)
    if mine.filter(created_at__gt=now - HOUR).count() >= settings.UPLOADS_PER_HOUR:
        raise Refused("upload_too_often")
    sent = mine.filter(created_at__gt=now - DAY).aggregate(bytes=Sum("byte_count"))["bytes"] or 0
    if sent >= settings.UPLOAD_BYTES_PER_DAY:
        raise Refused("upload_quota")


def add_file(*, by, upload: Upload, label: str, stream) -> UploadItem:
    """Store one file, or refuse it with a code. On disk and in the table when this returns."""
    return add_files(by=by, upload=upload, files=[(label, stream)])[0]


def add_files(*, by, upload: Upload, files: Iterable[tuple[str, store.Readable]]) -> list[UploadItem]:
    """``add_file`` for many at the price of one flush; every file has its own outcome."""
    if upload.by_id != by.pk:
        raise Refused("not_permitted")
    if not Upload.objects.filter(pk=upload.pk, state=Upload.State.RECEIVING).exists():
        raise Refused("upload_closed")
    with store.batch() as put:
        received = [_receive(put, label, stream) for label, stream in files]
    return _note(upload, received)


@transaction.atomic
def close_upload(*, by, upload: Upload) -> Job:
    """No more files: the import may begin. Closing twice gives the same job."""
    if upload.by_id != by.pk:
        raise Refused("not_permitted")
    items = list(upload.items.order_by("id").values_list("label", "sha256", "outcome"))
    if not items:
        raise Refused("upload_empty")
    Upload.objects.filter(pk=upload.pk, state=Upload.State.RECEIVING).update(
        state=Upload.State.RECEIVED, received_at=timezone.now()
    )
    key = {"kind": Job.Kind.IMPORT, "subject_id": upload.pk}
    existing = Job.objects.filter(**key).first()
    if existing is not None:
        return existing
    digest = hashlib.sha256(repr(items).encode()).hexdigest()
    return jobs.request(**key, input_digest=digest, method_version=IMPORT_VERSION, patient=upload.patient, by=by)


def clean_label(name: str) -> str:
    """The last part of a file name without control or direction characters: a label, never used as a path."""
    last = name.replace("\\", "/").rstrip("/").rpartition("/")[2]
    shown = "".join(c for c in last if unicodedata.category(c) not in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
    return shown[:200] or "(no name)"


def _receive(put, label: str, stream) -> Received:
    try:
        file = preamble.Emptied(stream)
        if not file.head:
            return Received(label, code="file_empty")
        limit = archive.MAX_TOTAL_BYTES if file.head[:4] in archive.ZIP_MAGICS else archive.MAX_FILE_BYTES
        stored = put(file, max_bytes=limit)
    except Unusable as refusal:
        return Received(label, code=refusal.code)
    except store.StoreError as error:
        if error.code != "file_too_large":
            raise
        return Received(label, code=error.code)
    return Received(label, stored.sha256, stored.size, note=preamble.CODE if file.was_foreign else "")


@transaction.atomic
def _note(upload: Upload, received: list[Received]) -> list[UploadItem]:
    """One row per file, counted against the caps of the whole import. A batch that is sent again finds its rows."""
    locked = Upload.objects.select_for_update().filter(pk=upload.pk, state=Upload.State.RECEIVING).first()
    if locked is None:
        raise Refused("upload_closed")
    known = _known(locked, received)
    new = [r for r in received if _key(r) not in known]
    upload.file_count = locked.file_count = locked.file_count + len(new)
    upload.byte_count = locked.byte_count = locked.byte_count + sum(r.size for r in new)
    locked.save(update_fields=["file_count", "byte_count"])
    over = _over(locked)
    created = iter(UploadItem.objects.bulk_create([_item(upload, r, over) for r in new]))
    return [known.get(_key(r)) or next(created) for r in received]


def _known(upload: Upload, received: list[Received]) -> dict[tuple, UploadItem]:
    rows = upload.items.filter(sha256__in={r.sha256 for r in received})
    return {(item.label, item.sha256, item.size): item for item in rows}


def _key(received: Received) -> tuple:
    return (clean_label(received.label), received.sha256, received.size)


def _over(upload: Upload) -> str:
    if upload.file_count > archive.MAX_FILES:
        return "too_many_files"
    return "upload_too_large" if upload.byte_count > archive.MAX_TOTAL_BYTES else ""


def _item(upload: Upload, received: Received, over: str) -> UploadItem:
    code = received.code or over
    return UploadItem(
        upload=upload,
        label=clean_label(received.label),
        sha256=received.sha256,
        size=received.size,
        outcome=UploadItem.Outcome.REFUSED if code else UploadItem.Outcome.WAITING,
        reason_code=code or received.note,
    )
