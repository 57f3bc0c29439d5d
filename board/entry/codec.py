"""Texts of the page to columns of a model and back. What cannot be read is a sentence beside its field."""

import datetime as dt
from decimal import Decimal
from typing import Any

from board.entry.fields import UNKNOWN, Card, Field
from patients.domain.dates import in_words
from patients.domain.drugs import drugs_of
from patients.domain.lab_table_numbers import number_of
from patients.domain.numbers import NumberRefused, both_readings, decimal_of, whole_of
from patients.domain.partial_dates import DateRefused, parse_partial_date

ONGOING = "ongoing"
# What a column holds while nobody has answered; it reads as empty unless somebody stated that it is unknown.
UNANSWERED: dict[str, str] = {
    "functional_status": "unknown",
    "stage": "unknown",
    "procedure": "unknown",
    "differentiation": "not_stated",
}
_YES_NO = {"yes": True, "no": False}
WHOLE = frozenset({"cycles", "ecog", "frailty", "number"})


class Unreadable(ValueError):
    """``str()`` is the sentence beside the field."""


def text_of(row, field: Field) -> str:
    """What the page shows of a stored row; "" where the column is empty or only has its default."""
    name = field.stored_in
    if field.kind == "date":
        return _date_text(row, name)
    value = getattr(row, name)
    if name == "value" and hasattr(row, "comparator"):
        return f"{row.comparator}{value.normalize():f}"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(value)
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    text = "" if value is None else str(value)
    return "" if UNANSWERED.get(name) == text else text


def _date_text(row, name: str) -> str:
    if name == "stop_date" and row.is_ongoing:
        return ONGOING
    day = getattr(row, name)
    return in_words(day, getattr(row, f"{name}_precision")) if day else ""


def columns_of(card: Card, texts: dict[str, str]) -> tuple[dict[str, Any], dict[str, str]]:
    """Column values of one row, and a sentence for each field that cannot be read. Fields not in ``texts`` are left."""
    columns: dict[str, Any] = {}
    problems: dict[str, str] = {}
    for field in card.fields:
        if field.name not in texts:
            continue
        try:
            columns |= _column(field, texts[field.name].strip())
        except Unreadable as said:
            problems[field.name] = str(said)
    if card.key == "lines" and not columns.get("drugs") and columns.get("regimen"):
        columns["drugs"] = list(drugs_of(columns["regimen"]))
    return columns, problems


def _column(field: Field, text: str) -> dict[str, Any]:
    name, is_empty = field.stored_in, text in ("", UNKNOWN)
    if field.kind == "date":
        return _date(name, text)
    if field.kind == "day":
        return {name: _whole_day(text)}
    if name == "value":
        return _lab_value(text)
    if field.kind == "number":
        return {name: None if is_empty else _number(text, is_whole=name in WHOLE)}
    if field.kind == "many" or name == "drugs":
        return {name: [] if is_empty else [word.strip() for word in text.split(",") if word.strip()]}
    return {name: _YES_NO.get(text) if name == "is_long_acting" else _word(name, text)}


def _word(name: str, text: str) -> str:
    if name == "primary_site":
        return text
    return UNANSWERED.get(name, "") if text in ("", UNKNOWN) else text


def _date(name: str, text: str) -> dict[str, Any]:
    if name == "stop_date":
        ongoing = {"is_ongoing": True if text == ONGOING else False if text not in ("", UNKNOWN) else None}
        text = "" if text == ONGOING else text
    else:
        ongoing = {}
    day, precision = day_of(text)
    return {name: day, f"{name}_precision": precision, **ongoing}


def day_of(text: str) -> tuple[dt.date | None, str]:
    """Raises Unreadable with a sentence."""
    if text in ("", UNKNOWN):
        return None, "unknown"
    try:
        return parse_partial_date(text)
    except DateRefused as refused:
        raise Unreadable(str(refused)) from refused


def _whole_day(text: str) -> dt.date | None:
    day, precision = day_of(text)
    if day is not None and precision != "day":
        raise Unreadable("A whole day is needed here, or “unknown”.")
    return day


def _number(text: str, *, is_whole: bool) -> Decimal | int:
    try:
        return whole_of(text) if is_whole else decimal_of(text)
    except NumberRefused as refused:
        raise Unreadable(str(refused)) from refused


def _lab_value(text: str) -> dict[str, Any]:
    if not text:
        return {"comparator": "", "value": None}
    found = number_of(text, ".")
    if found is None:
        raise Unreadable("This is no value. Write 12.6, 12,6 or <0.3.")
    if found.other is not None:
        raise Unreadable(both_readings(text, found.value, found.other))
    return {"comparator": found.sign, "value": found.value}
