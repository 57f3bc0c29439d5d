"""Series rows from parsed files. Two imports may bring the same series at once: unique rows and a retry decide.

One transaction per series: its study, its row, its objects, the outcome of every file and the job that computes it
are there together or not at all. The same SOP Instance UID with other content is left out, never overwritten.
"""

import json
import uuid
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date, timedelta

from django.utils import timezone

from imaging import jobs, sandbox, selectors, store
from imaging.assemble import AssembledSeries, assemble
from imaging.instances import FileRefusal, ParsedInstance
from imaging.models import Instance, Series, Study, Upload, UploadItem
from imaging.services.identities import judge
from imaging.services.requests import request_attached, request_series
from imaging.services.studies import day_of, identity_of, study_of

CHUNK = 5000
ATTEMPTS = 8


@dataclass
class Arrival:
    """One parsed file and the rows of the upload that name it (equal files are parsed once)."""

    items: list[UploadItem]
    instance: ParsedInstance

    @property
    def sha256(self) -> str:
        return self.items[0].sha256


class _Overtaken(Exception):
    """Another import stored objects of this series meanwhile: assemble again with them."""


def store_series(upload: Upload, arrivals: list[Arrival], lease: jobs.Lease, *, hold: str = "") -> list[uuid.UUID]:
    """Store what is new of one SeriesInstanceUID of one study and identity; returns the jobs to ring for.

    ``hold``: why nothing of it may reach a chart by itself, seen from the other files of this upload.
    """
    for _ in range(ATTEMPTS):
        known = _known(arrivals)
        plan = _plan(arrivals, known)
        assembled = _assemble(plan.new, known, arrivals[0].instance)
        manifests = [store.put_bytes(json.dumps(part.manifest()).encode()).sha256 for part in assembled]
        try:
            with lease.effect():
                parts = list(zip(assembled, manifests, strict=True))
                return _commit(upload, arrivals, plan, parts, known, hold=hold)
        except _Overtaken:
            continue
    raise RuntimeError("the series kept changing while it was stored")


@dataclass
class _Plan:
    new: list[Arrival]
    already: list[UploadItem]
    conflicting: list[UploadItem]


def _known(arrivals: list[Arrival]) -> dict[str, tuple[str, uuid.UUID]]:
    """SOP UID -> (hash, series) of what is stored under these UIDs, and of the rest of the same series."""
    first = arrivals[0].instance
    uids = [arrival.instance.sop_uid for arrival in arrivals]
    found: dict[str, tuple[str, uuid.UUID]] = {}
    for start in range(0, len(uids), CHUNK):
        found |= _hashes(Instance.objects.filter(sop_uid__in=uids[start : start + CHUNK]))
    own = Instance.objects.filter(
        series__series_uid=first.series_uid,
        series__study__study_uid=first.study_uid,
        series__study__identity_digest=identity_of(first).digest,
    )
    return found | _hashes(own)


def _hashes(rows) -> dict[str, tuple[str, uuid.UUID]]:
    return {sop_uid: (sha256, pk) for sop_uid, sha256, pk in rows.values_list("sop_uid", "sha256", "series_id")}


def _plan(arrivals: list[Arrival], known: dict[str, tuple[str, uuid.UUID]]) -> _Plan:
    """New, already here, or in conflict. Of equal files in one upload the first is new, the others already here."""
    plan = _Plan([], [], [])
    here = {sop_uid: sha256 for sop_uid, (sha256, _) in known.items()}
    for arrival in arrivals:
        sop_uid = arrival.instance.sop_uid
        if sop_uid not in here:
            here[sop_uid] = arrival.sha256
            plan.new.append(arrival)
            plan.already += arrival.items[1:]
        elif here[sop_uid] == arrival.sha256:
            plan.already += arrival.items
        else:
            plan.conflicting += arrival.items
    return plan


def _assemble(new: list[Arrival], known: dict, first: ParsedInstance) -> list[AssembledSeries]:
    """The series as they are with the new objects; parts that got nothing new are left out."""
    if not new:
        return []
    slices = [(arrival.sha256, arrival.instance) for arrival in new]
    stored = _stored_slices(known, first)
    added = {arrival.instance.sop_uid for arrival in new}
    return [
        part for part in assemble([*stored, *slices]) if any(instance.sop_uid in added for _, instance in part.slices)
    ]


def _stored_slices(known: dict, first: ParsedInstance) -> list[tuple[str, ParsedInstance]]:
    """Late slices join what is stored: its files are parsed again, each still in the sandbox."""
    own = Series.objects.filter(
        series_uid=first.series_uid,
        study__study_uid=first.study_uid,
        study__identity_digest=identity_of(first).digest,
    )
    pks = set(own.values_list("pk", flat=True))
    hashes = [sha256 for sha256, series in known.values() if series in pks]
    parsed = sandbox.parse_files([store.path(sha256) for sha256 in hashes])
    slices = []
    for sha256, result in zip(hashes, parsed, strict=True):
        if isinstance(result, FileRefusal):
            raise RuntimeError(f"a stored object can no longer be read ({result.code})")
        slices.append((sha256, result))
    return slices


def _commit(upload: Upload, arrivals, plan: _Plan, parts, known, *, hold: str) -> list[uuid.UUID]:
    study = study_of(arrivals[0].instance) if parts else None
    if _known(arrivals) != known:
        raise _Overtaken
    items = {arrival.instance.sop_uid: arrival.items[0] for arrival in plan.new}
    followers, outcomes = [], []
    for part, manifest in parts:
        series = _upsert(study, part, manifest, upload.by)
        fresh = [(sha256, i) for sha256, i in part.slices if i.sop_uid in items]
        Instance.objects.bulk_create(
            [Instance(series=series, sop_uid=i.sop_uid, sha256=sha256, size=i.size) for sha256, i in fresh],
            batch_size=500,
        )
        series = judge(by=upload.by, series=series, patient=upload.patient, hold=hold or _hold(series, part))
        followers.append(request_series(series=series, by=upload.by).pk)
        outcomes += [_outcome(items[i.sop_uid], series) for _, i in fresh]
    outcomes += _touch_known(upload, arrivals, plan, known, followers)
    for item in plan.conflicting:
        item.outcome, item.reason_code = UploadItem.Outcome.REFUSED, "sop_uid_conflict"
    UploadItem.objects.bulk_update([*outcomes, *plan.conflicting], ["outcome", "reason_code", "series"], batch_size=500)
    return followers


def _upsert(study: Study, part: AssembledSeries, manifest: str, by) -> Series:
    """A new row, or the next revision of the one that got late slices: all computed from it is then out of date."""
    values = {
        "modality": part.first.modality,
        "sop_class_uid": part.first.sop_class_uid,
        "frame_of_reference_uid": part.first.frame_of_reference_uid,
        "series_date": _acquired_on(part),
        "tracer": part.tracer,
        "units": part.first.units[:8],
        "instance_count": len(part.slices),
        "header": part.header,
        "manifest_sha256": manifest,
        "volume_sha256": "",
        "geometry": part.geometry_json,
        "warnings": [asdict(warning) for warning in part.warnings],
        "refusal_code": part.refusal.code if part.refusal else "",
        "refusal_message": part.refusal.message[:300] if part.refusal else "",
    }
    series, created = Series.objects.select_for_update().get_or_create(
        study=study,
        series_uid=part.series_uid,
        split_key=part.split_key,
        defaults=values | {"uploaded_by": by},
    )
    if not created:
        for name, value in values.items():
            setattr(series, name, value)
        series.revision += 1
        series.save(update_fields=[*values, "revision"])
    return series


def _hold(series: Series, part: AssembledSeries) -> str:
    """A reason that lies in the files: one UID under two identities, a day to come, text burned into the image."""
    elsewhere = Series.objects.filter(series_uid=series.series_uid).exclude(study=series.study)
    if elsewhere.exists():
        return "series_uid_shared"
    if part.hold:
        return part.hold
    if _has_other_patient(series.study):
        return "study_of_two_patients"
    tomorrow = timezone.localdate() + timedelta(days=1)  # the scanner's clock may be ahead of ours
    return "scan_in_future" if series.series_date and series.series_date > tomorrow else ""


def _has_other_patient(study: Study) -> bool:
    """The same study is here under another patient ID; one without any says nothing."""
    others = Study.objects.filter(study_uid=study.study_uid).exclude(dicom_patient_id="")
    own = {"dicom_patient_id": study.dicom_patient_id, "dicom_issuer": study.dicom_issuer}
    return bool(study.dicom_patient_id) and others.exclude(**own).exists()


def _touch_known(upload: Upload, arrivals, plan: _Plan, known, followers) -> list[UploadItem]:
    """Files that were here already: their series may now be given the case, or its failed job another try."""
    repeated = {item.pk for item in plan.already}
    outcomes, touched = [], {}
    for arrival in arrivals:
        pk = known.get(arrival.instance.sop_uid, (None, None))[1]
        for item in arrival.items:
            if item.pk not in repeated:
                continue
            item.outcome, item.reason_code = UploadItem.Outcome.ALREADY, ""
            if pk is not None and pk not in touched:
                touched[pk] = judge(by=upload.by, series=Series.objects.get(pk=pk), patient=upload.patient)
            item.series = touched.get(pk) or arrival.items[0].series
            outcomes.append(item)
    for series in touched.values():
        followers += [job.pk for job in request_attached(series=series, by=upload.by)]
        if selectors.has_failed(series):
            followers.append(request_series(series=series, by=upload.by).pk)
    return outcomes


def _outcome(item: UploadItem, series: Series) -> UploadItem:
    is_held = series.identity == Series.Identity.HELD
    item.outcome = UploadItem.Outcome.HELD if is_held else UploadItem.Outcome.STORED
    item.reason_code = series.identity_reason if is_held else ""
    item.series = series
    return item


def _acquired_on(part: AssembledSeries) -> date | None:
    """The day of acquisition; of the series or study where the header has no other."""
    moments: Iterable[str] = (instance.acquired_at for _, instance in part.slices)
    earliest = min((moment for moment in moments if moment), default="")
    return day_of(earliest[:10]) or day_of(part.first.series_at[:10]) or day_of(part.first.study_date)
