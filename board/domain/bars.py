"""The treatment lane: bars with their text inside, one row per overlapping line, gaps in words."""

import datetime as dt
from collections.abc import Sequence

from board.domain.axis import LEFT
from board.domain.events import Course
from board.domain.labels import WIDTH_MIN, Box, Label, Line, make_label, percent, place, shorter
from board.domain.marks import Bar, Gap, Lane, Stretch
from board.domain.sheet import Sheet, empty_words, margin_notes, nothing_drawn

BAR_PX = 24.0
GAP_DAYS = 60
NEAR_TODAY = 0.06


def treatment_lane(courses: Sequence[Course], sheet: Sheet, folded: int) -> Lane:
    dated = sorted((c for c in courses if c.when), key=lambda c: (c.when, c.title))
    notes = margin_notes(folded, len(courses) - len(dated))
    if not dated:
        words = empty_words(nothing_drawn("No treatment line recorded", len(courses)), 21)
        return Lane("treatment", "Treatment", 46.0, words=words, notes=notes)
    row_px = 58.0 if any(c.cycles or c.cycle_days for c in dated) else 40.0
    stretches = [_stretch(c, sheet) for c in dated]
    rows = _stack(stretches)
    bars, taken = _drawn(dated, stretches, rows, row_px, sheet)
    for i, row in enumerate(rows):
        if bars[i].label is None and rows.count(row) > 1:
            rows[i] = max(rows) + 1
            bars, taken = _drawn(dated, stretches, rows, row_px, sheet)
    gaps = _gaps(dated, sheet, taken)
    height = row_px * (max(rows) + 1) + 4
    return Lane("treatment", "Treatment", height, bars=tuple(bars), gaps=tuple(gaps), notes=notes)


def _drawn(
    dated: Sequence[Course], stretches: Sequence[Stretch], rows: Sequence[int], row_px: float, sheet: Sheet
) -> tuple[list[Bar], list[Box]]:
    tops = [8 + row * row_px for row in rows]
    boxes = [Box(s.start, 0, s.end, 0, top, top + BAR_PX) for s, top in zip(stretches, tops, strict=True)]
    taken = [sheet.today_box, *boxes]
    return [_bar(c, box, sheet, taken) for c, box in zip(dated, boxes, strict=True)], taken


def _bar(course: Course, box: Box, sheet: Sheet, taken: list[Box]) -> Bar:
    label, is_inside = _words(course, box, sheet, taken)
    ticks, tick_labels = _ticks(course, box, sheet, taken)
    return Bar(
        stretch=Stretch(box.start, box.end),
        y=box.top,
        treatment_class=course.treatment_class,
        end=course.end,
        title=course.title,
        href=course.href,
        label=label,
        is_label_inside=is_inside,
        unsure=_unsure(course, sheet),
        ticks=ticks,
        tick_labels=tick_labels,
        box=box,
    )


def _words(course: Course, box: Box, sheet: Sheet, taken: list[Box]) -> tuple[Label | None, bool]:
    """The longest form of the text that fits, inside the bar rather than beside it; whether it is inside."""
    middle = box.top + BAR_PX / 2
    today = sheet.at(sheet.today)
    for text in shorter(course.text):
        inside = make_label([Line(text, "on-bar")], box.start, 10, middle)
        if inside.box.right_at(WIDTH_MIN) + 8 <= box.right_at(WIDTH_MIN):
            return inside, True
        line = [Line(text, "bold")]
        beside = [make_label(line, box.end, 8, middle), make_label(line, box.start, -8, middle, "end")]
        if min(abs(today - box.start), abs(today - box.end)) < NEAR_TODAY:
            beside += [make_label(line, today, 8, middle), make_label(line, today, -8, middle, "end")]
        if label := place(beside, taken, LEFT, 1):
            return label, False
    return None, False


def _ticks(course: Course, box: Box, sheet: Sheet, taken: list[Box]) -> tuple[tuple[str, ...], tuple[Label, ...]]:
    """Recorded cycle dates; else the number of cycles spread evenly, which the title says."""
    places = [sheet.at(day) for day in course.cycle_days]
    if not places and course.cycles and course.end == "known":
        places = [box.start + (box.end - box.start) * i / course.cycles for i in range(course.cycles)]
    labels = []
    for n, at in enumerate(places, start=1):
        label = place([make_label([Line(f"C{n}")], at, -3, box.bottom + 15)], taken, LEFT - 0.01, 1)
        labels += [label] if label else []
    return tuple(percent(at) for at in places), tuple(labels)


def _unsure(course: Course, sheet: Sheet) -> tuple[Stretch, ...]:
    """The part of a bar where the line may or may not have begun, or ended, already."""
    spans = [course.when, course.stop if course.end == "known" else None]
    return tuple(Stretch(sheet.at(s[0]), sheet.at(s[1])) for s in spans if s and s[0] != s[1])


def _stretch(course: Course, sheet: Sheet) -> Stretch:
    first, last = _days(course, sheet.today)
    return Stretch(sheet.at(first), sheet.at(last))


def _days(course: Course, today: dt.date) -> tuple[dt.date, dt.date]:
    first = course.when[0] if course.when else today
    last = course.stop[1] if course.stop and course.end == "known" else today
    return first, max(first, last)


def _stack(stretches: Sequence[Stretch]) -> list[int]:
    """A row for each: the first one whose last bar has ended."""
    ends: list[float] = []
    rows = []
    for s in stretches:
        row = next((i for i, end in enumerate(ends) if end <= s.start), len(ends))
        ends[row : row + 1] = [max(s.end, s.start + 0.002)]
        rows.append(row)
    return rows


def _gaps(dated: Sequence[Course], sheet: Sheet, taken: list[Box]) -> list[Gap]:
    """Spells of more than ``GAP_DAYS`` that no line covers, up to today."""
    gaps: list[Gap] = []
    covered: dt.date | None = None
    for first, last in [*(_days(c, sheet.today) for c in dated), (sheet.today, sheet.today)]:
        if covered and (first - covered).days > GAP_DAYS:
            gaps.append(sheet.gap((covered, first), 8 + BAR_PX - 1, "no treatment recorded", taken))
        covered = max(covered, last) if covered else last
    return gaps
