"""One cell of an imported table as a value: refused by name, never guessed. Empty and unknown are two things."""

import datetime as dt
import re
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from patients.domain import bulk_columns as columns
from patients.domain.bulk_columns import UNKNOWN, Column, Table
from patients.domain.bulk_reasons import REASONS
from patients.domain.initials import InitialsRefused, initials_in
from patients.domain.ki67 import Ki67TextRefused, parse_ki67
from patients.domain.partial_dates import DateRefused, parse_partial_date

_NUMBER = re.compile(r"[+-]?\d{1,12}(?:[.,]\d{1,6})?")
_AMBIGUOUS = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}")
_YES_NO = {"yes": True, "no": False}
_SEX_CODES = {UNKNOWN: "U"}


class CellRefused(ValueError):
    """``code`` is a key of REASONS; ``str()`` is a sentence for the person who brought the file."""

    def __init__(self, code: str, column: str = "", sentence: str = "") -> None:
        super().__init__(sentence or REASONS[code])
        self.code, self.column = code, column


@dataclass
class Values:
    """What a row says: model fields by name, and those of them that are said, in so many words, not to be known."""

    fields: dict[str, Any] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)


def values_of(table: Table, cells: dict[str, str]) -> Values:
    """Raises CellRefused for the first cell that cannot be taken."""
    found = Values()
    for column in table.columns:
        text = cells.get(column.name, "").strip()
        if text:
            _take(found, column, text)
        elif column.is_required:
            raise CellRefused("cell_missing", column.name)
    return found


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
    if _AMBIGUOUS.fullmatch(text):
        raise CellRefused("number_ambiguous", column.name)
    if not _NUMBER.fullmatch(text):
        raise CellRefused("number_not_understood", column.name)
    return Decimal(text.replace(",", "."))


def _whole(column: Column, text: str) -> int:
    if not re.fullmatch(r"\d{1,5}(?:\.0)?", text):
        raise CellRefused("whole_number_needed", column.name)
    return int(Decimal(text))


def _choice(column: Column, text: str) -> str:
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
