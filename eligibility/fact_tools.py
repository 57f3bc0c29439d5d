"""Choosing among rows: what was true by a day, which rows are the newest, how to say where they came from."""

import datetime as dt
from collections.abc import Callable, Iterable, Sequence

from eligibility.domain.facts import Choice, Fact, Source, unknown
from patients.domain.dates import in_words
from patients.kept import Kept
from patients.models import ClinicalRow

IN_QUESTION = "dates that contradict each other"


def usable(rows: Iterable[ClinicalRow], as_of: dt.date) -> list[ClinicalRow]:
    """Rows not dated after ``as_of``; an undated row may have been true all along and stays."""
    return [row for row in rows if (day := dated(row)) is None or day <= as_of]


def newest(rows: Sequence[ClinicalRow], as_of: dt.date) -> list[ClinicalRow]:
    """All rows that may be the newest, the earliest date first.

    Nothing says which of two of one day came last, or whether a value "of April" is newer than one of the 10th.
    """
    if not rows:
        return []
    spans = [(row.clinical_span, row) for row in rows]
    dated_ones = [(span, row) for span, row in spans if span and span[0] <= as_of]
    if not dated_ones:
        return [row for span, row in spans if span is None]
    last = max(span[0] for span, _ in dated_ones)
    may_be = [(span[0], row) for span, row in dated_ones if span[1] >= last]
    return [row for _, row in sorted(may_be, key=lambda one: one[0])]


def dated(row: ClinicalRow) -> dt.date | None:
    """The earliest day the row's date may stand for, so that no value ever looks newer than it may be."""
    span = row.clinical_span
    return span[0] if span else None


def source(row, text: str = "") -> Source:
    words = text or str(row._meta.verbose_name)
    on = in_words(row.clinical_date, row.clinical_date_precision) if hasattr(row, "clinical_date") else ""
    on = IN_QUESTION if isinstance(row, Kept) and row.as_written is not row else on
    return Source(
        row._meta.label, str(getattr(row, "lineage", row.pk)), ", ".join(part for part in (words, on) if part)
    )


def choice(rows: list, read: Callable[..., str | Choice | None], *, text: Callable[..., str] | None = None) -> Fact:
    """What the newest rows may name; ``read`` gives None for "recorded as unknown", which answers beside it leave open.

    Two rows that name different states contradict each other; one that names several leaves them all possible.
    """
    if not rows:
        return unknown("missing")
    sources = tuple(source(row, text(row) if text else "") for row in rows)
    found = [_as_choice(read(row)) for row in rows]
    answers = {answer for answer in found if answer is not None}
    named = sorted(frozenset().union(*answers))
    if len(answers) > 1:
        return unknown("contradictory", " and ".join(named), sources, dated(rows[0]), tuple(named))
    if None in found:
        return unknown("recorded_unknown", sources=sources, on=dated(rows[0]), seen=tuple(named))
    return Fact(frozenset(named), clinical_date=dated(rows[0]), sources=sources)


def _as_choice(value: str | Choice | None) -> Choice | None:
    return frozenset({value}) if isinstance(value, str) else value
