"""A table of laboratory values as somebody pasted it: analyte, value, unit and day of each, and how sure each is.

Nothing is decided here: what is not said is a question (``asks``), and a person answers it before a value is kept.
"""

import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal

from patients.domain import units
from patients.domain.lab_table_layout import Found, read
from patients.domain.lab_table_numbers import Number, decimal_sign, number_of
from patients.domain.lab_table_words import analyte_of, by_unit, unit_of

LONGEST, MOST = 20_000, 400
# The same number is a healthy value in one unit and a failing organ in the other: a person always says which.
ALWAYS_ASKED = frozenset({"creatinine", "bilirubin_total"})


@dataclass(frozen=True)
class Row:
    """``*_sure``: "stated" in the text, "likely" (only one fits), "ask". ``unit`` is empty where it is asked."""

    name: str
    analyte: str
    value: Decimal | None
    comparator: str
    unit: str
    unit_sure: str
    day: dt.date | None
    day_sure: str
    low: Decimal | None = None
    high: Decimal | None = None
    asks: tuple[str, ...] = field(default=())
    source: str = ""


@dataclass(frozen=True)
class Table:
    rows: tuple[Row, ...]
    unread: tuple[str, ...]


def parse_lab_table(text: str) -> Table:
    """Tabs, semicolons, bars, commas, fixed columns or single blanks; days as columns or rows; never raises."""
    text = text[:LONGEST]
    decimals = decimal_sign(text)
    found, unread = read(text, decimals)
    rows = [row for one in found[:MOST] if (row := _row(one, decimals)) is not None]
    return Table(tuple(rows), tuple(unread))


def _row(found: Found, decimals: str) -> Row | None:
    number = number_of(found.value, decimals)
    code = by_unit(analyte_of(found.name), found.unit)
    if number is None:
        return None
    unit, unit_sure, unit_asks = _unit(code, found.unit, number)
    low, high = found.limits or (None, None)
    asks = [] if code else [f"“{found.name}” is not known here: choose the test or leave it out."]
    asks += unit_asks
    if number.other is not None:
        both = f"is it {number.value:f}, or {number.other:f}?"
        asks.append(f"“{found.value.strip()}” can be thousands or decimals: {both}")
    if found.day is None:
        asks.append("No day stands beside this value.")
    elif found.day.is_doubtful:
        asks.append(f"The day was read with the day first: {found.day.day.isoformat()}.")
    day_sure = "ask" if found.day is None else "likely" if found.day.is_doubtful else "stated"
    day = found.day.day if found.day else None
    return Row(
        found.name,
        code,
        number.value,
        number.sign,
        unit,
        unit_sure,
        day,
        day_sure,
        low,
        high,
        tuple(asks),
        found.source,
    )


def _unit(code: str, stated: str, number: Number) -> tuple[str, str, list[str]]:
    if not code:
        return "", "ask", []
    fitting = [unit for unit in units.analyte(code).units if not units.implausible(number.value, unit, code)]
    if stated.strip():
        return _stated_unit(code, stated.strip(), number, fitting)
    return _guessed_unit(code, number, fitting)


def _stated_unit(code: str, stated: str, number: Number, fitting: list[str]) -> tuple[str, str, list[str]]:
    unit = unit_of(stated, code)
    if not unit:
        return "", "ask", [f"Unit “{stated}” is not known for {units.analyte(code).label}. Choose the unit."]
    if unit in fitting or not fitting:
        return unit, "stated", []
    doubt = f"{number.value:f} {unit} is improbable; it would fit {' or '.join(fitting)}. Choose the unit."
    return "", "ask", [doubt]


def _guessed_unit(code: str, number: Number, fitting: list[str]) -> tuple[str, str, list[str]]:
    analyte = units.analyte(code)
    if len(analyte.units) == 1:
        return analyte.canonical_unit, "likely", []
    alike = {analyte.factors[unit] for unit in fitting}
    if len(alike) == 1 and code not in ALWAYS_ASKED:
        return fitting[0], "likely", []
    fit = f" {number.value:f} fits {' and '.join(fitting)}." if len(fitting) > 1 else ""
    return "", "ask", [f"No unit stands beside {analyte.label}.{fit} Choose the unit."]
