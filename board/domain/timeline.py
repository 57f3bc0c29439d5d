"""Events to a picture: five lanes in fixed order on one scale, at most ``MAX_MARKS`` marks, nothing overlapping.

The rules are those of the product's timeline: the whole history fits the width; bars carry their text; gaps
are drawn and said; older marks fold into "+n"; uncertain dates are spans; every mark has its full sentence.
"""

import datetime as dt
from dataclasses import dataclass, replace

from board.domain.axis import Axis, build_scale, calendar_axis, months_since
from board.domain.bars import treatment_lane
from board.domain.events import Course, Event, Flag, History, LabStrip, ScanEvent, Specimen
from board.domain.lab_strip import lab_lane
from board.domain.labels import Label
from board.domain.marks import Lane
from board.domain.points import decision_lane, histology_lane, scan_lane
from board.domain.sheet import Sheet

MAX_MARKS = 40
TOP = 26.0
SECOND_AXIS_PX = 20.0


@dataclass(frozen=True)
class Picture:
    axis: Axis
    lanes: tuple[Lane, ...]
    height: float
    folded: int

    @property
    def top(self) -> float:
        return TOP

    @property
    def bottom(self) -> float:
        return self.lanes[-1].bottom

    @property
    def mark_count(self) -> int:
        return sum(lane.mark_count for lane in self.lanes)


def _named(label: Label, word: str) -> Label:
    """In the place of "Today": on the page of an earlier day every other label stands where it stood then."""
    line = label.lines[0]
    return replace(label, lines=(replace(line, text=line.text.replace("Today", word)),))


def draw(history: History) -> Picture:
    """The whole history on one page width."""
    kept, folded = fold(history)
    scale = build_scale(_days(kept))
    today = history.today
    axis = calendar_axis(scale, today, 12, f"Today, {today.day} {today:%b}")
    axis = replace(axis, labels=(_named(axis.labels[0], history.today_word), *axis.labels[1:]))
    sheet = Sheet(scale, today)
    lanes = _below_each_other(
        treatment_lane(kept.courses, sheet, folded["courses"]),
        scan_lane(kept.scans, sheet, folded["scans"]),
        histology_lane(kept.specimens, kept.courses, sheet, folded["specimens"]),
        lab_lane(kept, sheet, folded["labs"]),
        decision_lane(kept.flags, sheet, folded["flags"]),
    )
    height = lanes[-1].bottom + 4
    if kept.since:
        axis = replace(axis, second=months_since(scale, *kept.since, y=height + 8))
        height += SECOND_AXIS_PX
    return Picture(axis, lanes, height, sum(folded.values()))


def fold(history: History) -> tuple[History, dict[str, int]]:
    """Drop the oldest mark of the fullest lane until ``MAX_MARKS`` remain; say how many went from each lane."""
    events: dict[str, list[Event]] = {
        name: sorted(getattr(history, name), key=_recency) for name in ("courses", "scans", "specimens", "flags")
    }
    points = sorted(
        ((p, i) for i, strip in enumerate(history.labs) for p in strip.points), key=lambda pair: pair[0].day
    )
    folded = dict.fromkeys((*events, "labs"), 0)
    while sum(map(len, events.values())) + len(points) > MAX_MARKS:
        fullest = max(events, key=lambda name: len(events[name]))
        if len(points) >= len(events[fullest]):
            points.pop(0)
            folded["labs"] += 1
        else:
            events[fullest].pop(0)
            folded[fullest] += 1
    labs = tuple(
        LabStrip(s.name, s.unit, tuple(p for p, j in points if j == i), s.low, s.high)
        for i, s in enumerate(history.labs)
    )
    return replace(history, labs=labs, **{name: tuple(found) for name, found in events.items()}), folded  # type: ignore[arg-type]


def _recency(event: Event) -> tuple[bool, dt.date]:
    """Undated events never fold away: nobody could see when they were."""
    return event.when is None, event.when[1] if event.when else dt.date.max


def _days(history: History) -> list[dt.date]:
    days = {history.today}
    events: list[Course | ScanEvent | Specimen | Flag] = [
        *history.courses,
        *history.scans,
        *history.specimens,
        *history.flags,
    ]
    for event in events:
        days.update(event.when or ())
    for course in history.courses:
        days.update(course.stop or ())
        days.update(course.cycle_days)
    for strip in history.labs:
        days.update(p.day for p in strip.points)
    return sorted(days)


def _below_each_other(*lanes: Lane) -> tuple[Lane, ...]:
    y = TOP
    placed = []
    for lane in lanes:
        placed.append(replace(lane, y=y))
        y += lane.height
    return tuple(placed)
