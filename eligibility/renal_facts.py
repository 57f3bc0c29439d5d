"""Renal function as two facts that are never put in each other's place: clearance, and eGFR by CKD-EPI 2021."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from eligibility.case_rows import CaseRows
from eligibility.domain.facts import Fact, Source, exactly, hull, interval_text, number_text, unknown
from eligibility.fact_tools import dated, newest, source, usable
from patients.domain.dates import Span, age_range
from patients.domain.ki67 import Interval
from patients.domain.renal import RenalUnavailable, ckd_epi_2021, cockcroft_gault
from patients.domain.units import convert
from patients.models import BodyMeasure

# Local convention: a clearance computed with a weight further away from the creatinine is not a fact.
WEIGHT_WITHIN_DAYS = 90


@dataclass(frozen=True)
class _Body:
    weight: Interval
    rows: list[BodyMeasure]


def renal_facts(case: CaseRows, as_of: dt.date, creatinine: Fact) -> dict[str, Fact]:
    return {
        "crcl_cockcroft_gault": _clearance(case, as_of, creatinine),
        "egfr_ckd_epi": _egfr(case, creatinine),
        "body_weight_kg": _weight_fact(case, as_of),
    }


def _clearance(case: CaseRows, as_of: dt.date, creatinine: Fact) -> Fact:
    """Cockcroft-Gault at the corners of what creatinine, weight and age may be; every input is a source."""
    body = _weight(case, as_of, creatinine.clinical_date)
    near = f"body weight within {WEIGHT_WITHIN_DAYS} days of the creatinine"
    missing = {} if body else {"weight": near}
    ages = _ages(case, creatinine)
    if (refused := _refused(case, creatinine, ages, missing)) or ages is None or body is None:
        return refused or unknown("input_missing")
    measured, sex = _as_interval(creatinine), case.patient.sex_for_formulas

    def at(mg_dl: Decimal, kilograms: Decimal, age: int) -> Decimal:
        return cockcroft_gault(age_years=age, weight_kg=kilograms, creatinine_mg_dl=mg_dl, sex=sex).value

    try:
        value = _corners(creatinine, measured, body.weight, ages, at)
    except RenalUnavailable as unavailable:
        return unknown("input_missing", unavailable.message, creatinine.sources, creatinine.clinical_date)
    detail = f"{_said(creatinine)}, actual weight {interval_text(body.weight)} kg, age {_ages_text(ages)}"
    weighed = tuple(source(row, _weight_text(row)) for row in body.rows)
    return _fact(value, "mL/min", creatinine, detail, weighed)


def _egfr(case: CaseRows, creatinine: Fact) -> Fact:
    """CKD-EPI 2021, per 1.73 m2 of body surface: no weight enters."""
    ages = _ages(case, creatinine)
    if (refused := _refused(case, creatinine, ages, {})) or ages is None:
        return refused or unknown("input_missing")
    measured, sex = _as_interval(creatinine), case.patient.sex_for_formulas

    def at(mg_dl: Decimal, _weight: Decimal, age: int) -> Decimal:
        return ckd_epi_2021(age_years=age, creatinine_mg_dl=mg_dl, sex=sex).value

    try:
        value = _corners(creatinine, measured, exactly(Decimal(1)), ages, at)
    except RenalUnavailable as unavailable:
        return unknown("input_missing", unavailable.message, creatinine.sources, creatinine.clinical_date)
    return _fact(value, "mL/min/1.73m2", creatinine, f"{_said(creatinine)}, age {_ages_text(ages)}", ())


def _ages(case: CaseRows, creatinine: Fact) -> tuple[int, int] | None:
    return age_range(case.patient.birth_span, creatinine.clinical_date) if creatinine.clinical_date else None


def _refused(
    case: CaseRows, creatinine: Fact, ages: tuple[int, int] | None, missing_too: dict[str, str]
) -> Fact | None:
    if creatinine.value is None or creatinine.clinical_date is None:
        return unknown("input_missing", "creatinine " + ("without a date" if creatinine.value else "not recorded"))
    missing = {} if ages else {"birth_date": "date of birth"}
    missing |= missing_too
    if case.patient.sex_for_formulas not in ("F", "M"):
        missing["sex"] = "sex used in formulas (female or male)"
    if not missing:
        return None
    words = ", ".join(missing.values())
    return unknown("input_missing", words, creatinine.sources, creatinine.clinical_date, tuple(missing))


def _corners(
    creatinine: Fact,
    measured: Interval,
    weight: Interval,
    ages: tuple[int, int],
    formula: Callable[[Decimal, Decimal, int], Decimal],
) -> Interval:
    """Both formulas fall with creatinine and age, and rise with weight."""

    def at(number: Decimal | None, kilograms: Decimal | None, age: int) -> Decimal | None:
        if number is None or kilograms is None:
            return None
        return formula(convert(number, creatinine.unit, "mg/dL", "creatinine"), kilograms, age)

    low = at(measured.high, weight.low, ages[1])
    is_one = measured.low == measured.high and weight.low == weight.high and ages[0] == ages[1]
    return Interval(
        low=low,
        high=low if is_one else at(measured.low, weight.high, ages[0]),
        low_open=measured.high_open,
        high_open=measured.low_open,
    )


def _fact(value: Interval, unit: str, creatinine: Fact, detail: str, more: tuple[Source, ...]) -> Fact:
    sources = (*creatinine.sources, *more)
    return Fact(value, unit=unit, clinical_date=creatinine.clinical_date, sources=sources, detail=detail)


def _weight(case: CaseRows, as_of: dt.date, near: dt.date | None) -> _Body | None:
    if near is None:
        return None
    away = [(row, *_days_apart(row.clinical_span, near)) for row in usable(_weights(case), as_of)]
    nearest = min((most for _, _, most in away), default=None)
    if nearest is None or nearest > WEIGHT_WITHIN_DAYS:
        return None
    rows = [row for row, least, _ in away if least <= nearest]
    return _Body(hull([exactly(row.value) for row in rows]), rows)


def _days_apart(span: Span, near: dt.date) -> tuple[int, int]:
    """The fewest and the most days between ``near`` and a date; 0 at least where it may be that very day."""
    ends = [(near - day).days for day in span]
    is_around = ends[1] <= 0 <= ends[0]
    return 0 if is_around else min(map(abs, ends)), max(map(abs, ends))


def _weights(case: CaseRows) -> list[BodyMeasure]:
    return [r for r in case.of(BodyMeasure) if r.kind == BodyMeasure.Kind.WEIGHT and dated(r) is not None]


def _weight_fact(case: CaseRows, as_of: dt.date) -> Fact:
    rows = newest(_weights(case), as_of)
    if not rows:
        return unknown("missing")
    sources = tuple(source(row, _weight_text(row)) for row in rows)
    return Fact(hull([exactly(row.value) for row in rows]), unit="kg", clinical_date=dated(rows[0]), sources=sources)


def _weight_text(row: BodyMeasure) -> str:
    return f"body weight {number_text(row.value)} kg"


def _said(creatinine: Fact) -> str:
    return f"creatinine {interval_text(_as_interval(creatinine))} {creatinine.unit}"


def _as_interval(fact: Fact) -> Interval:
    assert isinstance(fact.value, Interval)
    return fact.value


def _ages_text(ages: tuple[int, int]) -> str:
    return str(ages[0]) if ages[0] == ages[1] else f"{ages[0]}–{ages[1]}"
