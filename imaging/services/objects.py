"""Storing segmentations, structure sets and reports of other workstations: as series of their own, judged like images.

What they hold is read by a job of its own, once the series is attached to a case.
"""

import uuid
from dataclasses import dataclass

from imaging import jobs
from imaging.instances import ParsedObject, is_identity_unreadable
from imaging.models import ForeignObject, Instance, Series, Upload, UploadItem
from imaging.services.identities import judge
from imaging.services.requests import request_contours
from imaging.services.studies import day_of, study_of

MODALITIES = {"seg": "SEG", "rtstruct": "RTSTRUCT", "sr": "SR"}


@dataclass
class ObjectArrival:
    """One parsed object and the rows of the upload that name it (equal files are parsed once)."""

    items: list[UploadItem]
    parsed: ParsedObject

    @property
    def sha256(self) -> str:
        return self.items[0].sha256


def store_object(upload: Upload, arrival: ObjectArrival, lease: jobs.Lease) -> list[uuid.UUID]:
    """Store it with its row, its identity decision and the outcome of its files; returns the jobs to ring for."""
    with lease.effect():
        known = Instance.objects.filter(sop_uid=arrival.parsed.sop_uid).select_related("series").first()
        if known is None:
            return _store(upload, arrival)
        is_same = known.sha256 == arrival.sha256
        return _touch(upload, arrival, known.series) if is_same else _refuse(arrival)


def _store(upload: Upload, arrival: ObjectArrival) -> list[uuid.UUID]:
    parsed = arrival.parsed
    series = _series(upload, parsed)
    Instance.objects.create(series=series, sop_uid=parsed.sop_uid, sha256=arrival.sha256, size=parsed.size)
    ForeignObject.objects.create(
        series=series,
        kind=parsed.kind,
        sop_uid=parsed.sop_uid,
        sha256=arrival.sha256,
        label=parsed.content_label[:64],
    )
    hold = "identity_unreadable" if is_identity_unreadable(parsed) else ""
    series = judge(by=upload.by, series=series, patient=upload.patient, hold=hold)
    is_held = series.identity == Series.Identity.HELD
    outcome = UploadItem.Outcome.HELD if is_held else UploadItem.Outcome.STORED
    _note(arrival.items[:1], outcome, series, series.identity_reason if is_held else "")
    _note(arrival.items[1:], UploadItem.Outcome.ALREADY, series)
    return [job.pk for job in request_contours(series=series, by=upload.by)]


def _touch(upload: Upload, arrival: ObjectArrival, series: Series) -> list[uuid.UUID]:
    """Here already: it may now be given the case, or its reading another try."""
    series = judge(by=upload.by, series=series, patient=upload.patient)
    _note(arrival.items, UploadItem.Outcome.ALREADY, series)
    return [job.pk for job in request_contours(series=series, by=upload.by)]


def _refuse(arrival: ObjectArrival) -> list[uuid.UUID]:
    _note(arrival.items, UploadItem.Outcome.REFUSED, None, "sop_uid_conflict")
    return []


def _series(upload: Upload, parsed: ParsedObject) -> Series:
    series, is_new = Series.objects.get_or_create(
        study=study_of(parsed),
        series_uid=parsed.series_uid,
        split_key="",
        defaults={
            "modality": MODALITIES[parsed.kind],
            "sop_class_uid": parsed.sop_class_uid,
            "frame_of_reference_uid": parsed.frame_of_reference_uid,
            "series_date": day_of(parsed.content_at[:10]) or day_of(parsed.study_date),
            "instance_count": 1,
            "header": {
                "description": parsed.series_description,
                "manufacturer": parsed.manufacturer,
                "referenced_series_uids": list(parsed.referenced_series_uids),
            },
            "uploaded_by": upload.by,
        },
    )
    if not is_new:
        series.instance_count += 1
        series.save(update_fields=["instance_count"])
    return series


def _note(items: list[UploadItem], outcome: str, series: Series | None, code: str = "") -> None:
    for item in items:
        item.outcome, item.series, item.reason_code = outcome, series, code
    UploadItem.objects.bulk_update(items, ["outcome", "series", "reason_code"])
