"""The laboratory lane: sparklines with their normal band, and out-of-range spells also in words."""

import datetime as dt
import itertools
from collections.abc import Callable, Sequence

from board.domain.axis import LEFT
from board.domain.events import History, LabPoint, LabStrip
from board.domain.labels import Box, Label, Line, around, make_label, percent, place
from board.domain.marks import Gap, Lane, Stretch, Strip
from board.domain.sheet import Sheet, margin_notes, nothing_drawn

STRIP_PX = 28.0
WORDS_PX = 18.0
INWARD_PX = 11.0
NOTE_PX = 15.0


def lab_lane(history: History, sheet: Sheet, folded: int) -> Lane:
    """One sparkline per analyte; what is not on record is said beside today's line."""
    strips, missing = history.labs, history.labs_missing
    words: list[Label] = []
    placed: list[Strip] = []
    taken = [sheet.today_box]
    y = 4.0
    for strip in strips:
        if strip.points:
            placed.append(_strip(strip, sheet, y, taken))
            y += WORDS_PX + STRIP_PX + 8
    text = missing or ("" if placed else nothing_drawn("No laboratory value recorded", history.labs_undated))
    if text:
        y += 12 if placed else 16
        line = Line(text, "bold" if missing else "soft")
        words += [found] if (found := sheet.beside_today(line, y, taken)) else []
        y += 12
    more = (f"+{history.labs_not_drawn} in table",) if history.labs_not_drawn else ()
    notes = (*margin_notes(folded, history.labs_undated), *more)
    height = max(y, 40.0) + NOTE_PX * len(notes)
    return Lane("labs", "Labs", height, strips=tuple(placed), words=tuple(words), notes=notes)


def _strip(strip: LabStrip, sheet: Sheet, top: float, taken: list[Box]) -> Strip:
    points = sorted(strip.points, key=lambda p: p.day)
    base = top + WORDS_PX
    height = _height(strip, base)
    spots = [(sheet.at(p.day), height(p.value), p) for p in points]
    taken += [around(at, 5, y - 5, y + 5) for at, y, _ in spots]
    taken += [Box(a, 0, b, 0, min(ya, yb) - 2, max(ya, yb) + 2) for (a, ya, _), (b, yb, _) in itertools.pairwise(spots)]
    spells = _spells(points)
    said = [_spell_words(strip.name, run, sheet, top + 7, taken) for run in spells]
    at, y, newest = spots[-1]
    is_old = newest.day < sheet.today and len(points) > 1
    if is_old:
        taken.append(Box(at, 0, sheet.at(sheet.today), 0, y - 1, y + 1))
    inward = -INWARD_PX if y > base + STRIP_PX / 2 else INWARD_PX
    said.append(place(_value_places(f"{newest.value:g} {strip.unit}", at, y, inward, sheet), taken, LEFT, 1))
    has_band = strip.low is not None or strip.high is not None
    band_top = height(strip.high) if strip.high is not None else base
    band_bottom = height(strip.low) if strip.low is not None else base + STRIP_PX
    return Strip(
        name=strip.name,
        y=base + STRIP_PX / 2,
        band_y=band_top if has_band else None,
        band_height=max(band_bottom - band_top, 1.0),
        points=tuple((percent(at), y, p.out, _title(strip, p)) for at, y, p in spots),
        segments=tuple((percent(a), ya, percent(b), yb) for (a, ya, _), (b, yb, _) in itertools.pairwise(spots)),
        spans=tuple((Stretch(sheet.at(p.span[0]), sheet.at(p.span[1])), y) for _, y, p in spots if p.span),
        spells=tuple((Stretch(sheet.at(first), sheet.at(last)), top + WORDS_PX - 1) for _, first, last in spells),
        labels=tuple(label for label in said if label),
        gap=Gap(at, sheet.at(sheet.today), y, "no later value") if is_old else None,
    )


def _value_places(text: str, at: float, y: float, inward: float, sheet: Sheet) -> list[Label]:
    """The newest value in words: right of its point, off the dashed line, right of today's line, left of the point."""
    line = [Line(text.strip())]
    today = sheet.at(sheet.today)
    lefts = [make_label(line, at, -9, y + dy, "end") for dy in (0, 14, -14)]
    rights = [make_label(line, at, 9, y), make_label(line, at, 9, y + inward)]
    return [*rights, make_label(line, today, 8, y), *lefts]


def _height(strip: LabStrip, base: float) -> Callable[[float], float]:
    """Value to px: all values and limits fit; without a lower limit the band reaches down to zero."""
    values = [p.value for p in strip.points] + [v for v in (strip.low, strip.high) if v is not None]
    low = min(values) if strip.low is not None or strip.high is None else min(0.0, *values)
    high = max(values)

    def height(value: float) -> float:
        share = (value - low) / (high - low) if high > low else 0.5
        return round(base + 3 + (STRIP_PX - 6) * (1 - share), 1)

    return height


def _spells(points: Sequence[LabPoint]) -> list[tuple[str, dt.date, dt.date]]:
    """Runs of consecutive values out of range on the same side."""
    runs: list[tuple[str, dt.date, dt.date]] = []
    before = ""
    for point in points:
        if point.out and point.out == before:
            runs[-1] = (point.out, runs[-1][1], point.day)
        elif point.out:
            runs.append((point.out, point.day, point.day))
        before = point.out
    return runs


def _spell_words(
    name: str, run: tuple[str, dt.date, dt.date], sheet: Sheet, y: float, taken: list[Box]
) -> Label | None:
    direction, first, last = run
    begins, ends = f"{first:%b %Y}", f"{last:%b %Y}"
    when = begins if begins == ends else f"{begins} to {ends}"
    tries = [[Line(f"{name} {direction}, {when}", "caution-text")], [Line(f"{name} {direction}", "caution-text")]]
    sides = [(sheet.at(first), -4.0, "start"), (sheet.at(last), 4.0, "end")]
    return place([make_label(t, at, dx, y, side) for t in tries for at, dx, side in sides], taken, LEFT, 1)


def _title(strip: LabStrip, point: LabPoint) -> str:
    out = f", {point.out}" if point.out else ""
    first, last = point.span or (point.day, point.day)
    when = f"{point.day:%d %b %Y}" if first == last else f"between {first:%d %b %Y} and {last:%d %b %Y}"
    return f"{strip.name} {point.value:g} {strip.unit}{out}, {when}"
