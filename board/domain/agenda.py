"""When a meeting will end: start, cases, breaks, cases for noting.

The break follows a study of tumour boards: the quality of information fell in the second half, and a short break kept
it (docs/meetings.md). The minutes are this product's own proposal (evidence D), to be set per case.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

START_MINUTES, BREAK_MINUTES, BREAK_AFTER_MINUTES = 5, 10, 60


class SlotKind(StrEnum):
    START = "start"
    CASE = "case"
    BREAK = "break"
    NOTING = "noting"


@dataclass(frozen=True)
class Slot:
    """``number``: of the case, counted from 1; 0 for what is no case."""

    kind: SlotKind
    minutes: int
    starts_at: dt.datetime
    number: int = 0

    @property
    def ends_at(self) -> dt.datetime:
        return self.starts_at + dt.timedelta(minutes=self.minutes)


@dataclass(frozen=True)
class Plan:
    """``over``: minutes beyond the planned end, 0 where it fits."""

    slots: tuple[Slot, ...]
    starts_at: dt.datetime
    ends_at: dt.datetime
    planned_end: dt.datetime
    over: int

    @property
    def breaks(self) -> tuple[Slot, ...]:
        return tuple(slot for slot in self.slots if slot.kind is SlotKind.BREAK)

    def minutes_of(self, kind: SlotKind) -> int:
        return sum(slot.minutes for slot in self.slots if slot.kind is kind)

    def break_after(self, number: int) -> Slot | None:
        """The break that follows case ``number``."""
        return next((b for a, b in pairwise(self.slots) if _is_break(a, b, number)), None)


def _is_break(before: Slot, after: Slot, number: int) -> bool:
    return after.kind is SlotKind.BREAK and before.kind is SlotKind.CASE and before.number == number


def plan(
    starts_at: dt.datetime,
    planned_minutes: int,
    discuss: Sequence[int],
    noting: Sequence[int],
    *,
    now: dt.datetime | None = None,
) -> Plan:
    """Slots of a meeting whose cases take ``discuss`` and ``noting`` minutes, in their order.

    ``now``: of a meeting that runs: what is left begins now, and nothing is left of its start. A break comes before the
    case that would make more than an hour in one go, never before the first and never after the last.
    """
    slots: list[Slot] = []
    at, spent = now or starts_at, 0
    if now is None:
        slots.append(Slot(SlotKind.START, START_MINUTES, at))
        spent = START_MINUTES
    has_case = False
    for number, minutes in enumerate(discuss, 1):
        if has_case and spent + minutes > BREAK_AFTER_MINUTES:
            slots.append(Slot(SlotKind.BREAK, BREAK_MINUTES, _end(slots, at)))
            spent = 0
        slots.append(Slot(SlotKind.CASE, minutes, _end(slots, at), number))
        spent, has_case = spent + minutes, True
    if noting:
        slots.append(Slot(SlotKind.NOTING, sum(noting), _end(slots, at)))
    ends_at, planned_end = _end(slots, at), starts_at + dt.timedelta(minutes=planned_minutes)
    over = max(0, -(-int((ends_at - planned_end).total_seconds()) // 60))
    return Plan(tuple(slots), at, ends_at, planned_end, over)


def _end(slots: Sequence[Slot], at: dt.datetime) -> dt.datetime:
    return slots[-1].ends_at if slots else at


@dataclass(frozen=True)
class Weighed:
    """A case with what makes it hard: the minutes it was given, and how many points of its data are open."""

    key: str
    minutes: int
    open_points: int


def hard_first(cases: Sequence[Weighed]) -> list[str]:
    """Keys, hardest first: most minutes, then most open points; equal ones keep their order."""
    return [case.key for case in sorted(cases, key=lambda case: (-case.minutes, -case.open_points))]
