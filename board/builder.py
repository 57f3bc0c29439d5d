"""The agenda of a meeting as its pages show it: lanes, time plan, quorum, and what is still to be done."""

import datetime as dt
from dataclasses import dataclass

from django.utils import timezone

from board.agenda_lines import AgendaLines, ItemLine, numbered
from board.console import Console
from board.domain.agenda import Plan, SlotKind, plan
from board.domain.quorum import Quorum
from board.domain.running import Ending
from board.meetings import expected_quorum, quorum_of
from board.models import AgendaItem, Meeting
from patients import reads
from patients.selectors import in_visible_chart

_I, _L = AgendaItem.State, AgendaItem.Lane
FREEZE_BEFORE = dt.timedelta(hours=24)
# Narrower than this (per cent), its word does not fit into the bar.
WIDTH_OF = {SlotKind.START: 5, SlotKind.CASE: 2, SlotKind.BREAK: 6, SlotKind.NOTING: 7}


@dataclass(frozen=True)
class Agenda:
    """``hidden``: cases of this meeting that are not shared with the reader."""

    meeting: Meeting
    discuss: list[ItemLine]
    noting: list[ItemLine]
    hidden: int
    plan: Plan
    quorum: Quorum
    expected: Quorum
    running: Ending | None = None

    @property
    def ends_at(self) -> dt.datetime:
        return self.running.at if self.running else self.plan.ends_at

    @property
    def planned_end(self) -> dt.datetime:
        return self.plan.planned_end

    @property
    def over(self) -> int:
        """Minutes beyond the planned end, 0 where it fits."""
        return max(0, self.running.late_minutes or 0) if self.running else self.plan.over

    @property
    def is_in_time(self) -> bool:
        """Not said of a meeting that is held on another day than planned: there is nothing to compare with."""
        return not self.over and not (self.running and self.running.late_minutes is None)

    @property
    def took_minutes(self) -> int:
        """Of a closed meeting."""
        return round((self.meeting.closed_at - self.meeting.held_at).total_seconds() / 60)

    @property
    def was_moved(self) -> bool:
        """It was held on another day than it was planned for."""
        return timezone.localdate(self.meeting.held_at) != timezone.localdate(self.meeting.starts_at)

    @property
    def lines(self) -> list[ItemLine]:
        return [*self.discuss, *self.noting]

    @property
    def open_lines(self) -> list[ItemLine]:
        return [line for line in self.lines if line.is_listed]

    @property
    def freezes_at(self) -> dt.datetime:
        return self.meeting.starts_at - FREEZE_BEFORE

    @property
    def without_question(self) -> int:
        return sum(line.lacks_question for line in self.open_lines)

    @property
    def without_reviewer(self) -> int:
        return sum(line.lacks_reviewer for line in self.open_lines)

    @property
    def put_off(self) -> int:
        return sum(line.item.state == _I.POSTPONED for line in self.lines)

    @property
    def discuss_minutes(self) -> int:
        return sum(line.item.minutes for line in self.discuss if line.item.state != _I.POSTPONED)

    @property
    def ends_words(self) -> str:
        return f"{timezone.localtime(self.ends_at):%H:%M}, {self.over} min over"

    @property
    def plan_words(self) -> str:
        """ "70 min cases, 10 min noting, 10 min break, 5 min start"."""
        named = ((SlotKind.CASE, "cases"), (SlotKind.NOTING, "noting"), (SlotKind.BREAK, "break"))
        minutes = [(self.plan.minutes_of(kind), word) for kind, word in (*named, (SlotKind.START, "start"))]
        return ", ".join(f"{number} min {word}" for number, word in minutes if number)

    @property
    def is_hard_first(self) -> bool:
        minutes = [line.item.minutes for line in self.discuss if line.is_listed]
        return minutes == sorted(minutes, reverse=True)

    @property
    def bar(self) -> list[dict]:
        """The time plan as a drawing: each slot from ``x`` and ``width`` wide, in per cent of the whole."""
        total = max((self.plan.ends_at - self.plan.starts_at).total_seconds() / 60, 1)
        drawn, at = [], 0.0
        for slot in self.plan.slots:
            text = str(slot.number) if slot.kind is SlotKind.CASE else slot.kind.value
            width = 100 * slot.minutes / total
            drawn.append(
                {
                    "kind": slot.kind.value,
                    "x": at,
                    "width": width,
                    "middle": at + width / 2,
                    "text": text,
                    "has_room": width >= WIDTH_OF[slot.kind],
                }
            )
            at += width
        return drawn

    @property
    def planned_end_at(self) -> float | None:
        """Where the planned end lies in the bar, in per cent, if the plan goes beyond it."""
        if not self.plan.over:
            return None
        total = (self.plan.ends_at - self.plan.starts_at).total_seconds()
        return max(0.0, 100 * (self.plan.planned_end - self.plan.starts_at).total_seconds() / total)


def agenda_of(meeting: Meeting, user) -> Agenda:
    """Cases that are not shared with ``user`` keep their number and minutes and are only counted."""
    on_it = meeting.items.exclude(state=_I.REMOVED).order_by("lane", "position", "added_at")
    items = list(on_it)
    is_running = meeting.state == Meeting.State.RUNNING
    seen = list(on_it.filter(in_visible_chart(user)).select_related("patient", "added_by"))
    reads.note_all(seen)
    timed = time_plan(meeting, items)
    lines = AgendaLines(meeting, seen, timed, numbered(items), user).lines()
    return Agenda(
        meeting=meeting,
        discuss=[line for line in lines if line.item.lane == _L.DISCUSS],
        noting=[line for line in lines if line.item.lane == _L.NOTING],
        hidden=len(items) - len(seen),
        plan=timed,
        quorum=quorum_of(meeting),
        expected=expected_quorum(meeting),
        running=Console(meeting, user).ending if is_running else None,
    )


def time_plan(meeting: Meeting, items: list[AgendaItem]) -> Plan:
    """Of a meeting that runs, what is left of it from now on, against the time it really began; else all of it."""
    is_running = meeting.state == Meeting.State.RUNNING
    counted = (_I.LISTED,) if is_running else (_I.LISTED, _I.DISCUSSED)

    def minutes(lane: str) -> list[int]:
        return [item.minutes for item in items if item.lane == lane and item.state in counted]

    now = timezone.now().replace(second=0, microsecond=0) if is_running else None
    begins = meeting.held_at if is_running else meeting.starts_at
    return plan(begins, meeting.planned_minutes, minutes(_L.DISCUSS), minutes(_L.NOTING), now=now)
