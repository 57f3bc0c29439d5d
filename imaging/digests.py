"""What a stored number was computed from, as a digest. A number whose digest is not today's is never shown as current.

Every digest includes which correction or placement was used and when it was recorded, so that going back to an
earlier value is a new computation, not the old row.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, NamedTuple

from django.db.models import Count

from imaging import products, questions
from imaging.domain import candidates, matching, references, registration, suv, uptake
from imaging.domain.suv_inputs import SuvInputs
from imaging.domain.vocabulary import is_sstr
from imaging.models import LesionFinding, Scan, Series, SuvInput, SuvResult, UptakeMeasurement, Voi

MEASURE_VERSION = uptake.METHOD_VERSION
SUV_VERSION = suv.METHOD_VERSION
LOOK_VERSION = " ".join(
    (references.METHOD_VERSION, candidates.METHOD_VERSION, matching.METHOD_VERSION, registration.METHOD_VERSION)
)
PICTURE_VERSION = products.METHOD_VERSION
CONTOURS_VERSION = "contours/1.0"
METHODS = hashlib.sha256(
    " ".join(
        (SUV_VERSION, MEASURE_VERSION, LOOK_VERSION, PICTURE_VERSION, CONTOURS_VERSION, "scanner's SUV converted")
    ).encode()
).hexdigest()[:16]
LIVER_RULE = "liver"
SCANNERS_UNITS = frozenset({"GML", "CM2ML", "CNTS"})


def of_series(series: Series) -> str:
    """Of everything the SUV of a series depends on: its images, its header, the corrections in force."""
    return _digest(
        [
            SUV_VERSION,
            series.revision,
            series.manifest_sha256,
            series.header.get("suv"),
            *(["may be measured"] if _may_be_measured(series) else []),
            *(["converted"] if _is_scanners_suv_corrected(series) else []),
            [(row.name, row.value, str(row.pk), row.recorded_at.isoformat()) for row in corrections(series)],
        ]
    )


def corrections(series: Series) -> list[SuvInput]:
    """Corrections in force; uses a prefetch of ``suv_inputs`` where there is one."""
    return sorted((row for row in series.suv_inputs.all() if row.superseded_at is None), key=lambda row: row.name)


def effective_inputs(series: Series) -> SuvInputs:
    """The header's inputs with each correction in force and its provenance."""
    inputs = SuvInputs.from_dict(series.header.get("suv") or {})
    for row in corrections(series):
        who = row.recorded_by.get_username() if row.recorded_by else "system"
        source = f"entered by {who}, {row.recorded_at:%Y-%m-%d %H:%M} UTC"
        inputs = inputs.override(row.name, row.value, source)
    return replace(inputs, confirmed=inputs.confirmed | {"image_type"}) if _may_be_measured(series) else inputs


def _is_scanners_suv_corrected(series: Series) -> bool:
    """Such a result of an earlier version, which left the scanner's SUV as it was, is not of today."""
    units = (series.header.get("suv") or {}).get("units") or {}
    return str(units.get("value")).strip().upper() in SCANNERS_UNITS and bool(corrections(series))


def _may_be_measured(series: Series) -> bool:
    """Derived images, of which a person has said so."""
    return questions.DERIVED in series.header.get("answered", [])


class LiverReference(NamedTuple):
    """The liver region that contours and outlines refer to, and how often such regions were changed on this scan."""

    voi: Voi | None
    changes: tuple[int, ...] = ()


def of_measurement(voi: Voi, suv_result: SuvResult, liver: LiverReference) -> str:
    """Of everything a measurement depends on; what follows the liver depends on the liver region as well."""
    parts: list[Any] = [MEASURE_VERSION, str(suv_result.pk), suv_result.input_digest, _placement(voi)]
    if follows_liver(voi):
        parts += [liver.voi and _placement(liver.voi), liver.changes]
    return _digest(parts)


def follows_liver(voi: Voi) -> bool:
    """A liver-based contour, or an outline that was drawn at a liver threshold and says when that has changed."""
    drawn = any(held["rule"] == LIVER_RULE for held in thresholds_of(voi))
    return drawn or voi.method == Voi.Method.LIVER_BASED


def thresholds_of(voi: Voi) -> list[dict[str, Any]]:
    """The thresholds in SUV that the voxels of an outline were chosen by, each with the SUV factor of then."""
    return voi.origin.get("thresholds", [])


def liver_reference(vois: Iterable[Voi]) -> LiverReference:
    """The liver region placed last, never itself liver-based. Its history is read only where a contour needs it."""
    vois = list(vois)
    livers = [v for v in vois if v.role == Voi.Role.LIVER and v.method != Voi.Method.LIVER_BASED]
    newest = max(livers, key=lambda voi: (voi.recorded_at, str(voi.pk)), default=None)
    based = next((voi for voi in vois if follows_liver(voi)), None)
    if based is None:
        return LiverReference(newest)
    versions = Voi.versions.filter(scan_id=based.scan_id, role=Voi.Role.LIVER)
    counted = versions.aggregate(placed=Count("pk"), replaced=Count("superseded_at"))
    return LiverReference(newest, (counted["placed"], counted["replaced"]))


def of_scan(vois: Iterable[Voi], suv_result: SuvResult) -> str:
    """Of all measurements of a scan together."""
    vois = list(vois)
    liver = liver_reference(vois)
    return _digest(sorted(of_measurement(voi, suv_result, liver) for voi in vois))


def of_reading(scan: Scan, measured: Iterable[Any]) -> str:
    """Of every number that stands beside a reading: the measurements with their state, and the tracer."""
    shown = sorted((str(m.voi.pk), m.state, m.measurement.input_digest if m.measurement else "") for m in measured)
    return _digest([scan.tracer, str(scan.pk), shown])


def of_look(scan: Scan, suv_result: SuvResult) -> str:
    """Of what proposals rest on: the SUV, the scan with its CT and tracer, the lesions and images of scans before.

    Changes are counted, so that going back to earlier marks is a new look with a digest of its own.
    """
    ct = scan.ct_series.manifest_sha256 if scan.ct_series else ""
    before = previous_scan(scan)
    versions = Scan.versions.filter(lineage=scan.lineage).count()
    parts = [LOOK_VERSION, str(suv_result.pk), suv_result.input_digest, ct, scan.tracer, versions]
    return _digest([*parts, str(before and before.pk), before and _images(before), _changes_before(scan)])


def of_pictures(scan: Scan, suv_result: SuvResult) -> str:
    """Of what the pictures show: the SUV, the CT, and the lesions of this scan that are measured."""
    ct = scan.ct_series.manifest_sha256 if scan.ct_series else ""
    shown = UptakeMeasurement.objects.filter(voi__scan=scan, voi__role=Voi.Role.LESION, superseded_at__isnull=True)
    measured = sorted(shown.values_list("input_digest", flat=True))
    return _digest([PICTURE_VERSION, str(suv_result.pk), suv_result.input_digest, ct, measured])


def _images(scan: Scan) -> list[str]:
    return [series.manifest_sha256 for series in (scan.pet_series, scan.ct_series) if series]


def _changes_before(scan: Scan) -> list[tuple[int, int]]:
    """How often lesions were marked or looked for on earlier scans of the patient, and how often that changed."""
    if scan.clinical_date is None:
        return []
    earlier = Scan.objects.filter(patient_id=scan.patient_id, clinical_date__lt=scan.clinical_date)
    counted = (
        rows.aggregate(made=Count("pk"), replaced=Count("superseded_at"))
        for rows in (
            Voi.versions.filter(scan__in=earlier, lesion__isnull=False),
            LesionFinding.versions.filter(scan__in=earlier),
        )
    )
    return [(found["made"], found["replaced"]) for found in counted]


def previous_scan(scan: Scan) -> Scan | None:
    """The scan before this one with the same kind of tracer: SSTR with SSTR, FDG with FDG. One with images, if any."""
    earlier = earlier_scans(scan)
    found = [other for other in earlier if other.pet_series_id] or earlier
    return max(found, key=lambda other: (other.clinical_date, other.recorded_at), default=None)


def earlier_scans(scan: Scan) -> list[Scan]:
    """Scans of earlier days with the same kind of tracer."""
    if scan.clinical_date is None:
        return []
    earlier = Scan.objects.filter(patient_id=scan.patient_id, clinical_date__lt=scan.clinical_date)
    return [other for other in earlier.select_related("pet_series", "ct_series") if _kind(other) == _kind(scan)]


def _kind(scan: Scan) -> str:
    return "SSTR" if is_sstr(scan.tracer) else scan.tracer


def joined(*found: str) -> str:
    return _digest(list(found))


def _placement(voi: Voi) -> list[str]:
    numbers = (voi.parameter, voi.centre_x_mm, voi.centre_y_mm, voi.centre_z_mm, voi.radius_mm)
    shown = ["" if n is None else f"{float(n):.3f}" for n in numbers]
    return [str(voi.pk), voi.recorded_at.isoformat(), voi.role, voi.method, *shown, voi.mask_sha256]


def _digest(parts: list[Any]) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
