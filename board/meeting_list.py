"""The page of meetings: what comes, the series with their next days, and what was, with its figures."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet

from board.meeting_planning import next_dates
from board.meetings import expected_quorum, quorum_of
from board.models import AgendaItem, Meeting, MeetingSeries

PAST_SHOWN = 25
_I, _L = AgendaItem.State, AgendaItem.Lane


@dataclass(frozen=True)
class SeriesLine:
    """``dates``: the next days it would meet that nobody has planned yet."""

    series: MeetingSeries
    members: int
    dates: list[dt.date]


@dataclass(frozen=True)
class Meetings:
    open: list[Meeting]
    past: list[Meeting]
    series: list[SeriesLine]

    @property
    def is_empty(self) -> bool:
        return not (self.open or self.past or self.series)


def meetings_page(*, may_prepare: bool) -> Meetings:
    """Figures are counts of cases: nothing here names one."""
    coming = _counted(Meeting.objects.filter(state__in=Meeting.OPEN)).order_by("starts_at")
    past = _counted(Meeting.objects.filter(state=Meeting.State.CLOSED)).order_by("-starts_at")[:PAST_SHOWN]
    series = MeetingSeries.objects.filter(is_active=True).annotate(number=Count("members")).order_by("name")
    lines = [SeriesLine(one, one.number, next_dates(one, 3) if may_prepare else []) for one in series]
    return Meetings(_with_quorum(coming, expected_quorum), _with_quorum(past, quorum_of), lines)


def _counted(meetings: QuerySet[Meeting]) -> QuerySet[Meeting]:
    items = {state: Count("items", filter=Q(items__state=state)) for state in (_I.DISCUSSED, _I.POSTPONED)}
    listed = ~Q(items__state=_I.REMOVED)
    return (
        meetings.select_related("series")
        .prefetch_related("attendance")
        .annotate(
            to_discuss=Count("items", filter=listed & Q(items__lane=_L.DISCUSS)),
            for_noting=Count("items", filter=listed & Q(items__lane=_L.NOTING)),
            discussed_count=items[_I.DISCUSSED],
            postponed_count=items[_I.POSTPONED],
        )
    )


def _with_quorum(meetings: QuerySet[Meeting], of) -> list[Meeting]:
    found = list(meetings)
    for meeting in found:
        meeting.light = of(meeting)
    return found


def meetings_without(listed: Iterable[AgendaItem]) -> list[Meeting]:
    """Meetings a case can still be put on, the nearest first; ``listed``: where it stands already."""
    there = [item.meeting_id for item in listed]
    return list(Meeting.objects.filter(state__in=Meeting.OPEN).exclude(pk__in=there).order_by("starts_at"))
