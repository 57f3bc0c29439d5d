"""Days to places: one scale for all lanes, with long empty spells compressed, and its calendar marks."""

import bisect
import datetime as dt
import itertools
from collections.abc import Iterable
from dataclasses import dataclass

from board.domain.labels import WIDTH_MIN, Label, Line, make_label, percent, place

LEFT = 0.1
RIGHT = 0.99
COMPRESS_AFTER_DAYS = 3 * 365
COMPRESSED_DAYS = 240
TICK_PX = 74.0
_STEPS = (1, 2, 3, 6, 12, 24, 60, 120)


@dataclass(frozen=True)
class Scale:
    """Piecewise linear: ``days[i]`` (ordinals, rising) lies at ``places[i]`` (fractions of the width)."""

    days: tuple[int, ...]
    places: tuple[float, ...]
    breaks: tuple[float, ...] = ()

    def at(self, day: dt.date) -> float:
        n = min(max(day.toordinal(), self.days[0]), self.days[-1])
        i = min(max(bisect.bisect_right(self.days, n), 1), len(self.days) - 1)
        before, after = self.days[i - 1], self.days[i]
        share = (n - before) / (after - before)
        return self.places[i - 1] + share * (self.places[i] - self.places[i - 1])

    @property
    def first(self) -> dt.date:
        return dt.date.fromordinal(self.days[0])

    @property
    def last(self) -> dt.date:
        return dt.date.fromordinal(self.days[-1])

    @property
    def break_marks(self) -> list[str]:
        return [percent(b) for b in self.breaks]


def build_scale(days: Iterable[dt.date], *, lead_days: int = 45, tail_days: int = 60) -> Scale:
    """A scale on which every day fits; at least a year wide. Raises ValueError without a day."""
    known = sorted({d.toordinal() for d in days})
    if not known:
        raise ValueError("a scale needs at least one day")
    first, last = known[0] - lead_days, known[-1] + tail_days
    if last - first < 365:
        first -= 365 - (last - first)
    knots = [first, *(n for n in known if first < n < last), last]
    lengths = [b - a for a, b in itertools.pairwise(knots)]
    drawn = [COMPRESSED_DAYS if n > COMPRESS_AFTER_DAYS else n for n in lengths]
    unit = (RIGHT - LEFT) / sum(drawn)
    places, breaks = [LEFT], []
    for length, width in zip(lengths, drawn, strict=True):
        if width != length:
            breaks.append(places[-1] + width * unit / 2)
        places.append(places[-1] + width * unit)
    return Scale(tuple(knots), tuple(places), tuple(breaks))


@dataclass(frozen=True)
class Axis:
    scale: Scale
    grid: tuple[str, ...]
    labels: tuple[Label, ...]
    today: str
    second: tuple[Label, ...] = ()


def calendar_axis(scale: Scale, today: dt.date, y: float, today_text: str) -> Axis:
    """Month marks no nearer than ``TICK_PX`` on the narrowest page; "Today" goes first and is never covered."""
    today_label = _today_label(scale.at(today), today_text, y)
    taken = [today_label.box]
    labels, grid = [today_label], []
    year = None
    for day in _months(scale):
        at = scale.at(day)
        grid.append(percent(at))
        text = day.strftime("%b %Y") if day.year != year else day.strftime("%b")
        label = place([make_label([Line(text)], at, 0, y)], taken, 0, 1)
        if label:
            labels.append(label)
            year = day.year
    return Axis(scale, tuple(grid), tuple(labels), percent(scale.at(today)))


def months_since(scale: Scale, start: dt.date, what: str, y: float) -> tuple[Label, ...]:
    """The second axis: months since ``start`` ("CAPTEM start"), beside the calendar, where a line changed uptake."""
    origin = make_label([Line(f"{what}: month 0")], scale.at(start), 0, y, "mid")
    taken = [origin.box]
    labels = [origin]
    for step in (3, 6, 12, 24):
        days = [day for n in range(1, 200) if (day := add_months(start, n * step)) <= scale.last]
        if len(days) > 16:
            continue
        for n, day in enumerate(days, start=1):
            label = place([make_label([Line(f"+{n * step}")], scale.at(day), 0, y, "mid")], taken, LEFT, 1)
            if label:
                labels.append(label)
        break
    return tuple(labels)


def add_months(day: dt.date, months: int) -> dt.date:
    """The same day of a later month, or the 28th where the month may be too short."""
    index = day.year * 12 + day.month - 1 + months
    return dt.date(index // 12, index % 12 + 1, min(day.day, 28))


def _today_label(at: float, text: str, y: float) -> Label:
    line = [Line(text, "bold")]
    mid = make_label(line, at, 0, y, "mid")
    return place([mid], [], 0, 1) or make_label(line, at, 0, y, "end")


def _months(scale: Scale) -> list[dt.date]:
    days = max(scale.days[-1] - scale.days[0], 1)
    px_per_month = (RIGHT - LEFT) * WIDTH_MIN / days * 30.4
    step = next((s for s in _STEPS if s * px_per_month >= TICK_PX), _STEPS[-1])
    if scale.breaks:
        step = max(step, 12)
    day = scale.first.replace(day=1)
    months = []
    while (day := add_months(day, 1)) <= scale.last:
        if (day.year * 12 + day.month - 1) % step == 0:
            months.append(day)
    return months
