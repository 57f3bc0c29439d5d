"""One scan as a comparison sees it: header values with the corrections in force, the reader's answers, the chart.

On a scan marked illustrative the header, the images and every uptake drawn are no facts: only what a person has
entered or corrected counts.
"""

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from eligibility.case_rows import CaseRows
from eligibility.domain.change_inputs import ScanRecord
from eligibility.lesion_facts import ASSESSED, measured_on, signed_heads
from eligibility.line_kinds import is_chemotherapy_line
from imaging.domain.krenning import exact
from imaging.domain.vocabulary import SUV_UNITS
from imaging.models import Reading, Scan, Voi
from imaging.scan_numbers import method_of
from imaging.selectors import CURRENT, REFUSED, CurrentMeasurement, current_suv, placed_last
from patients.models import SsaInjection, TreatmentLine

# Local convention, D: a depot given less than eight weeks before may still act.
LONG_ACTING = dt.timedelta(weeks=8)
ILLUSTRATIVE = "illustrative, not a fact of the case"
_SSA_BY_READER = {Reading.Ssa.GIVEN: "on", Reading.Ssa.NONE: "none"}
_SSA_BY_SCAN = {Scan.SsaStatus.ON: "on", Scan.SsaStatus.NONE: "none"}
_WORST_FIRST = (Reading.Quality.NON_DIAGNOSTIC, Reading.Quality.LIMITED, Reading.Quality.GOOD)


def scan_record(case: CaseRows, scan: Scan) -> ScanRecord:
    """Asks the database nothing beyond the rows of the case."""
    heads, measured = heads_of(case, scan), measured_on(scan)
    reasons: dict[str, str] = {}
    return ScanRecord(
        id=str(scan.lineage),
        day=scan.clinical_date,
        tracer=scan.tracer,
        uses_psf=_mode(scan, "uses_psf", "PSF"),
        uses_tof=_mode(scan, "uses_tof", "TOF"),
        peptide_ug=scan.peptide_ug,
        high_dose_steroid=scan.high_dose_steroid,
        inflammation=scan.has_inflammation,
        reader=", ".join(sorted({str(reading.reader_id) for reading in heads})),
        quality=next((str(q) for q in _WORST_FIRST if any(r.quality == q for r in heads)), ""),
        cold_lesions_assessed=all(r.cold_lesions in ASSESSED for r in heads) if heads else None,
        netpet=next((r.netpet_class for r in reversed(heads) if r.netpet_class), ""),
        extravasation=_extravasation(heads, reasons),
        **_machine(scan, reasons),
        **_given(case, scan, reasons),
        **_ssa(case, scan, heads, reasons),
        **_references(scan, measured, reasons),
        **_volume(scan, measured, reasons),
        **_chemo(case, scan, reasons),
        reasons=reasons,
    )


def heads_of(case: CaseRows, scan: Scan) -> list[Reading]:
    return sorted(signed_heads(list(scan.readings.all()), case.known_at), key=lambda r: (r.signed_at, r.version))


def _header(scan: Scan) -> Mapping[str, Any]:
    return scan.pet_series.header if scan.pet_series else {}


def _mode(scan: Scan, name: str, word: str) -> bool | None:
    """As stated; else yes where the reconstruction's own name says it. That a name is silent is no no."""
    stated = getattr(scan, name)
    if stated is not None or scan.is_illustrative:
        return stated
    return True if word in str(_header(scan).get("reconstruction", "")).upper() else None


def _machine(scan: Scan, reasons: dict[str, str]) -> dict[str, str]:
    if scan.is_illustrative:
        reasons.update(dict.fromkeys(("scanner", "reconstruction", "uses_psf"), ILLUSTRATIVE))
        return {}
    header = _header(scan)
    words = (header.get("manufacturer", ""), header.get("model_name", ""))
    return {
        "scanner": " ".join(str(word) for word in words if word),
        "reconstruction": str(header.get("reconstruction", "")),
    }


def _given(case: CaseRows, scan: Scan, reasons: dict[str, str]) -> dict[str, Decimal | None]:
    """Uptake time, activity and weight: stated or corrected by a person, else from a header that counts."""
    entered = {row.name: row.value for row in scan.pet_series.suv_inputs.all()} if scan.pet_series else {}
    header = _header(scan).get("suv") or {}
    found: dict[str, Decimal | None] = {"uptake_min": scan.uptake_min}
    for field, name, factor in (
        ("injected_mbq", "injected_activity_bq", Decimal("1e-6")),
        ("weight_kg", "body_weight_kg", Decimal(1)),
    ):
        value = entered.get(name, None if scan.is_illustrative else header.get(name, {}).get("value"))
        found[field] = None if value is None else Decimal(str(value)) * factor
    if found["uptake_min"] is None and (not scan.is_illustrative or "administered_at" in entered):
        found["uptake_min"] = _computed_uptake(case, scan)
    if scan.is_illustrative:
        reasons.update({field: ILLUSTRATIVE for field, value in found.items() if value is None})
    return found


def _computed_uptake(case: CaseRows, scan: Scan) -> Decimal | None:
    """Of the SUV result in force: today's, or the one of the moment the chart is rewound to."""
    if scan.pet_series is None:
        return None
    suv = current_suv(scan.pet_series)
    result = suv.result if suv.state in (CURRENT, REFUSED) else None
    if result is None or result.uptake_time_s is None:
        return None
    return (exact(result.uptake_time_s) / 60).quantize(Decimal("0.1"))


def _ssa(case: CaseRows, scan: Scan, heads: list[Reading], reasons: dict[str, str]) -> dict[str, Any]:
    """What the readers and the scan itself say; where they contradict each other it is unknown."""
    said = {_SSA_BY_READER[r.ssa] for r in heads if r.ssa in _SSA_BY_READER}
    if scan.ssa_status in _SSA_BY_SCAN:
        said.add(_SSA_BY_SCAN[scan.ssa_status])
    if len(said) != 1:
        reasons["ssa"] = "reader and scan contradict each other" if said else "recorded as unknown"
        return {}
    if said == {"none"}:
        if given := _given_before(case, scan):
            reasons["ssa"] = f"none as stated, which the chart contradicts: {given}"
            return {}
        return {"ssa": "none"}
    injection = _injection(case, scan, heads)
    if injection is None:
        return {"ssa": "on"}
    return {
        "ssa": "on",
        "ssa_drug": injection.drug,
        "ssa_dose_mg": injection.dose_mg,
        "days_since_ssa": _days_since(injection, scan),
    }


def _days_since(injection: SsaInjection, scan: Scan) -> int | None:
    span = injection.clinical_span
    return (scan.clinical_date - span[0]).days if span and span[0] == span[1] else None


def _given_before(case: CaseRows, scan: Scan) -> str:
    """An analogue that was, or may have been, acting at the scan; one given on the day itself may have come after.

    One without a date may have been given in the weeks before.
    """
    day = scan.clinical_date
    for row in case.of(SsaInjection):
        span = row.clinical_span
        may_act = span is None or (span[0] < day and span[1] >= day - LONG_ACTING)
        if row.is_long_acting is not False and may_act:
            return f"{row.drug}, {row.when() if span else 'date not recorded'}"
    for line in case.of(TreatmentLine):
        begun, stopped = line.clinical_span, line.stop_span
        runs = bool(line.is_ongoing) or (stopped is not None and stopped[1] >= day)
        may_have_begun = begun is None or begun[0] < day
        if line.treatment_class == TreatmentLine.TreatmentClass.SSA and may_have_begun and runs:
            return f"{line.regimen}, since {line.when() if begun else 'when is not recorded'}"
    return ""


def _injection(case: CaseRows, scan: Scan, heads: list[Reading]) -> SsaInjection | None:
    """The one the reader named, else the last of the chart before the scan."""
    known = [row for row in case.of(SsaInjection) if row.clinical_date and row.clinical_date <= scan.clinical_date]
    named = {reading.ssa_injection_id for reading in heads}
    return next((row for row in known if row.lineage in named), known[-1] if known else None)


def _extravasation(heads: list[Reading], reasons: dict[str, str]) -> str:
    said = {reading.extravasation for reading in heads}
    for word in ("seen", "suspected"):
        if word in said:
            return word
    if said == {"none"}:
        return "none"
    reasons["extravasation"] = "recorded as unknown" if heads else "no signed reading"
    return ""


def _references(scan: Scan, measured: list[CurrentMeasurement], reasons: dict[str, str]) -> dict[str, Decimal | None]:
    roles = {"liver_suv": Voi.Role.LIVER, "spleen_suv": Voi.Role.SPLEEN, "blood_pool_suv": Voi.Role.BLOOD_POOL}
    if scan.is_illustrative:
        reasons.update(dict.fromkeys(roles, ILLUSTRATIVE))
        return {}
    return {field: _mean(placed_last(measured, role)) for field, role in roles.items()}


def _mean(item: CurrentMeasurement | None) -> Decimal | None:
    if item is None or not is_number(item) or item.measurement.suv_mean is None:
        return None
    return exact(item.measurement.suv_mean)


def is_number(item: CurrentMeasurement) -> bool:
    """Today's number, in SUVbw, with no input that waits for a person."""
    is_current = item.state == CURRENT and not item.is_provisional
    return bool(is_current and item.measurement and item.measurement.unit == SUV_UNITS["bw"])


def _volume(scan: Scan, measured: list[CurrentMeasurement], reasons: dict[str, str]) -> dict[str, Any]:
    """The sum over the lesions, with the methods it was made by. A sphere around a lesion is not its volume."""
    own = [item for item in measured if item.voi.role == Voi.Role.LESION]
    if scan.is_illustrative:
        reasons["tumour_volume_ml"] = ILLUSTRATIVE
        return {}
    if not own or not all(is_outlined(item) for item in own):
        reasons["tumour_volume_ml"] = "not every lesion is outlined and measured"
        return {}
    return {
        "tumour_volume_ml": sum((exact(item.measurement.volume_ml) for item in own), Decimal(0)),
        "volume_method": ", ".join(sorted({method_of(item.voi) for item in own})),
    }


def is_outlined(item: CurrentMeasurement) -> bool:
    return is_number(item) and item.measurement.volume_ml is not None and item.voi.method != Voi.Method.SPHERE


def _chemo(case: CaseRows, scan: Scan, reasons: dict[str, str]) -> dict[str, int | None]:
    """Days from the end of the chemotherapy, begun before the scan, that ended last."""
    lines = [row for row in case.of(TreatmentLine) if _is_chemo_before(row, scan.clinical_date)]
    last = max(lines, key=lambda row: row.stop_date or dt.date.max, default=None)
    if last is None:
        return {}
    if "illustrative" in last.note.lower():
        reasons["days_since_chemo"] = ILLUSTRATIVE
        return {}
    if last.stop_date is None or last.stop_date > scan.clinical_date:
        reasons["days_since_chemo"] = f"{last.regimen} had not ended, or its end is not recorded"
        return {}
    return {"days_since_chemo": (scan.clinical_date - last.stop_date).days}


def _is_chemo_before(row: TreatmentLine, day: dt.date) -> bool:
    return is_chemotherapy_line(row) and row.clinical_date is not None and row.clinical_date <= day
