"""Opening the ZIP archives of an upload: every entry becomes a file of its own, or a refusal of its own."""

from imaging import archive, jobs, preamble, store
from imaging.models import Upload, UploadItem
from imaging.refused import Refused
from imaging.services.uploads import Received, clean_label


def open_archives(upload: Upload, lease: jobs.Lease) -> None:
    """Replace waiting archives by their entries. An archive opened in an earlier attempt is not opened again."""
    waiting = upload.items.filter(outcome=UploadItem.Outcome.WAITING)
    budget = archive.Budget(files=archive.MAX_FILES - upload.items.count())
    for item in [item for item in waiting if is_archive(item.sha256)]:
        lease.progress("opening archives")
        found, code = _entries(item, budget, lease)
        with lease.effect():
            UploadItem.objects.bulk_create([_item(upload, received) for received in found], batch_size=500)
            item.outcome, item.reason_code = _outcome(code)
            item.detail = f"{len(found)} files"
            item.save(update_fields=["outcome", "reason_code", "detail"])


def is_archive(sha256: str) -> bool:
    try:
        with store.open_stored(sha256) as stream:
            return stream.read(4) in archive.ZIP_MAGICS
    except FileNotFoundError:
        return False  # refused by name where it is read


def _entries(item: UploadItem, budget: archive.Budget, lease: jobs.Lease) -> tuple[list[Received], str]:
    """What the archive holds, and the code that stopped it before its end, if any."""
    found: list[Received] = []
    try:
        with store.open_stored(item.sha256) as stream, store.batch() as put:
            for entry in archive.entries(stream, budget):
                lease.check()
                found.append(_store(put, entry))
    except Refused as refusal:
        return found, refusal.code
    return found, ""


def _store(put, entry: archive.Entry) -> Received:
    if entry.stream is None:
        return Received(entry.label, code=entry.code)
    try:
        file = preamble.Emptied(entry.stream)
        stored = put(file, max_bytes=archive.MAX_FILE_BYTES)
    except Refused as refusal:
        if refusal.code in archive.STOPS:
            raise
        return Received(entry.label, code=refusal.code)
    except store.StoreError as error:
        if error.code != "file_too_large":
            raise
        return Received(entry.label, code=error.code)
    note = preamble.CODE if file.was_foreign else ""
    return Received(entry.label, stored.sha256, stored.size, "" if stored.size else "file_empty", note)


def _item(upload: Upload, received: Received) -> UploadItem:
    return UploadItem(
        upload=upload,
        label=clean_label(received.label),
        sha256=received.sha256,
        size=received.size,
        outcome=UploadItem.Outcome.REFUSED if received.code else UploadItem.Outcome.WAITING,
        reason_code=received.code or received.note,
    )


def _outcome(code: str) -> tuple[str, str]:
    if code:
        return UploadItem.Outcome.REFUSED, code
    return UploadItem.Outcome.STORED, "archive_opened"
