"""Columns by their kind, and where their values come from."""

import datetime as dt

from board.cohort.columns import Column
from patients.models import DatePrecision


def choices(field) -> frozenset[str]:
    return frozenset(str(value) for value, _ in field.field.choices if value != "")


def number(name: str, meaning: str, source: str, unit: str, get=None, *, of: str = "") -> Column:
    return Column(name, meaning, "number", source, get or same(source), unit=unit, of=of)


def code(name: str, meaning: str, source: str, codes: frozenset[str], get=None, *, of: str = "") -> Column:
    return Column(name, meaning, "code", source, get or same(source), codes=codes, of=of)


def flag(name: str, meaning: str, source: str, get=None) -> Column:
    return Column(name, meaning, "flag", source, get or same(source))


def date(name: str, meaning: str, source: str, get=None) -> Column:
    return Column(name, meaning, "date", source, get or same(source))


def text(name: str, meaning: str, source: str) -> Column:
    return Column(name, meaning, "text", source, same(source))


def reference(name: str, meaning: str, source: str, model, get) -> Column:
    return Column(name, meaning, "reference", source, lambda leaving, row: leaving.reference(model, get(row)))


def same(source: str):
    """Of the row itself, the field that ``source`` ends with."""
    field = source.rpartition(".")[2]
    return lambda _leaving, row: getattr(row, field)


def exact_day(name: str, meaning: str, source: str) -> Column:
    """Only where the day is known: the first day of a month or a year, moved, would tell by how much days are moved."""
    field = source.rpartition(".")[2]

    def get(_leaving, row) -> dt.date | None:
        return getattr(row, field) if getattr(row, f"{field}_precision") == DatePrecision.DAY else None

    return date(name, meaning, source, get)


def when(model: str) -> tuple[Column, Column]:
    return (
        exact_day("date", "clinical date, where its day is known", f"{model}.clinical_date"),
        code(
            "date_precision",
            "how exact the date is",
            f"{model}.clinical_date_precision",
            frozenset(DatePrecision.values),
        ),
    )


def every(model):
    return lambda leaving: leaving.of(model)
