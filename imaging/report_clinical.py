"""Report: who was examined and why, how, and against what. Case number, never a name."""

from imaging import ssa_before
from imaging.domain.fdg_pairing import DEFAULT_LIMIT_DAYS
from imaging.domain.vocabulary import Tracer
from imaging.models import Reading, Scan, Series, SuvResult
from patients.models import Diagnosis, HistologySpecimen, TreatmentLine
from patients.selectors import counted_rows, grade_of, rows

NOT_STATED = "not stated"


def clinical(basis) -> list[str]:
    patient = basis.scan.patient
    sites = [row.get_primary_site_display() for row in rows(Diagnosis, patient, known_at=basis.known_at)]
    specimens = list(rows(HistologySpecimen, patient, known_at=basis.known_at))
    grade = grade_of(specimens[-1]).label if specimens else NOT_STATED
    return [
        f"Neuroendocrine neoplasm, primary: {sites[-1] if sites else NOT_STATED}",
        f"Grade (newest specimen): {grade}",
        f"Treatment before the scan: {'; '.join(_lines(basis)) or 'none recorded'}",
        *([] if basis.is_fdg else [f"Somatostatin analogue: {_analogue(basis.reading)}"]),
    ]


def _lines(basis) -> list[str]:
    """What began before the scan, and what may have, because its dates contradict each other."""
    found = counted_rows(TreatmentLine, basis.scan.patient, known_at=basis.known_at)
    day = basis.scan.clinical_date
    return [
        f"{line.regimen} (dates contradict each other)" if _is_open(line) else f"{line.regimen} ({line.when()})"
        for line in found
        if day and (_is_open(line) or (line.clinical_date and line.clinical_date <= day))
    ]


def _is_open(line: TreatmentLine) -> bool:
    return line.clinical_date is None and line.as_written.clinical_date is not None


def _analogue(reading: Reading) -> str:
    injection = ssa_before.of_reading(reading)
    if reading.ssa == Reading.Ssa.GIVEN and injection is not None:
        return f"last {ssa_before.in_words(injection)}"
    return {Reading.Ssa.NONE: "none before the scan", Reading.Ssa.UNKNOWN: "unknown"}.get(reading.ssa, NOT_STATED)


def technique(basis) -> list[str]:
    scan, reading = basis.scan, basis.reading
    result = _suv(scan.pet_series, basis)
    return [
        f"Tracer: {scan.tracer or NOT_STATED}",
        f"Scan: {scan.when()}{f', {scan.label}' if scan.label else ''}",
        f"Injected activity: {_activity(result)}",
        f"Uptake time: {_uptake_time(result)}",
        f"Scanner: {_scanner(scan.pet_series)}",
        f"Image quality: {_quality(reading)}",
        f"Extravasation: {reading.get_extravasation_display() or NOT_STATED}",
        f"Quantification: {_quantification(result)}",
    ]


def _suv(series: Series | None, basis) -> SuvResult | None:
    """The result the shown measurements came from; else the newest one known then."""
    for item in basis.measured:
        if item.measurement is not None:
            return item.measurement.suv_result
    if series is None:
        return None
    found = SuvResult.objects.filter(series=series)
    found = found.filter(computed_at__lte=basis.known_at) if basis.known_at else found
    return found.order_by("-computed_at").first()


def _activity(result: SuvResult | None) -> str:
    stated = (result.inputs.get("injected_activity_bq") or {}) if result else {}
    return f"{stated['value'] / 1e6:.0f} MBq" if stated.get("value") else NOT_STATED


def _uptake_time(result: SuvResult | None) -> str:
    if result is None or result.uptake_time_s is None:
        return NOT_STATED
    return f"{result.uptake_time_s / 60:.0f} min after injection"


def _scanner(series: Series | None) -> str:
    """Maker and model as in the header; series of earlier imports kept no model."""
    known = [series.header.get(name) for name in ("manufacturer", "model_name")] if series else []
    return ", ".join(word for word in known if word) or NOT_STATED


def _quality(reading: Reading) -> str:
    said = reading.get_quality_display() or NOT_STATED
    return f"{said}; {reading.quality_note}" if reading.quality_note else said


def _quantification(result: SuvResult | None) -> str:
    if result is None:
        return "no SUV"
    if result.refusal_code:
        return f"no SUV: {result.refusal_message}"
    open_ones = "; provisional, inputs wait for a person" if result.is_provisional else ""
    return f"SUVbw in g/mL, {result.method_version}{open_ones}"


def comparison(basis) -> list[str]:
    previous = basis.previous
    if previous is None:
        return ["No earlier scan with the same kind of tracer."]
    read = "signed reading" if basis.before else "no signed reading"
    named = ", ".join(
        word for word in (previous.tracer or "tracer not stated", previous.when(), previous.label) if word
    )
    return [f"{named}; {read}"]


def pairing(basis) -> list[str]:
    """The nearest FDG scan by days; on an FDG report the class that its reader confirmed."""
    if basis.is_fdg:
        reading = basis.reading
        paired = reading.paired_scan
        if not reading.netpet_class or paired is None:
            return ["No NETPET class was confirmed."]
        return [f"NETPET {reading.netpet_class}, paired with {paired.tracer}, {paired.when()}"]
    day = basis.scan.clinical_date
    found = rows(Scan, basis.scan.patient, known_at=basis.known_at).filter(tracer=Tracer.F18_FDG)
    dated = [scan for scan in found if scan.clinical_date and day]
    nearest = min(dated, key=lambda scan: (abs((scan.clinical_date - day).days), scan.clinical_date), default=None)
    if nearest is None:
        return ["No FDG PET/CT to pair with."]
    days = abs((nearest.clinical_date - day).days)
    within = "within" if days <= DEFAULT_LIMIT_DAYS else "beyond"
    return [f"{Tracer.F18_FDG}, {nearest.when()}, {days} days apart, {within} {DEFAULT_LIMIT_DAYS} days"]
