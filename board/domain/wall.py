"""The timeline for a wall: five lanes of one line each, readable from the last row, nothing overlapping.

Text is 3.2 % of the height of the screen everywhere, so lengths are in per cent of that height (``vh``), and places on
the time axis are fractions of the width of a lane. A lane is between ``NARROW`` (4:3) and ``WIDE`` (16:9) long: words
stand only where they are free at both ends. What finds no room keeps its mark, and the oldest words give way first.
"""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from board.domain.axis import LEFT, RIGHT, Scale, add_months, build_scale
from board.domain.events import Course, Flag, History, LabPoint, ScanEvent, Specimen
from board.domain.labels import percent, shorter
from board.domain.wall_words import (
    BESIDE_VH,
    NARROW,
    TOUCH_VH,
    WIDE,
    Room,
    Words,
    line_of,
    placed,
    width_of,
    words_at,
    words_beside,
)

NEAR_VH = 1.6
MOST_MARKS = 40
GAP_DAYS = 183
LAB_HALF_VH = 0.9


@dataclass(frozen=True)
class WallBar:
    x: str
    width: str
    treatment_class: str
    words: Words | None
    is_open: bool


@dataclass(frozen=True)
class WallMark:
    """``shape``: sstr, fdg, refused, planned, specimen, flag, due or lab; ``size``: characters inside."""

    shape: str
    x: str
    text: str = ""
    step: str = ""
    css: str = ""
    words: Words | None = None

    @property
    def size(self) -> int:
        return min(len(self.text), 5)


@dataclass(frozen=True)
class WallGap:
    x1: str
    x2: str
    words: Words | None


@dataclass(frozen=True)
class WallLane:
    """``note``: what stands in the lane where nothing is drawn, at ``noted``; ``folded``: marks that found no place."""

    key: str
    name: str
    bars: tuple[WallBar, ...] = ()
    marks: tuple[WallMark, ...] = ()
    gaps: tuple[WallGap, ...] = ()
    note: str = ""
    folded: int = 0
    noted: Words | None = None


@dataclass(frozen=True)
class WallPicture:
    lanes: tuple[WallLane, ...]
    ticks: tuple[Words, ...]
    today: str

    @property
    def mark_count(self) -> int:
        return sum(len(lane.bars) + len(lane.marks) for lane in self.lanes)


def draw_wall(history: History) -> WallPicture:
    """The whole history; at most ``MOST_MARKS`` marks, the oldest folded into a number."""
    scale = build_scale(_days(history))
    each = MOST_MARKS // 5
    lanes = (
        _treatment(history.courses, scale, history.today, each),
        _points(_SCANS, history.scans, scale, history.today, each),
        _points(_HISTOLOGY, history.specimens, scale, history.today, each),
        _labs(history, scale, each),
        _points(_BOARD, history.flags, scale, history.today, each),
    )
    at = _at(scale, history.today)
    noted = tuple(replace(lane, noted=_noted(lane.note, at)) if lane.note else lane for lane in lanes)
    return WallPicture(noted, _ticks(scale, history.today), percent(at))


def _noted(note: str, today: float) -> Words:
    """At the beginning of the lane, or where today's line does not run through it."""
    tries = [words_at(note, 0.0, 1.0, "start"), words_at(note, 1.0, -1.0, "end"), *words_beside(note, today, today)]
    return placed(tries, [line_of(today)]) or tries[0][0]


def _at(scale: Scale, day: dt.date) -> float:
    return (scale.at(day) - LEFT) / (RIGHT - LEFT)


def _days(history: History) -> list[dt.date]:
    days = {history.today}
    for event in (*history.courses, *history.scans, *history.specimens, *history.flags):
        days.update(event.when or ())
    for course in history.courses:
        days.update(course.stop or ())
    for strip in history.labs:
        days.update(point.day for point in strip.points)
    return sorted(days)


def _treatment(courses: Sequence[Course], scale: Scale, today: dt.date, most: int) -> WallLane:
    """Bars from the newest back; one that overlaps a later one is drawn behind it, its words beside or not at all."""
    dated = sorted((c for c in courses if c.when), key=lambda c: c.when or (today, today))
    kept = dated[-most:]
    spans = {id(c): _span(c, scale, today) for c in kept}
    taken = [Room(a, 0, b, 0) for a, b in spans.values()]
    said = [line_of(_at(scale, today))]
    bars = [_bar(c, *spans[id(c)], taken, said) for c in reversed(kept)]
    note = "" if kept else "none recorded"
    return WallLane("treatment", "Treatment", bars=tuple(bars[::-1]), note=note, folded=len(courses) - len(kept))


def _span(course: Course, scale: Scale, today: dt.date) -> tuple[float, float]:
    assert course.when is not None
    last = course.stop[1] if course.stop and course.end == "known" else today
    return _at(scale, course.when[0]), _at(scale, max(last, course.when[0]))


def _bar(course: Course, start: float, end: float, taken: list[Room], said: list[Room]) -> WallBar:
    """``taken``: bars and the words beside them; ``said``: all words, which lines given together must not share."""
    name = course.text.split(",", maxsplit=1)[0]
    inside = [t for text in shorter(name) for t in _words_inside(text, start, end)]
    words = placed(inside, said)
    if words is None:
        forms = [form for form in shorter(name) if len(form) > 1]
        beside = [t for form in forms for t in words_beside(form, start, end)]
        free = [(w, room) for w, room in beside if all(room.is_clear_of(other) for other in said)]
        words = placed(free, taken)
        said += [room for w, room in free if w is words]
    return WallBar(
        percent(start), percent(max(end - start, 0.004)), course.treatment_class, words, course.end != "known"
    )


def _words_inside(text: str, start: float, end: float) -> list[tuple[Words, Room]]:
    """At the beginning of the bar, or at its end; nothing where it is too short."""
    if (end - start) * NARROW < width_of(text) + 2.0:
        return []
    return [words_at(text, start, 1.0, "start"), words_at(text, end, -1.0, "end")]


Point = ScanEvent | Specimen | Flag


@dataclass(frozen=True)
class Style:
    key: str
    name: str
    empty: str


_SCANS = Style("scans", "PET", "no scan yet")
_HISTOLOGY = Style("histology", "Histology", "none recorded")
_BOARD = Style("board", "Board", "no decision yet")


def _points(style: Style, events: Sequence[Point], scale: Scale, today: dt.date, most: int) -> WallLane:
    dated = sorted((e for e in events if e.day), key=lambda e: e.day or dt.date.max)
    kept = dated[-most:]
    if not kept:
        note = "no date known" if events else style.empty
        return WallLane(style.key, style.name, note=note, folded=len(events))
    shapes = [_shape(event) for event in kept]
    places = _apart([_at(scale, event.day) for event in kept if event.day], shapes)
    line = _at(scale, today)
    taken = [line_of(line), *(Room(at, -_half(m), at, _half(m)) for at, m in zip(places, shapes, strict=True))]
    found = list(zip(kept, shapes, places, strict=True))
    marks = [_labelled(mark, at, _said(event), taken, line) for event, mark, at in reversed(found)]
    gaps = _gaps(kept, scale, taken) if style is _SCANS else ()
    return WallLane(style.key, style.name, marks=tuple(marks[::-1]), gaps=gaps, folded=len(events) - len(kept))


def _apart(places: list[float], marks: list[WallMark]) -> list[float]:
    """Marks of days close to each other stand side by side, the newest where it belongs, the earlier ones before it."""
    found = places[:]
    for i in range(len(found) - 2, -1, -1):
        least = (_half(marks[i]) + _half(marks[i + 1]) + TOUCH_VH) / NARROW
        found[i] = min(found[i], found[i + 1] - least)
    return [max(at, 0.0) for at in found]


def _labelled(mark: WallMark, at: float, said: Sequence[str], taken: list[Room], today: float) -> WallMark:
    """Right of the mark, left of it, or beyond today's line where that is as near."""
    gap = _half(mark) + BESIDE_VH
    beyond = _beside_line(mark, at, today)
    tries = [
        t for text in said if text
        for t in (words_at(text, at, gap, "start"), words_at(text, at, -gap, "end"), *beyond(text))
    ]  # fmt: skip
    return replace(mark, x=percent(at), words=placed(tries, taken))


def _beside_line(mark: WallMark, at: float, today: float) -> Callable[[str], list[tuple[Words, Room]]]:
    if abs(today - at) * WIDE > _half(mark) + NEAR_VH:
        return lambda text: []
    dx, anchor = (BESIDE_VH, "start") if today >= at else (-BESIDE_VH, "end")
    return lambda text: [words_at(text, today, dx, anchor)]


def _half(mark: WallMark) -> float:
    """Half of what the shape takes; the stylesheet draws them so."""
    if mark.shape in ("sstr", "fdg", "refused"):
        return 2.3 if len(mark.text) < 2 else 3.0 if len(mark.text) < 3 else 4.4
    return {"flag": 0.6, "due": 1.4, "specimen": 1.6, "lab": LAB_HALF_VH, "planned": 1.6}[mark.shape]


def _shape(event: Point) -> WallMark:
    if isinstance(event, Specimen):
        return WallMark("specimen", "")
    if isinstance(event, Flag):
        css = "old" if event.is_superseded else event.outcome
        return WallMark("due" if event.is_due else "flag", "", css=css)
    if event.state == "planned":
        return WallMark("planned", "")
    if event.state == "refused":
        return WallMark("refused", "", "!")
    if not event.is_sstr:
        return WallMark("fdg", "", "FDG")
    both = event.coldest if event.coldest == event.hottest else f"{event.coldest}–{event.hottest}"
    return WallMark("sstr", "", both, event.coldest_step)


def _said(event: Point) -> list[str]:
    """From the most to the least that may stand beside the mark."""
    if isinstance(event, Flag):
        return [event.word]
    if isinstance(event, Specimen):
        found = event.head.removeprefix("site not stated, ").replace("Ki-67 ", "")
        return [found, found.partition(", ")[2], found.rpartition(", ")[2]]
    if event.state == "refused":
        return ["no SUV"]
    return ["due"] if event.state == "planned" else []


def _gaps(events: Sequence[Point], scale: Scale, taken: list[Room]) -> tuple[WallGap, ...]:
    """A long spell between two scans, dashed, its months said where there is room."""
    days = [event.day for event in events if event.day and getattr(event, "state", "") != "planned"]
    found = []
    for a, b in pairwise(days):
        if (b - a).days > GAP_DAYS:
            start, end = _at(scale, a), _at(scale, b)
            said = f"{round((b - a).days / 30.44)} months"
            words = placed([words_at(said, (start + end) / 2, 0, "middle")], taken)
            found.append(WallGap(percent(start), percent(end), words))
    return tuple(found)


def _labs(history: History, scale: Scale, most: int) -> WallLane:
    """The analyte that is out of its limits, else the first: its values as points, the newest in words."""
    strip = next((s for s in history.labs if any(p.out for p in s.points)), next(iter(history.labs), None))
    if strip is None or not strip.points:
        return WallLane("labs", "Labs", note="none recorded")
    points = sorted(strip.points, key=lambda p: p.day)[-most:]
    places = [_at(scale, p.day) for p in points]
    words, kept = _newest_said(strip.name, points[-1], places, history.today, _at(scale, history.today))
    marks = [WallMark("lab", percent(at), css=p.out) for p, at in zip(points, places, strict=True) if at in kept]
    marks[-1] = replace(marks[-1], words=words)
    return WallLane("labs", "Labs", marks=tuple(marks), folded=len(strip.points) - len(marks))


def _newest_said(
    name: str, newest: LabPoint, places: list[float], today: dt.date, line: float
) -> tuple[Words | None, list[float]]:
    """Beside its own point; else apart from all points, with its day; else beside it where earlier points give way.

    With the words come the places that stay: a value beside another point would be read as that point's.
    """
    said = [f"{name} {newest.value:g}"]
    said = [f"{said[0]} {newest.out}", *said] if newest.out else said
    own = [t for text in said for t in _at_own_point(text, places[-1])]
    dated = f"{_day(newest.day, today)}: {said[0]}"
    apart = [words_at(dated, at, 0, end) for at, end in ((0.0, "start"), (1.0, "end"))]
    if words := placed([*own, *apart], [line_of(line), *(_point_room(at) for at in places)]):
        return words, places
    newest_only = [line_of(line), _point_room(places[-1])]
    words = placed([*own, *words_beside(dated, line, line), *apart], newest_only)
    return words, [at for at in places if at == places[-1] or _point_room(at).is_clear_of(newest_only[-1])]


def _day(day: dt.date, today: dt.date) -> str:
    return f"{day.day} {day:%b}" if day.year == today.year else f"{day.day} {day:%b %Y}"


def _point_room(at: float) -> Room:
    return Room(at, -LAB_HALF_VH, at, LAB_HALF_VH)


def _at_own_point(text: str, at: float) -> list[tuple[Words, Room]]:
    beside = LAB_HALF_VH + BESIDE_VH
    return [words_at(text, at, beside, "start"), words_at(text, at, -beside, "end")]


def _ticks(scale: Scale, today: dt.date) -> tuple[Words, ...]:
    """ "today" is never covered; months as near as their words allow."""
    at = _at(scale, today)
    tries = [words_at("today", at, 0, "middle"), words_at("today", at, 0, "end")]
    taken: list[Room] = []
    first = placed(tries, taken)
    ticks = [first] if first else []
    for step in (3, 6, 12, 24, 60):
        days = [d for d in _months(scale, step) if d != today]
        if len(days) <= 9:
            year = None
            for day in days:
                text = f"{day:%b %y}" if day.year != year else f"{day:%b}"
                if words := placed([words_at(text, _at(scale, day), 0, "middle")], taken):
                    ticks.append(words)
                    year = day.year
            break
    return tuple(ticks)


def _months(scale: Scale, step: int) -> list[dt.date]:
    day, found = scale.first.replace(day=1), []
    while (day := add_months(day, 1)) <= scale.last:
        if (day.year * 12 + day.month - 1) % step == 0:
            found.append(day)
    return found
