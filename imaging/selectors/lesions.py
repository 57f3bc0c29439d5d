"""Every lesion of a patient across the scans."""

from dataclasses import dataclass, field
from itertools import pairwise

from imaging.models import Lesion, LesionFinding, LesionReading, Reading, Scan
from imaging.selectors.measurements import CURRENT, CurrentMeasurement, measurements_of
from imaging.selectors.scans import scans, signed_readings
from imaging.selectors.scores import ScoreProposal, krenning_proposals
from patients.models import Patient
from patients.selectors import rows


@dataclass
class LesionOnScan:
    scan: Scan
    finding: LesionFinding | None = None
    uptake: CurrentMeasurement | None = None
    score: LesionReading | None = None
    reading: Reading | None = None
    proposal: ScoreProposal | None = None
    uptake_change_percent: float | None = None
    size_change_percent: float | None = None


@dataclass
class LesionRow:
    lesion: Lesion
    on_scans: list[LesionOnScan] = field(default_factory=list)


def lesion_table(patient: Patient) -> list[LesionRow]:
    """Every lesion across the patient's scans: size, uptake, signed score, proposal, change from scan to scan."""
    all_scans = scans(patient)
    measured = measurements_of(all_scans)
    readings = signed_readings(all_scans)
    proposals = {
        scan.pk: {p.lesion.pk: p for p in krenning_proposals(scan, measured=measured[scan.pk])} for scan in all_scans
    }
    findings = {(f.lesion_id, f.scan_id): f for f in LesionFinding.objects.filter(scan__in=all_scans)}
    table = []
    for lesion in rows(Lesion, patient).order_by("label"):
        row = LesionRow(lesion)
        for scan in all_scans:
            reading = readings.get(scan.lineage)
            row.on_scans.append(
                LesionOnScan(
                    scan=scan,
                    finding=findings.get((lesion.pk, scan.pk)),
                    uptake=_hottest(measured[scan.pk], lesion),
                    reading=reading,
                    score=_score_of(reading, lesion),
                    proposal=proposals[scan.pk].get(lesion.pk),
                )
            )
        _note_changes(row.on_scans)
        table.append(row)
    return table


def _hottest(measured: list[CurrentMeasurement], lesion: Lesion) -> CurrentMeasurement | None:
    own = [item for item in measured if item.voi.lesion_id == lesion.pk]
    missing = [item for item in own if item.state != CURRENT]
    if missing:
        return missing[0]
    return max(own, key=lambda item: item.measurement.suv_max, default=None)


def _score_of(reading: Reading | None, lesion: Lesion) -> LesionReading | None:
    return next((s for s in reading.lesions.all() if s.lesion_id == lesion.pk), None) if reading else None


def _note_changes(cells: list[LesionOnScan]) -> None:
    """Change against the scan before, where both have the number; never across a scan without it.

    Of uptake against the scan before with the same tracer: SUVs of two tracers are never compared.
    """
    last: dict[str, LesionOnScan] = {}
    for after in cells:
        if before := last.get(after.scan.tracer):
            after.uptake_change_percent = _change(_suv_max(before), _suv_max(after))
        last[after.scan.tracer] = after
    for before, after in pairwise(cells):
        after.size_change_percent = _change(_long_axis(before), _long_axis(after))


def _suv_max(cell: LesionOnScan) -> float | None:
    return cell.uptake.measurement.suv_max if cell.uptake and cell.uptake.state == CURRENT else None


def _long_axis(cell: LesionOnScan) -> float | None:
    return float(cell.finding.long_axis_mm) if cell.finding and cell.finding.long_axis_mm is not None else None


def _change(before: float | None, after: float | None) -> float | None:
    return None if not before or after is None else 100 * (after - before) / before
