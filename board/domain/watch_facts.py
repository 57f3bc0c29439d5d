"""What is known of a case when asking who must have a next date. Days are first days of what a date may stand for."""

import datetime as dt
from dataclasses import dataclass

from board.domain.sstr_class import ANY, Classes
from eligibility.domain.facts import Source

Span = tuple[dt.date, dt.date]
WAITING_OUTCOMES = frozenset({"not_yet", "more_data"})
SETTLED_OUTCOMES = frozenset({"treat", "not_suitable"})


@dataclass(frozen=True)
class SstrScan:
    """The newest SSTR scan with the classes its signed reading leaves open; ``day`` None where it has no date."""

    day: dt.date | None
    words: str
    source: Source
    classes: Classes = ANY
    is_read: bool = True


@dataclass(frozen=True)
class UntypedScan:
    """A scan later than the newest SSTR scan that may be one. ``tracer``: "not recorded" or "recorded as other"."""

    day: dt.date
    words: str
    source: Source
    tracer: str


@dataclass(frozen=True)
class GivenLine:
    """``words``: "CAPTEM ×6, ended 15 Feb 2026". ``cycles`` None: not recorded."""

    words: str
    treatment_class: str
    source: Source
    is_counted: bool = False
    start: Span | None = None
    stop: Span | None = None
    is_ongoing: bool | None = None
    cycles: int | None = None


@dataclass(frozen=True)
class StandingDecision:
    """Not replaced. ``is_done``: its next step was last told to be done."""

    outcome: str
    outcome_words: str
    decided_on: dt.date
    owner: str
    source: Source
    due: dt.date | None = None
    is_done: bool = False

    @property
    def has_date(self) -> bool:
        return self.due is not None and not self.is_done


@dataclass(frozen=True)
class NextDate:
    """What the last contact agreed on and nothing has met yet. ``what``: scan, labs, visit, contact."""

    what: str
    words: str
    on: dt.date
    source: Source
    said_on: dt.date | None = None


@dataclass(frozen=True)
class BookedReview:
    """The case stands on the agenda of a meeting that is not closed. ``title``: of the meeting."""

    on: dt.date
    title: str
    source: Source
    listed_on: dt.date | None = None


@dataclass(frozen=True)
class OpenNotice:
    """Inputs of a standing decision changed and nobody has answered."""

    since: dt.date
    decided_on: dt.date
    source: Source
    assigned_to: str = ""


@dataclass(frozen=True)
class UnsettledChange:
    """Two scans between which SSTR uptake may have changed, and no two readers agree. Says nothing of any verdict."""

    before: dt.date
    after: dt.date
    sources: tuple[Source, ...]


@dataclass(frozen=True)
class WatchFacts:
    is_deceased: bool = False
    closed_because: str = ""
    scan: SstrScan | None = None
    untyped: tuple[UntypedScan, ...] = ()
    lines: tuple[GivenLine, ...] = ()
    decisions: tuple[StandingDecision, ...] = ()
    next_date: NextDate | None = None
    notices: tuple[OpenNotice, ...] = ()
    unsettled: tuple[UnsettledChange, ...] = ()
    reviews: tuple[BookedReview, ...] = ()

    @property
    def is_open(self) -> bool:
        return not self.is_deceased and not self.closed_because

    @property
    def has_date(self) -> bool:
        """A date somebody gave, past or to come: a date that has passed is overdue, not absent."""
        is_told = self.next_date is not None or bool(self.reviews)
        return is_told or any(decision.has_date for decision in self.decisions)
