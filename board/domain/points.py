"""The lanes of points: scans, histology, decisions. A glyph each, its words beside it, nothing overlapping."""

import datetime as dt
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from board.domain.axis import LEFT
from board.domain.events import Course, Event, Flag, ScanEvent, Specimen
from board.domain.labels import Box, Label, Line, around, make_label, overlaps, place
from board.domain.marks import Gap, Glyph, Lane, Stretch
from board.domain.sheet import Sheet, empty_words, margin_notes, nothing_drawn

SCAN_GAP_DAYS = 183
MAX_ROWS = 3


@dataclass(frozen=True)
class Style:
    """How one lane draws its events: ``half`` px wide glyphs in rows of ``row_px``."""

    key: str
    name: str
    empty: str
    half: float
    row_px: float
    glyph: Callable[[Any], dict[str, str]]
    lines: Callable[[Any], list[Line]]


def scan_lane(scans: Sequence[ScanEvent], sheet: Sheet, folded: int) -> Lane:
    lane = _lay_out(scans, _SCANS, sheet, folded)
    days = sorted(e.day for e in scans if e.day and e.state != "planned")
    taken = _taken(lane, sheet)
    spells = [(a, b) for a, b in itertools.pairwise([*days, sheet.today]) if (b - a).days > SCAN_GAP_DAYS]
    gaps = [sheet.gap((a, b), lane.height - 8, "no PET recorded", taken) for a, b in spells]
    return replace(lane, gaps=tuple(gaps))


def histology_lane(specimens: Sequence[Specimen], courses: Sequence[Course], sheet: Sheet, folded: int) -> Lane:
    """Specimens, an arrow where the finding changed, and a word where none was taken since treatment began."""
    lane = _lay_out(specimens, _HISTOLOGY, sheet, folded)
    dated = sorted((e.day, e.head) for e in specimens if e.day)
    arrows = tuple(
        Gap(sheet.at(a), sheet.at(b), lane.height - 5, f"{before}, then {after}")
        for (a, before), (b, after) in itertools.pairwise(dated)
        if before != after
    )
    words = lane.words
    if dated and any(c.day and c.day > dated[-1][0] for c in courses):
        note = sheet.beside_today(Line("no biopsy since treatment"), 21, _taken(lane, sheet))
        words += (note,) if note else ()
    return replace(lane, arrows=arrows, words=words)


def decision_lane(flags: Sequence[Flag], sheet: Sheet, folded: int) -> Lane:
    return _lay_out(flags, _DECISIONS, sheet, folded)


def _lay_out(events: Sequence[Event], style: Style, sheet: Sheet, folded: int) -> Lane:
    """As few rows as let every glyph and every label stand free; at ``MAX_ROWS`` the oldest labels give way."""
    dated = sorted((e for e in events if e.day), key=lambda e: (e.day or dt.date.max, e.title))
    notes = margin_notes(folded, len(events) - len(dated))
    if not dated:
        words = empty_words(nothing_drawn(style.empty, len(events)), style.row_px / 2)
        return Lane(style.key, style.name, style.row_px, words=words, notes=notes)
    glyphs: list[Glyph] = []
    rows = 0
    while rows < MAX_ROWS:
        rows += 1
        glyphs, is_complete = _attempt(dated, rows, style, sheet)
        if is_complete:
            break
    return Lane(style.key, style.name, style.row_px * rows, glyphs=tuple(glyphs), notes=notes)


def _attempt(events: Sequence[Event], rows: int, style: Style, sheet: Sheet) -> tuple[list[Glyph], bool]:
    boxes, is_complete = _spots(events, rows, style, sheet)
    taken = [sheet.today_box, *boxes]
    glyphs = []
    for event, box in reversed(list(zip(events, boxes, strict=True))):
        y = (box.top + box.bottom) / 2
        label = _beside(style.lines(event), box.start, style.half, y, taken)
        is_complete = is_complete and label is not None
        glyphs.append(
            Glyph(
                at=box.start,
                y=y,
                title=event.title,
                href=event.href,
                label=label,
                span=_span(event, sheet),
                box=box,
                **style.glyph(event),
            )
        )
    return glyphs[::-1], is_complete


def _spots(events: Sequence[Event], rows: int, style: Style, sheet: Sheet) -> tuple[list[Box], bool]:
    """A free place for each glyph, rows taken in turn; where no row is free, the glyph shares one."""
    boxes: list[Box] = []
    is_complete = True
    for i, event in enumerate(events):
        at = sheet.at(event.day or sheet.today)
        tops = [((i + r) % rows) * style.row_px for r in range(rows)]
        choices = [around(at, style.half, top + 3, top + style.row_px - 15) for top in tops]
        free = [b for b in choices if not any(overlaps(b, other) for other in boxes)]
        is_complete = is_complete and bool(free)
        boxes.append((free or choices)[0])
    return boxes, is_complete


def _beside(lines: list[Line], at: float, half: float, y: float, taken: list[Box]) -> Label | None:
    tries = [lines, lines[:1]] if len(lines) > 1 else [lines]
    sides = [(half + 8, "start"), (-half - 8, "end")]
    return place([make_label(t, at, dx, y, side) for t in tries for dx, side in sides], taken, LEFT, 1)


def _span(event: Event, sheet: Sheet) -> Stretch | None:
    if event.when is None or event.is_exact:
        return None
    return Stretch(sheet.at(event.when[0]), sheet.at(event.when[1]))


def _taken(lane: Lane, sheet: Sheet) -> list[Box]:
    return [sheet.today_box, *(g.box for g in lane.glyphs if g.box), *lane.label_boxes]


def _scan_glyph(scan: ScanEvent) -> dict[str, str]:
    """Shape, number and colour: a circle for SSTR, a diamond for FDG, hollow with "!" where SUV was refused.

    Dotted and without a number where it is still to come.
    """
    if scan.state == "planned":
        return {"shape": "planned"}
    if scan.state == "refused":
        return {"shape": "refused" if scan.is_sstr else "refused-diamond", "text": "!"}
    if not scan.is_sstr:
        return {"shape": "diamond", "text": "FDG"}
    number = scan.coldest if scan.coldest == scan.hottest else f"{scan.coldest}–{scan.hottest}"
    return {"shape": "circle", "text": number, "low_step": scan.coldest_step, "high_step": scan.hottest_step}


def _flag_glyph(flag: Flag) -> dict[str, str]:
    css = "flag-old" if flag.is_superseded else f"flag-{flag.outcome}"
    return {"shape": "due" if flag.is_due else "flag", "css": css}


def _flag_lines(flag: Flag) -> list[Line]:
    css = "struck" if flag.is_superseded else "bold"
    return [Line(flag.word, css), *([Line(flag.sub)] if flag.sub else [])]


def _two_lines(event: ScanEvent | Specimen) -> list[Line]:
    return [Line(event.head, "bold"), *([Line(event.sub)] if event.sub else [])]


_SCANS = Style("scans", "Scans", "No scan yet", 22.0, 74.0, _scan_glyph, _two_lines)
_HISTOLOGY = Style(
    "histology", "Histology", "No specimen recorded", 9.0, 46.0, lambda _: {"shape": "specimen"}, _two_lines
)
_DECISIONS = Style("decisions", "Decisions", "No decision recorded", 12.0, 52.0, _flag_glyph, _flag_lines)
