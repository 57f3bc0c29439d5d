"""The import job: files become series, each file with its own outcome; no bad file costs a good one."""

import logging
import time
import uuid
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace

from django.utils import timezone

from imaging import jobs, preamble, sandbox, store
from imaging.instances import FileRefusal, ParsedInstance, ParsedObject
from imaging.models import Job, Upload, UploadItem
from imaging.services.archives import open_archives
from imaging.services.letting_go import let_go
from imaging.services.objects import ObjectArrival, store_object
from imaging.services.storing import Arrival, store_series

log = logging.getLogger("prrt.import")
FLUSH = 500
PROGRESS_SECONDS = 1.0


def run_import(job: Job, lease: jobs.Lease) -> list[uuid.UUID]:
    """Open archives, parse what waits, store images series by series, then outlines; returns the jobs to ring for."""
    upload = Upload.objects.select_related("by", "patient").get(pk=job.subject_id)
    open_archives(upload, lease)
    unpacked_at = time.time()
    groups: dict[tuple, list[Arrival]] = defaultdict(list)
    objects: list[ObjectArrival] = []
    for arrival in _parse(upload, lease):
        if isinstance(arrival, ObjectArrival):
            objects.append(arrival)
        else:
            groups[_series_key(arrival.instance)].append(arrival)
    followers = []
    holds, weights = _holds({*groups, *(_series_key(arrival.parsed) for arrival in objects)}), _weights(groups)
    for number, (key, arrivals) in enumerate(groups.items()):
        lease.progress("storing series", number, len(groups))
        followers += store_series(upload, arrivals, lease, hold=holds.get(key, ""), weights=weights[key])
    for arrival in objects:
        hold = holds.get(_series_key(arrival.parsed), "")
        followers += store_object(upload, arrival, lease, hold=hold)
    with lease.effect():
        Upload.objects.filter(pk=upload.pk).update(state=Upload.State.DONE, finished_at=timezone.now())
        lease.finish()
    let_go(upload, before=unpacked_at)
    return followers


def _parse(upload: Upload, lease: jobs.Lease) -> Iterator[Arrival | ObjectArrival]:
    """Parsed files of the upload; refused ones are noted on the way. Equal files are parsed once."""
    waiting: dict[str, list[UploadItem]] = defaultdict(list)
    for item in upload.items.filter(outcome=UploadItem.Outcome.WAITING):
        waiting[item.sha256].append(item)
    refused: list[UploadItem] = []
    last_note = 0.0
    results = sandbox.parse_files([store.path(sha256) for sha256 in waiting])
    for number, (items, result) in enumerate(zip(waiting.values(), results, strict=True)):
        if isinstance(result, FileRefusal):
            refused += [_refused(item, result) for item in items]
        elif isinstance(result, ParsedObject):
            yield ObjectArrival(items, result, _had_preamble(items))
        else:
            yield Arrival(items, replace(result, has_preamble=result.has_preamble or _had_preamble(items)))
        if time.monotonic() - last_note > PROGRESS_SECONDS or len(refused) >= FLUSH:
            last_note = time.monotonic()
            _note(refused, lease)
            lease.progress("reading files", number + 1, len(waiting))
    _note(refused, lease)


def _had_preamble(items: list[UploadItem]) -> bool:
    """Noted when it came: what is stored has none."""
    return any(item.reason_code == preamble.CODE for item in items)


def _refused(item: UploadItem, refusal: FileRefusal) -> UploadItem:
    item.outcome, item.reason_code, item.detail = UploadItem.Outcome.REFUSED, refusal.code, refusal.detail[:200]
    return item


def _note(items: list[UploadItem], lease: jobs.Lease) -> None:
    if items:
        with lease.effect():
            UploadItem.objects.bulk_update(items, ["outcome", "reason_code", "detail"], batch_size=FLUSH)
        items.clear()


def _holds(keys: Iterable[tuple]) -> dict[tuple, str]:
    """Series that this upload brings under two studies or identities, and those of a study under two patient IDs."""
    keys = list(keys)
    of_series = Counter(series_uid for _, _, series_uid in keys)
    patients: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for study_uid, (patient_id, issuer, *_), _ in keys:
        patients[study_uid] |= {(patient_id, issuer)} if patient_id else set()
    mixed = {key: "study_of_two_patients" for key in keys if len(patients[key[0]]) > 1}
    return mixed | {key: "series_uid_shared" for key in keys if of_series[key[2]] > 1}


def _weights(groups: dict[tuple, list[Arrival]]) -> dict[tuple, frozenset[float]]:
    """By series: the body weights that the series of its study state, each in all its files."""
    of_study: dict[tuple, set[float]] = defaultdict(set)
    for key, arrivals in groups.items():
        stated = {arrival.instance.body_weight_kg for arrival in arrivals}
        if len(stated) == 1:
            of_study[key[:2]] |= {weight for weight in stated if weight}
    return {key: frozenset(of_study[key[:2]]) for key in groups}


def _series_key(parsed: ParsedInstance | ParsedObject) -> tuple:
    return (parsed.study_uid, parsed.identity, parsed.series_uid)
