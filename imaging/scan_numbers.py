"""Numbers of a whole scan, from the same measurements the page shows. Unknown stays unknown.

A lesion's relation to liver is the reader's where a reading is signed, else the computed proposal's, and ``basis`` says
which. Where SUV is withheld for a header reason, ratios are formed in the unit of the images.
"""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace

from imaging import masks, selectors
from imaging.domain import burden as science
from imaging.domain import krenning, regions
from imaging.domain.errors import ImagingRefusal, MeasurementRefused
from imaging.domain.lesion_uptake import Completeness, LesionUptake
from imaging.domain.ratios import Reference
from imaging.domain.vocabulary import SUV_UNITS
from imaging.domain.voi import Mask
from imaging.models import LesionFinding, LesionReading, Reading, Scan, Voi
from imaging.selectors import CURRENT, CurrentMeasurement

ORGANS = {Voi.Role.LIVER: "liver", Voi.Role.SPLEEN: "spleen", Voi.Role.BLOOD_POOL: "blood_pool"}
OTHER_TRACER = "{tracer} is not an SSTR tracer: these numbers are of SSTR scans only."
COMPLETE = {Reading.ColdLesions.NONE: Completeness.NONE, Reading.ColdLesions.LISTED: Completeness.LISTED}


@dataclass(frozen=True)
class ScanNumbers:
    """``burden`` is None with its ``refusal`` where the measurements cannot be put together."""

    burden: science.Burden | None
    refusal: str
    basis: str
    unit: str


def scan_numbers(
    scan: Scan,
    measured: list[CurrentMeasurement] | None = None,
    *,
    signed: Callable[[Scan], Reading | None] = selectors.signed_reading,
) -> ScanNumbers:
    """``signed`` finds the reading that counts; a page that has it at hand gives it."""
    measured = selectors.measurements(scan) if measured is None else measured
    reading = signed(scan)
    completeness = COMPLETE.get(reading.cold_lesions, Completeness.NOT_ASSESSED) if reading else None
    basis = "signed reading" if reading else "computed relation, no signed reading"
    if not selectors.may_be_sstr(scan):
        return ScanNumbers(None, OTHER_TRACER.format(tracer=scan.tracer), basis, "")
    # Of the scan, not of a region: what has no number of its own must not stop the ratios of the others.
    unit = next((unit for item in measured if (unit := values_of(item)[0])), SUV_UNITS["bw"])
    lesions = _lesions(scan, measured, reading, unit)
    try:
        found = science.burden(
            lesions, references(scan, measured, unit), completeness=completeness or Completeness.NOT_ASSESSED
        )
    except MeasurementRefused as refusal:
        return ScanNumbers(None, refusal.message, basis, unit)
    return ScanNumbers(found, "", basis, unit)


def values_of(item: CurrentMeasurement) -> tuple[str, float | None, float | None, float | None]:
    """Unit ("" where there is no number), maximum, mean, local peak; in the images' unit where SUV is withheld."""
    row = item.measurement
    if row is None:
        return "", None, None, None
    if item.state == CURRENT:
        return row.unit, row.suv_max, row.suv_mean, row.suv_peak_local
    plain = row.relative or {}
    return plain.get("unit", ""), plain.get("max"), plain.get("mean"), plain.get("peak_local")


def _lesions(scan: Scan, measured: list[CurrentMeasurement], reading: Reading | None, unit: str) -> list[LesionUptake]:
    by_lesion: dict = defaultdict(list)
    for item in measured:
        if item.voi.role == Voi.Role.LESION:
            by_lesion[item.voi.lesion].append(item)
    scores = {score.lesion_id: score for score in reading.lesions.all()} if reading else {}
    proposed = {p.lesion.pk: p.proposal for p in selectors.krenning_proposals(scan, measured=measured)}
    sizes = {f.lesion_id: f.long_axis_mm for f in scan.findings.all() if not f.is_illustrative}
    gone = {f.lesion_id for f in scan.findings.all() if f.status in _GONE}
    return [
        replace(
            _lesion(scan, lesion, items, unit),
            relation=_relation(scores.get(lesion.pk), proposed.get(lesion.pk), reading),
            long_axis_mm=None if sizes.get(lesion.pk) is None else float(sizes[lesion.pk]),
        )
        for lesion, items in by_lesion.items()
        if lesion.pk not in gone
    ]


_GONE = frozenset({LesionFinding.Status.RESOLVED, LesionFinding.Status.MERGED})


def _lesion(scan: Scan, lesion, items: list[CurrentMeasurement], unit: str) -> LesionUptake:
    """A lesion marked by several regions counts by its hottest one, and by the voxels of all, each once."""
    found = [values_of(item) for item in items]
    is_whole = all(maximum is not None for _, maximum, _, _ in found)
    _, maximum, _, peak = max(found, key=lambda v: v[1]) if is_whole else ("", None, None, None)
    mask = _union(items)
    volume_ml, mean = _extent(items, mask) if is_whole else (None, None)
    return LesionUptake(
        label=lesion.label,
        scan=str(scan.pk),
        unit=unit,
        maximum=maximum,
        mean=mean,
        peak=peak,
        volume_ml=volume_ml,
        volume_method=", ".join(sorted({method_of(item.voi) for item in items})),
        mask=mask,
    )


def _extent(items: list[CurrentMeasurement], union: Mask | None) -> tuple[float | None, float | None]:
    """Volume and mean of all parts together. Of parts that share voxels the mean is not known from their numbers."""
    sizes = [_size(item) for item in items]
    total_ml = sum(volume_ml for volume_ml, _ in sizes)
    if len(items) == 1:
        return total_ml, values_of(items[0])[2]
    if union is None:
        return None, None
    voxels = sum(count for _, count in sizes)
    own = int(union.voxels.sum())
    if own < voxels:
        return own * total_ml / voxels, None
    weighted = sum((values_of(item)[2] or 0.0) * ml for item, (ml, _) in zip(items, sizes, strict=True))
    return total_ml, weighted / total_ml


def _size(item: CurrentMeasurement) -> tuple[float, int]:
    row = item.measurement
    if item.state == CURRENT:
        return row.volume_ml, row.voxel_count
    return row.relative["volume_ml"], row.relative["voxel_count"]


def _union(items: list[CurrentMeasurement]) -> Mask | None:
    """The voxels the numbers came from, to see what shares some; None where those of a part are not at hand."""
    stored = [item.measurement.mask_sha256 if item.measurement else "" for item in items]
    try:
        return regions.merge(*(masks.load(sha256).mask for sha256 in stored))
    except ImagingRefusal:
        return None


def method_of(voi: Voi) -> str:
    """How a volume was outlined, with its parameter: volumes of different methods are never compared."""
    if voi.method == Voi.Method.PERCENT_OF_MAX:
        return f"{voi.parameter:.0f} % of maximum"
    if voi.method == Voi.Method.FIXED_SUV:
        return f"SUV {voi.parameter:g}"
    if voi.method != Voi.Method.MASK:
        return voi.get_method_display()
    made = voi.origin or {}
    rule = made.get("parameters", {}).get("rule")
    value = made.get("parameters", {}).get("parameter")
    return " ".join(str(word) for word in (made.get("how", "outline"), rule, value) if word is not None)


def _relation(score: LesionReading | None, proposal, reading: Reading | None) -> frozenset[str] | None:
    if reading is None:
        return frozenset({proposal.relation}) if proposal else None
    if score is None:
        return None
    if score.relation_to_liver:
        return frozenset({score.relation_to_liver})
    if score.score_low is None:
        return None
    try:
        return krenning.relations_for(reading.scale_id, score.score_low, score.score_high)
    except MeasurementRefused:
        return None


def references(scan: Scan, measured: list[CurrentMeasurement], unit: str) -> list[Reference]:
    found = []
    for role, organ in ORGANS.items():
        newest = selectors.placed_last(measured, role)
        if newest is None:
            continue
        _, _, mean, _ = values_of(newest)
        found.append(Reference(organ, str(scan.pk), unit, mean))
    return found
