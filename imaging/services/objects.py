"""Storing segmentations, structure sets and reports of other workstations: as series of their own, judged like images.

What they hold is read by a job of its own, once the series is attached to a case. Pictures of a screen or of ultrasound
are stored in the same way, held, and never read.
"""

import uuid
from dataclasses import asdict, dataclass

from imaging import jobs, preamble
from imaging.instances import OBJECT_KINDS, PICTURE_KINDS, FileRefusal, ParsedObject, is_identity_unreadable
from imaging.models import ForeignObject, Instance, Series, Upload, UploadItem
from imaging.reasons import caution
from imaging.services import conflicts, latecomers
from imaging.services.identities import judge
from imaging.services.requests import request_contours
from imaging.services.studies import day_of, series_of, study_of

MODALITIES = {"seg": "SEG", "rtstruct": "RTSTRUCT", "sr": "SR", "sc": "SC", "us": "US"}


@dataclass
class ObjectArrival:
    """One parsed object and the rows of the upload that name it (equal files are parsed once)."""

    items: list[UploadItem]
    parsed: ParsedObject
    had_preamble: bool = False

    @property
    def sha256(self) -> str:
        return self.items[0].sha256


def store_object(upload: Upload, arrival: ObjectArrival, lease: jobs.Lease, *, hold: str = "") -> list[uuid.UUID]:
    """Store it with its row, its identity decision and the outcome of its files; returns the jobs to ring for.

    ``hold``: why it may not reach a chart by itself, seen from the other files of this upload.
    """
    stored = _unlike_prints(arrival.parsed)
    with lease.effect():
        known = Instance.objects.filter(sop_uid=arrival.parsed.sop_uid).select_related("series").first()
        if known is None and (refusal := _kept_apart(upload, arrival.parsed, stored)):
            UploadItem.objects.bulk_update(latecomers.hold(arrival.items, refusal), conflicts.FIELDS)
            return []
        if known is None:
            return _store(upload, arrival, hold)
        if known.sha256 == arrival.sha256:
            return _touch(upload, arrival, known.series)
    conflict = conflicts.Conflict(arrival.items, known.sha256, known.series_id)
    held = conflicts.hold([conflict], by=upload.by, lease=lease)
    with lease.effect():
        UploadItem.objects.bulk_update(held, conflicts.FIELDS)
    return []


def _unlike_prints(parsed: ParsedObject) -> list[str]:
    """Where the series of this object is here and its row has another name: what each of its files says."""
    series = series_of(parsed).first()
    if series is None or not latecomers.is_called_otherwise(parsed.name_print, [series.name_print]):
        return []
    return latecomers.prints_of(series)


def _kept_apart(upload: Upload, parsed: ParsedObject, stored: list[str]) -> FileRefusal | None:
    """What keeps this object out of the series that it says it is of.

    Study and series are locked from here on, in this order as everywhere.
    """
    study_of(parsed)
    series = series_of(parsed).select_for_update(of=("self",)).first()
    if series is None:
        return None
    if latecomers.is_elsewhere([series], upload):
        return latecomers.OTHER_CHART
    if latecomers.is_called_otherwise(parsed.name_print, [series.name_print, *stored]):
        return latecomers.OTHER_NAME
    has_to_be_seen = parsed.kind in PICTURE_KINDS or is_identity_unreadable(parsed)
    is_in_chart = series.identity == Series.Identity.ATTACHED
    return latecomers.UNSEEN if is_in_chart and has_to_be_seen else None


def _store(upload: Upload, arrival: ObjectArrival, hold: str) -> list[uuid.UUID]:
    parsed = arrival.parsed
    series = _series(upload, parsed)
    Instance.objects.create(series=series, sop_uid=parsed.sop_uid, sha256=arrival.sha256, size=parsed.size)
    if parsed.kind in OBJECT_KINDS:
        ForeignObject.objects.create(
            series=series,
            kind=parsed.kind,
            sop_uid=parsed.sop_uid,
            sha256=arrival.sha256,
            label=parsed.content_label[:64],
        )
    said = asdict(caution(preamble.CODE))
    if arrival.had_preamble and said not in series.warnings:
        series.warnings = [*series.warnings, said]
        series.save(update_fields=["warnings"])
    hold = hold or ("identity_unreadable" if is_identity_unreadable(parsed) else parsed.hold)
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
            "name_print": parsed.name_print,
            "uploaded_by": upload.by,
        },
    )
    if not is_new:
        series.instance_count += 1
        series.save(update_fields=["instance_count"])
    return series


def _note(items: list[UploadItem], outcome: str, series: Series, code: str = "") -> None:
    for item in items:
        item.outcome, item.series, item.reason_code = outcome, series, code
    UploadItem.objects.bulk_update(items, ["outcome", "series", "reason_code"])
