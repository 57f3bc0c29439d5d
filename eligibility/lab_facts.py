"""Facts from the laboratory: values as measured, multiples of the upper limit, creatinine clearance."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from eligibility.case_rows import CaseRows
from eligibility.domain.facts import Fact, exactly, hull, interval_text, number_text, unknown
from eligibility.fact_tools import dated, newest, source, usable
from patients.domain.dates import age_range
from patients.domain.ki67 import Interval
from patients.domain.renal import RenalUnavailable, cockcroft_gault
from patients.domain.units import ANALYTES, UnitRefused, convert
from patients.models import BodyMeasure, LabResult

# Local convention: a clearance computed with a weight further away from the creatinine is not a fact.
WEIGHT_WITHIN_DAYS = 90


def lab_facts(case: CaseRows, as_of: dt.date) -> dict[str, Fact]:
    found = {code: newest([r for r in case.of(LabResult) if r.analyte == code], as_of) for code in ANALYTES}
    facts = {code: _lab(code, rows) for code, rows in found.items()}
    facts |= {f"{code}_x_uln": _times_upper_limit(found[code]) for code in ("bilirubin_total", "alt", "ast")}
    facts["crcl_cockcroft_gault"] = _clearance(case, as_of, facts["creatinine"])
    return facts


def _lab(code: str, rows: list[LabResult]) -> Fact:
    """The newest value; several of one day become the interval that holds them all."""
    if not rows:
        return unknown("missing")
    unit, sources = rows[0].unit, tuple(source(row, _text(row)) for row in rows)
    try:
        values = [_interval(row, convert(row.value, row.unit, unit, code)) for row in rows]
    except UnitRefused as refused:
        return unknown("unit_not_convertible", str(refused), sources, dated(rows[0]), _recorded(rows))
    return Fact(hull(values), unit=unit, clinical_date=dated(rows[0]), sources=sources, analyte=code)


def _interval(row: LabResult, value: Decimal) -> Interval:
    if row.comparator == "<":
        return Interval(low=None, high=value, high_open=True)
    if row.comparator == ">":
        return Interval(low=value, high=None, low_open=True)
    return exactly(value)


def _text(row: LabResult) -> str:
    unit = "" if row.unit == "1" else row.unit
    return f"{ANALYTES[row.analyte].label} {row.comparator}{number_text(row.value)} {unit}".rstrip()


def _recorded(rows: list[LabResult]) -> tuple[str, ...]:
    return tuple(f"{row.comparator}{row.value.normalize():f} {row.unit}" for row in rows)


def _times_upper_limit(rows: list[LabResult]) -> Fact:
    if not rows:
        return unknown("missing")
    sources = tuple(source(row, _text(row)) for row in rows)
    if any(row.reference_high is None or row.reference_high <= 0 for row in rows):
        return unknown("reference_limit_missing", _text(rows[0]), sources, dated(rows[0]), _recorded(rows))
    values = hull([_interval(row, row.value / row.reference_high) for row in rows])
    limit = number_text(rows[0].reference_high)
    detail = f"{_text(rows[0])}, upper limit {limit}"
    return Fact(values, unit="x ULN", clinical_date=dated(rows[0]), sources=sources, detail=detail)


@dataclass(frozen=True)
class _Body:
    weight: Interval
    rows: list[BodyMeasure]


def _clearance(case: CaseRows, as_of: dt.date, creatinine: Fact) -> Fact:
    """Cockcroft-Gault at the corners of what creatinine, weight and age may be; every input is a source."""
    if creatinine.value is None or creatinine.clinical_date is None:
        return unknown("input_missing", "creatinine " + ("without a date" if creatinine.value else "not recorded"))
    ages = age_range(case.patient.birth_span, creatinine.clinical_date)
    body = _weight(case, as_of, creatinine.clinical_date)
    missing = {
        code: name
        for code, name, is_there in (
            ("birth_date", "date of birth", ages is not None),
            ("weight", f"body weight within {WEIGHT_WITHIN_DAYS} days of the creatinine", body is not None),
            ("sex", "sex used in formulas (female or male)", case.patient.sex_for_formulas in ("F", "M")),
        )
        if not is_there
    }
    if missing or ages is None or body is None:
        words, codes = ", ".join(missing.values()), tuple(missing)
        return unknown("input_missing", words, creatinine.sources, creatinine.clinical_date, codes)
    try:
        value = _clearance_interval(creatinine, body.weight, ages, case.patient.sex_for_formulas)
    except RenalUnavailable as refused:
        return unknown("input_missing", refused.message, creatinine.sources, creatinine.clinical_date)
    return Fact(
        value,
        unit="mL/min",
        clinical_date=creatinine.clinical_date,
        sources=(*creatinine.sources, *(source(row, _weight_text(row)) for row in body.rows)),
        detail=f"creatinine {interval_text(_as_interval(creatinine))} {creatinine.unit}, "
        f"actual weight {interval_text(body.weight)} kg, age {_ages_text(ages)}",
    )


def _weight(case: CaseRows, as_of: dt.date, near: dt.date) -> _Body | None:
    weights = [r for r in case.of(BodyMeasure) if r.kind == BodyMeasure.Kind.WEIGHT and dated(r) is not None]
    rows = newest(usable(weights, near), near) or newest(weights, as_of)
    if not rows or abs((near - (dated(rows[0]) or near)).days) > WEIGHT_WITHIN_DAYS:
        return None
    return _Body(hull([exactly(row.value) for row in rows]), rows)


def _weight_text(row: BodyMeasure) -> str:
    return f"body weight {number_text(row.value)} kg"


def _clearance_interval(creatinine: Fact, weight: Interval, ages: tuple[int, int], sex: str) -> Interval:
    measured = _as_interval(creatinine)

    def at(number: Decimal | None, kilograms: Decimal | None, age: int) -> Decimal | None:
        if number is None or kilograms is None:
            return None
        mg_dl = convert(number, creatinine.unit, "mg/dL", "creatinine")
        return cockcroft_gault(age_years=age, weight_kg=kilograms, creatinine_mg_dl=mg_dl, sex=sex).value

    return Interval(
        low=at(measured.high, weight.low, ages[1]),
        high=at(measured.low, weight.high, ages[0]),
        low_open=measured.high_open,
        high_open=measured.low_open,
    )


def _as_interval(fact: Fact) -> Interval:
    assert isinstance(fact.value, Interval)
    return fact.value


def _ages_text(ages: tuple[int, int]) -> str:
    return str(ages[0]) if ages[0] == ages[1] else f"{ages[0]}–{ages[1]}"
