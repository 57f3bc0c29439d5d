"""The somatostatin analogue before a scan as the chart knows it, each fact with where it comes from."""

from dataclasses import dataclass

from imaging.models import Reading, Scan
from patients.models import SsaInjection, TreatmentLine
from patients.selectors import counted_rows, latest, rows


@dataclass(frozen=True)
class SsaKnown:
    """``injection``: the last one on or before the day of the scan. ``sources``: what else speaks of it, in words."""

    injection: SsaInjection | None
    sources: tuple[str, ...]


def known(scan: Scan) -> SsaKnown:
    injection = last_injection(scan)
    said = [] if injection is None else [f"{in_words(injection)}, in the chart"]
    said += [f"{line.regimen} since {line.when()}, treatment line" for line in _lines(scan)]
    if scan.ssa_status != Scan.SsaStatus.UNKNOWN:
        said.append(f"{scan.get_ssa_status_display()}, stated with the scan")
    return SsaKnown(injection, tuple(said))


def last_injection(scan: Scan) -> SsaInjection | None:
    if scan.clinical_date is None:
        return None
    return latest(SsaInjection, scan.patient, as_of=scan.clinical_date)


def of_reading(reading: Reading) -> SsaInjection | None:
    """The injection the reader named; of a signed reading as it stood in the chart when it was signed."""
    if reading.ssa_injection_id is None or reading.signed_at is None:
        return reading.ssa_injection
    then = rows(SsaInjection, reading.scan.patient, known_at=reading.signed_at)
    return then.filter(lineage=reading.ssa_injection_id).first()


def in_words(injection: SsaInjection) -> str:
    dose = "" if injection.dose_mg is None else f" {injection.dose_mg.normalize():f} mg"
    return f"{injection.drug}{dose}, {injection.when()}"


def _lines(scan: Scan) -> list[TreatmentLine]:
    """Treatment lines with an analogue that had begun and had not surely ended by the day of the scan."""
    if scan.clinical_date is None:
        return []
    lines = counted_rows(TreatmentLine, scan.patient)
    is_ssa = TreatmentLine.TreatmentClass.SSA
    return [line for line in lines if line.treatment_class == is_ssa and _covers(line, scan)]


def _covers(line: TreatmentLine, scan: Scan) -> bool:
    began = line.clinical_date is None or line.clinical_date <= scan.clinical_date
    return began and (line.stop_date is None or line.stop_date >= scan.clinical_date)
