"""What a timeline is drawn from. A date is a span of days: one day, or the whole month or year it may stand for."""

import datetime as dt
from dataclasses import dataclass

from patients.domain.dates import Span


@dataclass(frozen=True, kw_only=True)
class Event:
    """``title`` is the whole sentence for a reader who does not see the picture; ``href`` leads to its source."""

    when: Span | None
    title: str
    href: str = ""

    @property
    def day(self) -> dt.date | None:
        """The middle of the span: where a point is drawn."""
        if self.when is None:
            return None
        first, last = self.when
        return first + (last - first) / 2

    @property
    def is_exact(self) -> bool:
        return self.when is not None and self.when[0] == self.when[1]


@dataclass(frozen=True, kw_only=True)
class Course(Event):
    """A line of treatment. ``end`` is "known", "ongoing" or "not recorded"."""

    text: str
    """In the bar; where it does not fit, a shorter form of it stands there."""
    treatment_class: str
    stop: Span | None = None
    end: str = "known"
    cycles: int | None = None
    cycle_days: tuple[dt.date, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ScanEvent(Event):
    """``state``: "read", "unread" (no signed reading), "refused" (no SUV) or "planned" (still to come).

    Krenning as written, "?" not stated.
    """

    is_sstr: bool
    state: str
    coldest: str = "?"
    hottest: str = "?"
    coldest_step: str = ""
    hottest_step: str = ""
    head: str = ""
    sub: str = ""


@dataclass(frozen=True, kw_only=True)
class Specimen(Event):
    head: str
    sub: str = ""


@dataclass(frozen=True, kw_only=True)
class Flag(Event):
    word: str
    sub: str = ""
    outcome: str = ""
    is_superseded: bool = False
    is_due: bool = False


@dataclass(frozen=True)
class LabPoint:
    day: dt.date
    value: float
    out: str = ""
    """"" within limits or limits unknown, "high" or "low"."""
    span: Span | None = None
    """Where the day is not exact: first and last day it may stand for."""


@dataclass(frozen=True)
class LabStrip:
    """One analyte; ``low`` and ``high`` are the newest reference limits, each may be missing."""

    name: str
    unit: str
    points: tuple[LabPoint, ...]
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class History:
    """Everything one timeline shows."""

    today: dt.date
    courses: tuple[Course, ...] = ()
    scans: tuple[ScanEvent, ...] = ()
    specimens: tuple[Specimen, ...] = ()
    labs: tuple[LabStrip, ...] = ()
    flags: tuple[Flag, ...] = ()
    labs_missing: str = ""
    labs_undated: int = 0
    labs_not_drawn: int = 0
    """Analytes with values that have no strip of their own; they are in the table."""
    today_word: str = "Today"
    """No longer than “Today”, whose place it takes."""
    since: tuple[dt.date, str] | None = None
    """Start and name of the line from which months are counted on the second axis."""
