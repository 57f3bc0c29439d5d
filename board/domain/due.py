"""When somebody must be looked at again: the site's due rules, and how late a date is.

Every number is a local convention (evidence D, "proposal, clinicians to set"); a site replaces the file. No guideline
states an interval for a scan after chemotherapy given to raise SSTR uptake.
"""

import datetime as dt
from dataclasses import dataclass
from enum import IntEnum


class DueRulesRefused(ValueError):
    """A rule that no calendar could follow; the text names it."""


@dataclass(frozen=True)
class DueRules:
    """Weeks and days; classes are those of ``TreatmentLine``. Raises ``DueRulesRefused``."""

    version: str
    evidence: str
    status: str
    systemic_classes: frozenset[str]
    counted_regimen: str
    after_cycle: int
    cycle_days: int
    first_weeks: int
    last_weeks: int
    repeat_weeks: int
    read_days: int
    answer_days: int
    unsure_days: int
    booking_grace_days: int

    def __post_init__(self) -> None:
        numbers = {name: value for name, value in vars(self).items() if isinstance(value, int)}
        if wrong := sorted(name for name, value in numbers.items() if isinstance(value, bool) or value < 0):
            raise DueRulesRefused(f"{wrong[0]} must be a whole number, 0 or more")
        if self.first_weeks > self.last_weeks:
            raise DueRulesRefused("first_weeks lies after last_weeks")
        if min(self.after_cycle, self.cycle_days, self.repeat_weeks) < 1:
            raise DueRulesRefused("after_cycle, cycle_days and repeat_weeks must be 1 or more")

    @property
    def repeat(self) -> dt.timedelta:
        return dt.timedelta(weeks=self.repeat_weeks)

    def fourth_cycle_ends(self, start: dt.date) -> dt.date:
        """Day on which cycle ``after_cycle`` is over, counted from the start: no date of a cycle is recorded."""
        return start + dt.timedelta(days=self.after_cycle * self.cycle_days)

    def window(self, anchor: dt.date) -> tuple[dt.date, dt.date]:
        """First and last day of the scan after ``anchor``."""
        return anchor + dt.timedelta(weeks=self.first_weeks), anchor + dt.timedelta(weeks=self.last_weeks)


class Level(IntEnum):
    """How pressing; the higher, the worse."""

    LATER = 0
    SOON = 1
    DUE = 2
    OVERDUE = 3
    AGENDA = 4
    NO_DATE = 5

    @property
    def words(self) -> str:
        return _WORDS[self]


_WORDS = {
    Level.LATER: "later",
    Level.SOON: "due within 30 days",
    Level.DUE: "due",
    Level.OVERDUE: "overdue",
    Level.AGENDA: "overdue, shown on the next agenda by itself",
    Level.NO_DATE: "no next date",
}
SOON_DAYS, OVERDUE_DAYS, AGENDA_DAYS = 30, 14, 60


def level_of(opens: dt.date | None, due: dt.date | None, today: dt.date, *, red_after: int = OVERDUE_DAYS) -> Level:
    """``opens``: first day on which it can be done; ``due``: last. No due day means: look now.

    Due from the day it opens; overdue ``red_after`` days after the due day, on the agenda from 60 days.
    """
    if due is None:
        return Level.DUE
    late = (today - due).days
    if late >= AGENDA_DAYS:
        return Level.AGENDA
    if late >= red_after:
        return Level.OVERDUE
    until = ((opens or due) - today).days
    if until <= 0:
        return Level.DUE
    return Level.SOON if until <= SOON_DAYS else Level.LATER
