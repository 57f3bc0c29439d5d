"""Facts from the laboratory: values as measured, beside their limits, and the renal function made of them."""

import datetime as dt
from decimal import Decimal

from eligibility.case_rows import CaseRows
from eligibility.domain.facts import Fact, exactly, hull, number_text, unknown
from eligibility.fact_tools import dated, newest, source
from eligibility.renal_facts import renal_facts
from patients.domain.ki67 import Interval
from patients.domain.units import ANALYTES, UnitRefused, convert
from patients.models import LabResult

MULTIPLES = ("bilirubin_total", "alt", "ast", "alp")


def lab_facts(case: CaseRows, as_of: dt.date) -> dict[str, Fact]:
    found = {code: newest([r for r in case.of(LabResult) if r.analyte == code], as_of) for code in ANALYTES}
    facts = {code: _lab(code, rows) for code, rows in found.items()}
    facts |= {f"{code}_x_uln": _times_upper_limit(found[code]) for code in MULTIPLES}
    facts["is_prothrombin_normal"] = _prothrombin(found["inr"], found["prothrombin_ratio"])
    return facts | renal_facts(case, as_of, facts["creatinine"])


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


def _prothrombin(inr: list[LabResult], ratio: list[LabResult]) -> Fact:
    """Within the laboratory's own limits, by the newer of INR (upper limit) and prothrombin ratio (lower limit)."""
    rows = newest([*inr, *ratio], dt.date.max)
    if not rows:
        return unknown("missing")
    found, sources = [_is_normal(row) for row in rows], tuple(source(row, _text(row)) for row in rows)
    if None in found:
        return unknown("reference_limit_missing", _text(rows[0]), sources, dated(rows[0]), _recorded(rows))
    words = frozenset("yes" if normal else "no" for normal in found)
    detail = ", ".join(_text(row) for row in rows)
    return Fact(words, clinical_date=dated(rows[0]), sources=sources, detail=detail)


def _is_normal(row: LabResult) -> bool | None:
    if row.analyte == "inr":
        return None if row.reference_high is None else _interval(row, row.value).compare("<=", row.reference_high)
    return None if row.reference_low is None else _interval(row, row.value).compare(">=", row.reference_low)
