"""One cell of an imported table as a value: refused by name, never guessed. Empty and unknown are two things."""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, TypeVar

from patients.domain import bulk_columns as columns
from patients.domain.bulk_columns import UNKNOWN, Column, Table
from patients.domain.bulk_reasons import REASONS
from patients.domain.initials import InitialsRefused, initials_in
from patients.domain.ki67 import Ki67TextRefused, parse_ki67
from patients.domain.lab_table_words import by_unit, stated_analyte, unit_of
from patients.domain.numbers import NumberRefused, decimal_of, whole_of
from patients.domain.partial_dates import DateRefused, parse_partial_date

Number = TypeVar("Number", Decimal, int)
_YES_NO = {"yes": True, "no": False}
_SEX_CODES = {UNKNOWN: "U"}


class CellRefused(ValueError):
    """``code`` is a key of REASONS; ``str()`` is a sentence for the person who brought the file."""

    def __init__(self, code: str, column: str = "", sentence: str = "") -> None:
        super().__init__(sentence or REASONS[code])
        self.code, self.column = code, column


@dataclass
class Values:
    """What a row says: model fields by name, and those of them that are said, in so many words, not to be known.

    ``faults``: every cell that cannot be taken.
    """

    fields: dict[str, Any] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)
    faults: list[CellRefused] = field(default_factory=list)


def values_of(table: Table, cells: dict[str, str], refused: Sequence[tuple[str, str]] = ()) -> Values:
    """``refused``: column and code of the cells that no text could be read from."""
    found = Values(faults=[CellRefused(code, column) for column, code in refused])
    unread = {column for column, _ in refused}
    for column in table.columns:
        if column.name in unread:
            continue
        try:
            _cell(found, column, cells.get(column.name, "").strip())
        except CellRefused as fault:
            found.faults.append(fault)
    _settle_analyte(found.fields)
    return found


def _cell(found: Values, column: Column, text: str) -> None:
    if text:
        _take(found, column, text)
    elif column.is_required:
        raise CellRefused("cell_missing", column.name)


def _settle_analyte(fields: dict[str, Any]) -> None:
    """A name that two quantities share is told apart by its unit, which is spelled as laboratories do."""
    if "analyte" in fields and "unit" in fields:
        fields["analyte"] = by_unit(fields["analyte"], fields["unit"])
        fields["unit"] = unit_of(fields["unit"], fields["analyte"]) or fields["unit"]


def _take(found: Values, column: Column, text: str) -> None:
    is_unknown = text.lower() == UNKNOWN
    if is_unknown and column.field not in columns.OWN_WORD:
        found.unknown.append(column.field)
    if column.kind == columns.DATE:
        found.fields[column.field], found.fields[f"{column.field}_precision"] = _date(column, text)
    elif not is_unknown or UNKNOWN in column.choices:
        found.fields[column.field] = _READ[column.kind](column, text)
    elif column.is_required:
        raise CellRefused("unknown_not_possible", column.name)


def _date(column: Column, text: str) -> tuple[dt.date | None, str]:
    if text.lower() == UNKNOWN:
        return None, UNKNOWN
    try:
        return parse_partial_date(text)
    except DateRefused as refused:
        raise CellRefused("date_not_understood", column.name, str(refused)) from refused


def _day(column: Column, text: str) -> dt.date | None:
    day, precision = _date(column, text)
    if precision != "day":
        raise CellRefused("day_needed", column.name)
    return day


def _number(column: Column, text: str) -> Decimal:
    return _typed(decimal_of, column, text)


def _whole(column: Column, text: str) -> int:
    return _typed(whole_of, column, text)


def _typed(read: Callable[[str], Number], column: Column, text: str) -> Number:
    try:
        return read(text)
    except NumberRefused as refused:
        raise CellRefused(refused.code, column.name, str(refused)) from refused


def _choice(column: Column, text: str) -> str:
    if column.field == "analyte" and (code := stated_analyte(text)):
        return code
    for choice in column.choices:
        if choice.lower() == text.lower():
            return _SEX_CODES.get(choice, choice) if column.field == "sex_for_formulas" else choice
    raise CellRefused("choice_unknown", column.name)


def _yes_no(column: Column, text: str) -> bool:
    if text.lower() not in _YES_NO:
        raise CellRefused("choice_unknown", column.name)
    return _YES_NO[text.lower()]


def _ki67(column: Column, text: str) -> str:
    try:
        parse_ki67(text)
    except Ki67TextRefused as refused:
        raise CellRefused(refused.code, column.name, str(refused)) from refused
    return text


def _initials(column: Column, text: str) -> str:
    try:
        return initials_in(text)
    except InitialsRefused as refused:
        raise CellRefused(refused.code, column.name, str(refused)) from refused


_READ = {
    columns.TEXT: lambda column, text: text,
    columns.DAY: _day,
    columns.NUMBER: _number,
    columns.WHOLE: _whole,
    columns.CHOICE: _choice,
    columns.YES_NO: _yes_no,
    columns.LIST: lambda column, text: [word.strip() for word in text.split(";") if word.strip()],
    columns.KI67: _ki67,
    columns.INITIALS: _initials,
}
