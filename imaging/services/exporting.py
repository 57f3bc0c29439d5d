"""Lesions of a scan as DICOM objects a PACS files: segmentation, measurement report, key objects for the board.

Everything is measured anew from voxels and volume, and nothing depends on the clock: the same state of a scan gives the
same files under the same UIDs, another state gives others.
"""

import hashlib
import json
from dataclasses import dataclass, replace
from typing import Any

from imaging import digests, sandbox, selectors, store
from imaging.dicom_objects_export import for_tumour_board, lesion_report, lesion_segmentation, to_bytes
from imaging.domain import krenning, regions, uptake
from imaging.domain.errors import ImagingRefusal
from imaging.domain.vocabulary import ORGAN_CODES
from imaging.domain.voi import Mask
from imaging.domain.volume import Volume
from imaging.instances import FileRefusal
from imaging.models import Lesion, LesionReading, Reading, Scan, Voi
from imaging.object_export import (
    AUTOMATIC,
    MANUAL,
    SEMIAUTOMATIC,
    Author,
    ExportRefused,
    KrenningStatement,
    LesionExport,
    LesionNumbers,
    SourceSeries,
    source_from_manifest,
)
from imaging.refused import Refused
from imaging.services.voxels import mask_of, open_volume
from patients.domain.roles import Capability
from patients.services import audit

SOFTWARE_VERSION = "0.2.0"


@dataclass(frozen=True)
class ExportedFile:
    name: str
    data: bytes


@dataclass(frozen=True)
class Made:
    """``said``: what the trail is told of it."""

    files: list[ExportedFile]
    said: dict[str, Any]


def export_scan(*, by, scan: Scan, with_names: bool = False) -> list[ExportedFile]:
    """As ``objects_of``, with a row in the trail."""
    made = objects_of(by, scan, with_names=with_names)
    note_exported(by=by, scan=scan, said=made.said)
    return made.files


def note_exported(*, by, scan: Scan, said: dict[str, Any]) -> None:
    audit(by=by, action="export_dicom", obj=scan, after=said)


def objects_of(by, scan: Scan, *, with_names: bool = False) -> Made:
    """SEG, TID 1500 SR and Key Object "For Tumor Board" of today's lesions, with the signed scores where there are any.

    ``with_names``: patient and referring physician by name, as the images have them, for the archive they came from.
    Without it both are written empty. Writes nothing.

    Raises ``Refused`` without SUV that counts as a fact, without a lesion, or with one that cannot be measured.
    """
    if not by.may(Capability.MEASURE):
        raise Refused("not_permitted")
    found = selectors.current_suv(scan.pet_series).result
    if found is not None and found.is_provisional:  # an archive cannot take a number back
        raise Refused("export_provisional")
    volume, reading = open_volume(scan), selectors.signed_reading(scan)
    lesions = _lesions(scan, volume, reading)
    if not lesions:
        raise Refused("export_without_lesions")
    source, author = _source(scan, with_names), _author(by, scan, reading)
    key = _key(scan, lesions, author, reading, with_names)
    try:
        segmentation = lesion_segmentation(source, lesions, author, key=key)
        report = lesion_report(source, lesions, segmentation, author, key=key)
        board = for_tumour_board(source, [segmentation, report], author, key=key)
    except ExportRefused as refusal:
        raise Refused("export_refused") from refusal
    made = [("lesions-seg", segmentation), ("measurements-sr", report), ("for-tumour-board-ko", board)]
    files = [ExportedFile(f"{name}.dcm", to_bytes(written)) for name, written in made]
    return Made(files, {"lesions": len(lesions), "key": key, "with_names": with_names})


def _lesions(scan: Scan, volume: Volume, reading: Reading | None) -> list[LesionExport]:
    vois = list(scan.vois.select_related("lesion").order_by("pk"))
    liver = digests.liver_reference(vois).voi
    scores = {score.lesion_id: score for score in reading.lesions.all()} if reading else {}
    liver_mean = _mean(volume, liver)
    found = []
    for lesion, own in _by_lesion(vois):
        try:
            mask = regions.merge(*(mask_of(volume, voi, liver) for voi in own))
            numbers = _numbers(volume, mask, liver_mean)
        except ImagingRefusal as refusal:
            raise Refused("export_lesion_unmeasured") from refusal
        found.append(_export(len(found) + 1, lesion, own, mask=mask, numbers=numbers, score=scores.get(lesion.pk)))
    return found


def _by_lesion(vois: list[Voi]) -> list[tuple[Lesion, list[Voi]]]:
    lesions = {voi.lesion_id: voi.lesion for voi in vois if voi.role == Voi.Role.LESION}
    ordered = sorted(lesions.values(), key=lambda lesion: lesion.label)
    return [(lesion, [voi for voi in vois if voi.lesion_id == lesion.pk]) for lesion in ordered]


def _mean(volume: Volume, liver: Voi | None) -> float | None:
    try:
        return uptake.intensity(volume, mask_of(volume, liver, None)).suv_mean if liver else None
    except ImagingRefusal:
        return None


def _numbers(volume: Volume, mask: Mask, liver_mean: float | None) -> LesionNumbers:
    found = uptake.measure(volume, mask)
    return LesionNumbers(
        unit=volume.unit,
        suv_max=found.suv_max,
        suv_mean=found.suv_mean,
        suv_peak_local=found.suv_peak_local,
        suv_peak_global=found.suv_peak_global,
        volume_ml=found.volume_ml,
        total_lesion_sstr_expression=found.total_lesion_sstr_expression,
        liver_ratio=found.suv_peak_local / liver_mean if liver_mean else None,
    )


def _export(
    number: int, lesion: Lesion, vois: list[Voi], *, mask: Mask, numbers: LesionNumbers, score: LesionReading | None
) -> LesionExport:
    kind, name = _algorithm(vois)
    return LesionExport(
        number=number,
        label=lesion.headline()[:64],
        tracking_id=lesion.label,
        tracking_uid=lesion.tracking_uid,
        algorithm_type=kind,
        algorithm_name=name,
        algorithm_version=digests.MEASURE_VERSION,
        finding_site=ORGAN_CODES.get(lesion.organ.casefold()),
        krenning=_krenning(score),
        mask=mask,
        numbers=numbers,
    )


def _algorithm(vois: list[Voi]) -> tuple[str, str]:
    """Who drew it: a person elsewhere, the software with a person's consent, or a person with a threshold."""
    how = {voi.origin.get("how", voi.method) for voi in vois}
    if how <= {"imported", Voi.Method.SPHERE}:
        return MANUAL, ""
    return (AUTOMATIC, "focus") if how == {"focus"} else (SEMIAUTOMATIC, ", ".join(sorted(how)))


def _krenning(score: LesionReading | None) -> KrenningStatement | None:
    """Only a score that is one number with one relation to liver; an interval has no code."""
    if score is None or score.score_low is None or score.score_low != score.score_high:
        return None
    scale = score.reading.scale_id
    stated = {score.relation_to_liver} if score.relation_to_liver else krenning.relations_for(scale, *_both(score))
    if len(stated) != 1:
        return None
    return KrenningStatement(score.score_low, scale, krenning.METHOD_VERSION, next(iter(stated)))


def _both(score: LesionReading) -> tuple[int | None, int | None]:
    return score.score_low, score.score_high


def _source(scan: Scan, with_names: bool) -> SourceSeries:
    series, study = scan.pet_series, scan.pet_series.study
    with store.open_stored(series.manifest_sha256) as file:
        manifest = json.load(file)
    filing = sandbox.read_filing(store.path(manifest["source"][0]))
    if isinstance(filing, FileRefusal):
        raise Refused("export_header_unreadable")
    return source_from_manifest(
        manifest,
        filing=filing if with_names else replace(filing, patient_name="", referring_physician=""),
        study_uid=study.study_uid,
        series_uid=series.series_uid,
        patient_id=study.dicom_patient_id,
        issuer=study.dicom_issuer,
        birth_date=study.dicom_birth_date,
        sex=study.dicom_sex,
    )


def _author(by, scan: Scan, reading: Reading | None) -> Author:
    if reading is not None:
        return Author(reading.reader.get_username(), reading.signed_at, SOFTWARE_VERSION)
    newest = max(voi.recorded_at for voi in scan.vois.all())
    return Author(by.get_username(), newest, SOFTWARE_VERSION)


def _key(scan: Scan, lesions: list[LesionExport], author: Author, reading: Reading | None, with_names: bool) -> str:
    """Of everything that is written, so that UIDs are new exactly where something is."""
    found = selectors.current_suv(scan.pet_series).result
    said = [
        (one.label, one.tracking_id, one.tracking_uid, one.algorithm_type, one.algorithm_name, str(one.finding_site))
        for one in lesions
    ]
    who = (author.name, author.created_at.isoformat(), author.software_version)
    parts = [str(scan.pk), digests.of_scan(scan.vois.all(), found), str(reading and reading.pk), said, who, with_names]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]
