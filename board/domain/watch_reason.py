"""One reason why a patient is on the watch list: a sentence, what to do, and by when."""

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum

from board.domain.due import OVERDUE_DAYS, Level, level_of
from eligibility.domain.facts import Source


class Kind(StrEnum):
    NO_DATE = "no_date"
    SSTR_LINE = "sstr_line"
    REPEAT_SCAN = "repeat_scan"
    UNREAD = "unread"
    UNTYPED_SCAN = "untyped_scan"
    SCAN_PLANNED = "scan_planned"
    NEXT_DATE = "next_date"
    WAITING_DECISION = "waiting_decision"
    DECISION_STEP = "decision_step"
    CHANGE_UNSETTLED = "change_unsettled"
    STALE_DECISION = "stale_decision"
    MEETING = "meeting"


@dataclass(frozen=True)
class WatchReason:
    """``opens`` to ``due``: when it should be done; a due day of None means now. ``since``: None where undated."""

    kind: Kind
    sentence: str
    action: str
    since: dt.date | None
    opens: dt.date | None
    due: dt.date | None
    level: Level
    sources: tuple[Source, ...] = ()
    red_after: int = OVERDUE_DAYS

    @property
    def rank(self) -> tuple[int, dt.date]:
        """Worst first when sorted."""
        return -self.level, self.due or dt.date.min


@dataclass(frozen=True)
class Found:
    """A reason before it is compared with today."""

    kind: Kind
    sentence: str
    action: str
    since: dt.date | None = None
    due: dt.date | None = None
    opens: dt.date | None = None
    sources: tuple[Source, ...] = ()
    red_after: int = OVERDUE_DAYS


def levelled(found: Found, today: dt.date) -> WatchReason:
    opens = found.opens or found.due
    lost = found.kind is Kind.NO_DATE
    level = Level.NO_DATE if lost else level_of(opens, found.due, today, red_after=found.red_after)
    return WatchReason(
        found.kind, found.sentence, found.action, found.since, opens, found.due, level, found.sources, found.red_after
    )


def day_words(day: dt.date) -> str:
    return f"{day.day} {day:%b %Y}"
