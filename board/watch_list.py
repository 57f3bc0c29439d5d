"""The watch list: every open case with what it waits for, worst first, and the figures that stand on the home page.

Rows are the stored states; how late a date is, is said for the day the list is read on. A fixed number of queries.
"""

import datetime as dt
from dataclasses import dataclass, replace
from statistics import median

from django.db.models import Case, Exists, IntegerField, OuterRef, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce
from django.utils import timezone

from board import words
from board.domain.due import OVERDUE_DAYS, Level, level_of
from board.domain.watch_reason import Kind
from board.due_rules import due_rules
from board.models import WatchState
from board.nightly import last_check, late_sentence
from board.patient_filters import MOST_COUNTED, count_words, counted
from board.watch_care import CaseCare, care_of
from patients import reads
from patients.selectors import in_visible_chart, visible_patients

PAGE_SIZE = 50
SHOWN = 8
SOON = dt.timedelta(days=30)


@dataclass(frozen=True)
class WatchLine:
    """One reason on one day: ``days`` is "12 late", "in 5", "today" or ""; other days as pages print them."""

    kind: str
    sentence: str
    action: str
    since: str
    due: str
    days: str
    level: Level
    late: int = 0

    @property
    def is_red(self) -> bool:
        return self.level >= Level.OVERDUE

    @property
    def days_in_words(self) -> str:
        """ "12 days late", "in 5 days": in a sentence, where no heading says what is counted."""
        number = next((word for word in self.days.split() if word.isdigit()), "")
        return self.days.replace(number, f"{number} day{'' if number == '1' else 's'}") if number else self.days


@dataclass(frozen=True)
class WatchRow:
    """``care`` only where it was asked for: on the list itself."""

    case_number: str
    lines: list[WatchLine]
    care: CaseCare | None = None

    @property
    def first(self) -> WatchLine:
        return self.lines[0]

    @property
    def others(self) -> list[WatchLine]:
        return self.lines[1:]

    @property
    def level(self) -> Level:
        """Of its worst reason, whichever is said first."""
        return max(line.level for line in self.lines)

    @property
    def days(self) -> str:
        """How late its latest date is, as the median of the list counts it; else when the first thing is due."""
        late = max(line.late for line in self.lines)
        return f"{late} late" if late else self.first.days


@dataclass(frozen=True)
class WatchFigures:
    """Counts of patients, said as words; a registry is not counted to its end."""

    overdue: str
    soon: str
    without_date: str
    is_anybody_lost: bool
    late: str
    checked_at: dt.datetime | None
    open: str = ""
    median_late: str = ""


@dataclass(frozen=True)
class WatchPage:
    rows: list[WatchRow]
    figures: WatchFigures
    unchecked: str
    number: int
    has_later: bool
    grace_days: int


def watch_page(user, *, today: dt.date, number: int = 1) -> WatchPage:
    first = (number - 1) * PAGE_SIZE
    found = list(_worst_first(_mine(user), today)[first : first + PAGE_SIZE + 1])
    missing = counted(visible_patients(user).filter(~Exists(WatchState.objects.filter(patient=OuterRef("pk")))))
    shown = found[:PAGE_SIZE]
    cared = care_of(shown, today)
    rows = [_row(state, today, cared[state.patient_id]) for state in shown]
    unchecked = count_words(missing) if missing else ""
    return WatchPage(
        rows, _strip(user, today), unchecked, number, len(found) > PAGE_SIZE, due_rules().booking_grace_days
    )


def _strip(user, today: dt.date) -> WatchFigures:
    """The figures at the head of the list: how many are open, and how late the late ones are in the middle."""
    mine = _mine(user)
    late = list(mine.filter(due__lt=today).order_by().values_list("due", flat=True)[: MOST_COUNTED + 1])
    middle = median((today - due).days for due in late) if 0 < len(late) <= MOST_COUNTED else None
    said = "–" if middle is None else f"{middle:g} d"
    return replace(watch_figures(user, today=today), open=count_words(counted(mine)), median_late=said)


def watch_figures(user, *, today: dt.date) -> WatchFigures:
    mine, check = _mine(user), last_check()
    lost = counted(mine.filter(has_no_date=True))
    return WatchFigures(
        overdue=count_words(counted(mine.filter(due__lt=today))),
        soon=count_words(counted(mine.filter(has_no_date=False, opens__lte=today + SOON).filter(_not_overdue(today)))),
        without_date=count_words(lost),
        is_anybody_lost=bool(lost),
        late=late_sentence(check, timezone.now()),
        checked_at=check.finished_at if check else None,
    )


def pressing_rows(user, *, today: dt.date) -> list[WatchRow]:
    """For the home page: who is lost, overdue or due within 30 days."""
    asked = _mine(user).filter(Q(has_no_date=True) | Q(opens__lte=today + SOON))
    return [_row(state, today) for state in _worst_first(asked, today)[:SHOWN]]


def _mine(user) -> QuerySet[WatchState]:
    return WatchState.objects.filter(in_visible_chart(user), is_open=True)


def _not_overdue(today: dt.date) -> Q:
    return Q(due=None) | Q(due__gte=today)


def _worst_first(states: QuerySet[WatchState], today: dt.date) -> QuerySet[WatchState]:
    rank = Case(
        When(has_no_date=True, then=Value(0)),
        When(due__lt=today, then=Value(1)),
        When(opens__lte=today, then=Value(2)),
        default=Value(3),
        output_field=IntegerField(),
    )
    order = ("rank", "due_or_now", "patient__case_number")
    return (
        states.annotate(rank=rank, due_or_now=Coalesce("due", Value(today))).select_related("patient").order_by(*order)
    )


def _row(state: WatchState, today: dt.date, cared: CaseCare | None = None) -> WatchRow:
    reads.note_all([state])
    lines = [watch_line(reason, today) for reason in state.reasons]
    return WatchRow(state.patient.case_number, sorted(lines, key=_most_pressing), cared)


def _most_pressing(line: WatchLine) -> tuple[int, bool, int]:
    """What is late comes first. Where nothing is, the meeting does: there everything else will be looked at."""
    return -line.level if line.is_red else 0, line.kind != Kind.MEETING, -line.level


def watch_line(reason: dict, today: dt.date) -> WatchLine:
    """A stored reason as it reads on ``today``."""
    opens, due = _date(reason["opens"]), _date(reason["due"])
    level = (
        Level.NO_DATE
        if reason["kind"] == "no_date"
        else level_of(opens, due, today, red_after=reason.get("red_after", OVERDUE_DAYS))
    )
    return WatchLine(
        kind=reason["kind"],
        sentence=reason["sentence"],
        action=reason["action"],
        since=_words(reason["since"]),
        due=_words(reason["due"]),
        days=_days(due, today),
        level=level,
        late=max((today - due).days, 0) if due else 0,
    )


def _days(due: dt.date | None, today: dt.date) -> str:
    if due is None:
        return ""
    late = (today - due).days
    return "today" if late == 0 else f"{late} late" if late > 0 else f"in {-late}"


def _words(text: str | None) -> str:
    day = _date(text)
    return words.day_words((day, day)) if day else ""


def _date(text: str | None) -> dt.date | None:
    return dt.date.fromisoformat(text) if text else None
