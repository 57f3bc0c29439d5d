"""Choosing among rows: what was true by a day, which rows are the newest, how to say where they came from."""

import datetime as dt
from collections.abc import Callable, Iterable

from eligibility.domain.facts import Choice, Fact, Source, unknown
from patients.domain.dates import in_words
from patients.models import ClinicalRow


def usable(rows: Iterable[ClinicalRow], as_of: dt.date) -> list[ClinicalRow]:
    """Rows not dated after ``as_of``; an undated row may have been true all along and stays."""
    return [row for row in rows if (day := dated(row)) is None or day <= as_of]


def newest(rows: Iterable[ClinicalRow], as_of: dt.date) -> list[ClinicalRow]:
    """All rows of the newest date: two of one day are both kept, since nothing says which came last."""
    found = usable(rows, as_of)
    days = [day for row in found if (day := dated(row)) is not None]
    last = max(days, default=None)
    return [row for row in found if dated(row) == last]


def dated(row: ClinicalRow) -> dt.date | None:
    """The earliest day the row's date may stand for, so that no value ever looks newer than it may be."""
    span = row.clinical_span
    return span[0] if span else None


def source(row, text: str = "") -> Source:
    words = text or str(row._meta.verbose_name)
    on = in_words(row.clinical_date, row.clinical_date_precision) if hasattr(row, "clinical_date") else ""
    return Source(
        row._meta.label, str(getattr(row, "lineage", row.pk)), ", ".join(part for part in (words, on) if part)
    )


def choice(rows: list, read: Callable[..., str | None], *, text: Callable[..., str] | None = None) -> Fact:
    """A named state from the newest rows; ``read`` gives None for "recorded as unknown"."""
    if not rows:
        return unknown("missing")
    sources = tuple(source(row, text(row) if text else "") for row in rows)
    values: Choice = frozenset(value for row in rows if (value := read(row)) is not None)
    if not values:
        return unknown("recorded_unknown", sources=sources, on=dated(rows[0]))
    if len(values) > 1:
        named = sorted(values)
        return unknown("contradictory", " and ".join(named), sources, dated(rows[0]), tuple(named))
    return Fact(values, clinical_date=dated(rows[0]), sources=sources)
