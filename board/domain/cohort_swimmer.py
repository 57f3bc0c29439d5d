"""The swimmer plot: a row per case, day 0 under day 0, places in per cent of the width; words decided here.

Classes of scans have a shape and a letter, courses a colour and a name, so that nothing is said by colour alone.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace

MOST_BEFORE, MOST_AFTER = 730, 1825
MARGIN = 2.0
MONTH = 30.4375
_STEPS = (3, 6, 12, 24)
MOST_TICKS = 12
_CHARACTER = 0.95  # per cent of the width that a letter takes, at the narrowest
WORDS = {"RICH": "rich", "MIXED": "mixed", "POOR": "poor", "UNKNOWN": "not known", "": "class not shown"}
LETTERS = {"RICH": "R", "MIXED": "M", "POOR": "P", "UNKNOWN": "?", "": ""}


@dataclass(frozen=True)
class Spell:
    """A course in days from day 0. ``is_open``: ongoing, or its end is not recorded."""

    name: str
    kind: str
    first: int
    last: int
    is_open: bool = False


@dataclass(frozen=True)
class Point:
    """``kind``: scan, decision, prrt, died, closed. ``klass`` of a scan; ``is_pair``: of the pair that is compared."""

    kind: str
    day: int
    word: str
    klass: str = ""
    is_pair: bool = False


@dataclass(frozen=True)
class Swim:
    """One case: what happened to it, and until which day it was followed."""

    spells: tuple[Spell, ...]
    points: tuple[Point, ...]
    last: int
    is_followed: bool = True

    @property
    def days(self) -> list[int]:
        ends = [day for spell in self.spells for day in (spell.first, spell.last)]
        return [0, self.last, *ends, *(point.day for point in self.points)]


@dataclass(frozen=True)
class Drawn:
    x: str
    width: str
    text: str
    title: str
    kind: str
    is_open: bool = False


@dataclass(frozen=True)
class Mark:
    x: str
    kind: str
    klass: str
    letter: str
    title: str
    is_pair: bool


@dataclass(frozen=True)
class Row:
    bars: tuple[Drawn, ...]
    ssa: tuple[Drawn, ...]
    marks: tuple[Mark, ...]
    line: Drawn
    is_followed: bool
    is_cut: bool
    sentence: str


@dataclass(frozen=True)
class Axis:
    first: int
    last: int
    ticks: tuple[tuple[str, str], ...]
    zero: str

    def at(self, day: int) -> float:
        inside = min(max(day, self.first), self.last)
        return MARGIN + (100 - 2 * MARGIN) * (inside - self.first) / (self.last - self.first)


def axis_of(swims: Sequence[Swim]) -> Axis:
    days = [day for swim in swims for day in swim.days] or [0]
    first, last = max(min(days), -MOST_BEFORE), min(max(days), MOST_AFTER)
    first, last = min(first, -90), max(last, 180)
    bare = Axis(first, last, (), "")
    months = (last - first) / MONTH
    step = next((one for one in _STEPS if months / one <= MOST_TICKS), _STEPS[-1])
    numbers = range(-int(-first / MONTH) // step * step, int(last / MONTH) + 1, step)
    ticks = tuple((_percent(bare.at(round(n * MONTH))), f"{n:+d}" if n else "0") for n in numbers if first <= n * MONTH)
    return Axis(first, last, ticks, _percent(bare.at(0)))


def row_of(swim: Swim, axis: Axis) -> Row:
    bars = [_bar(spell, axis) for spell in swim.spells if spell.kind != "ssa" and _shows(spell, axis)]
    ssa = [_bar(spell, axis) for spell in swim.spells if spell.kind == "ssa" and _shows(spell, axis)]
    seen = [point for point in swim.points if axis.first <= point.day <= axis.last]
    is_cut = len(seen) < len(swim.points) or min(swim.days) < axis.first or max(swim.days) > axis.last
    begun = min(swim.days)
    return Row(
        bars=tuple(bars),
        ssa=tuple(ssa),
        marks=tuple(_mark(point, axis) for point in sorted(seen, key=lambda one: one.day)),
        line=_piece((begun, swim.last), axis, title="followed", kind="line"),
        is_followed=swim.is_followed and swim.last <= axis.last,
        is_cut=is_cut,
        sentence=sentence(swim),
    )


def sentence(swim: Swim) -> str:
    """The row for a reader who does not see the picture."""
    told = [(spell.first, f"{spell.name} {_from_to(spell)}") for spell in swim.spells]
    told += [(point.day, f"{said(point)} {_when(point.day)}") for point in swim.points]
    return "; ".join(words for _, words in sorted(told)) or "nothing recorded"


def said(point: Point) -> str:
    """ "SSTR scan, mixed"."""
    return f"{point.word}, {WORDS[point.klass]}" if point.kind == "scan" else point.word


def months_text(days: int) -> str:
    return f"{days / MONTH:+.1f} months" if days else "day 0"


def days_from(zero: dt.date, day: dt.date) -> int:
    return (day - zero).days


def _shows(spell: Spell, axis: Axis) -> bool:
    return spell.last >= axis.first and spell.first <= axis.last


def _bar(spell: Spell, axis: Axis) -> Drawn:
    title = f"{spell.name} {_from_to(spell)}"
    drawn = _piece((spell.first, spell.last), axis, title=title, kind=spell.kind, name=spell.name)
    return replace(drawn, is_open=spell.is_open)


def _piece(days: tuple[int, int], axis: Axis, *, title: str, kind: str, name: str = "") -> Drawn:
    start, end = axis.at(days[0]), axis.at(max(days))
    width = max(end - start, 0.3)
    text = name if len(name) * _CHARACTER + 1 <= width else ""
    return Drawn(_percent(start), _percent(width), text, title, kind)


def _mark(point: Point, axis: Axis) -> Mark:
    title = f"{said(point)} {_when(point.day)}"
    letter = LETTERS[point.klass] if point.kind == "scan" else ""
    return Mark(_percent(axis.at(point.day)), point.kind, point.klass or "none", letter, title, point.is_pair)


def _from_to(spell: Spell) -> str:
    end = "no end recorded" if spell.is_open else f"to {months_text(spell.last)}"
    return f"from {months_text(spell.first)}, {end}"


def _when(day: int) -> str:
    return f"at {months_text(day)}"


def _percent(value: float) -> str:
    return f"{value:.2f}%"
