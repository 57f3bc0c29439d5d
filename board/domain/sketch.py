"""A timeline as plain shapes for paper: what minutes keep word by word, so that the same minutes draw the same picture.

Coordinates are px on a sheet ``WIDTH`` wide, y downwards; ``look`` names the style, as the classes of the page do.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from board.domain.labels import WIDTH_MIN, Label
from board.domain.marks import Bar, Gap, Glyph, Lane, Stretch, Strip
from board.domain.timeline import TOP, Picture

WIDTH = WIDTH_MIN
Shape = dict[str, Any]
Points = tuple[tuple[float, float], ...]

_FLAG: Points = ((-9, 15), (-9, -12), (9, -12), (5, -6.5), (9, -1), (-9, -1))
_OUTLINES: dict[str, tuple[str, Points]] = {
    "diamond": ("plain", ((0, -21), (21, 0), (0, 21), (-21, 0))),
    "refused-diamond": ("refused", ((0, -20), (20, 0), (0, 20), (-20, 0))),
    "specimen": ("plain", ((0, -8), (8, 0), (0, 8), (-8, 0))),
    "due": ("due", _FLAG),
    "flag": ("flag", _FLAG),
}
_OPEN_END: Points = ((0, 0), (9, 12), (0, 24))


def sketch(picture: Picture) -> dict[str, Any]:
    """``{"width", "height", "shapes"}``: numbers and words only, ready to be stored."""
    shapes = [*_ground(picture)]
    for lane in picture.lanes:
        shapes += _lane(lane)
    shapes += [text for label in picture.axis.second for text in _label(label, 0)]
    return {"width": WIDTH, "height": round(picture.height, 1), "shapes": shapes}


def _ground(picture: Picture) -> Iterator[Shape]:
    for n, lane in enumerate(picture.lanes):
        if n % 2 == 0:
            yield _rect(0, lane.y, WIDTH, lane.height, "lane-alt")
    for x in picture.axis.grid:
        yield _line(_px(x), TOP - 4, _px(x), picture.bottom, "grid")
    for label in picture.axis.labels:
        yield from _label(label, 0)
    today = _px(picture.axis.today)
    yield _line(today, TOP - 4, today, picture.bottom, "today")


def _lane(lane: Lane) -> Iterator[Shape]:
    yield _text(8, lane.y + lane.name_y, lane.name, "lane-name", "start")
    for n, note in enumerate(lane.notes):
        first = lane.height - 5 - 14 * (len(lane.notes) - 1) if lane.key == "labs" else 36
        yield _text(8, lane.y + first + 14 * n, note, "soft", "start")
    for gap in (*lane.gaps, *lane.arrows):
        yield from _gap(gap, lane.y)
    for bar in lane.bars:
        yield from _bar(bar, lane.y)
    for strip in lane.strips:
        yield from _strip(strip, lane.y)
    for glyph in lane.glyphs:
        yield from _glyph(glyph, lane.y)
    for label in lane.words:
        yield from _label(label, lane.y)


def _gap(gap: Gap, top: float) -> Iterator[Shape]:
    yield _line(gap.start * WIDTH, top + gap.y, gap.end * WIDTH, top + gap.y, "gap")
    yield from _labels([gap.label], top)


def _bar(bar: Bar, top: float) -> Iterator[Shape]:
    look = f"class-{bar.treatment_class}"
    yield _stretch(bar.stretch, top + bar.y, 24, look)
    for part in bar.unsure:
        yield _stretch(part, top + bar.y, 24, "unsure")
    if bar.end != "known":
        yield _outline(_OPEN_END, bar.stretch.end * WIDTH, top + bar.y, look)
    for tick in bar.ticks:
        yield _line(_px(tick), top + bar.y + 24, _px(tick), top + bar.y + 30, "tick")
    on_dark = {"on-bar": "on-dark"} if bar.treatment_class == "local" else {}
    for shape in _labels([bar.label, *bar.tick_labels], top):
        yield shape | {"look": on_dark.get(shape["look"], shape["look"])}


def _strip(strip: Strip, top: float) -> Iterator[Shape]:
    yield _text(8, top + strip.y + 4, strip.name, "soft", "start")
    if strip.band_y is not None:
        yield _rect(0.1 * WIDTH, top + strip.band_y, 0.89 * WIDTH, strip.band_height, "band")
    for stretch, y in strip.spans:
        yield _stretch(stretch, top + y - 4, 8, "uncertain")
    for stretch, y in strip.spells:
        yield _line(stretch.start * WIDTH, top + y, stretch.end * WIDTH, top + y, "span-out")
    if strip.gap:
        yield from _gap(strip.gap, top)
    for x1, y1, x2, y2 in strip.segments:
        yield _line(_px(x1), top + y1, _px(x2), top + y2, "curve")
    for x, y, out, _ in strip.points:
        yield _circle(_px(x), top + y, 3.5, "point-out" if out else "point")
    yield from _labels(strip.labels, top)


def _glyph(glyph: Glyph, top: float) -> Iterator[Shape]:
    x, y = glyph.at * WIDTH, top + glyph.y
    if glyph.span:
        yield _stretch(glyph.span, y - 5, 10, "uncertain")
    if glyph.shape == "circle":
        yield _circle(x, y, 22, "ring-face")
        for look, start in ((glyph.low_step, 90), (glyph.high_step, 270)):
            yield {"is": "arc", "x": _r(x), "y": _r(y), "r": 20, "start": start, "look": f"ring-{look or 'none'}"}
    elif glyph.shape in ("refused", "planned"):
        yield _circle(x, y, 20, "refused" if glyph.shape == "refused" else "due")
    else:
        look, points = _OUTLINES.get(glyph.shape, _OUTLINES["flag"])
        yield _outline(points, x, y, "flag-old" if glyph.css == "flag-old" else look)
    if glyph.text:
        yield _text(x, y + 4.5, glyph.text, "number", "mid")
    yield from _labels([glyph.label], top)


def _labels(labels: Iterable[Label | None], top: float) -> Iterator[Shape]:
    for label in labels:
        if label is not None:
            yield from _label(label, top)


def _label(label: Label, top: float) -> Iterator[Shape]:
    for y, line in label.rows:
        yield _text(label.at * WIDTH + label.dx, top + y, line.text, line.css, label.anchor)


def _stretch(stretch: Stretch, y: float, height: float, look: str) -> Shape:
    return _rect(stretch.start * WIDTH, y, max(stretch.end - stretch.start, 0.0004) * WIDTH, height, look)


def _rect(x: float, y: float, width: float, height: float, look: str) -> Shape:
    return {"is": "rect", "x": _r(x), "y": _r(y), "w": _r(width), "h": _r(height), "look": look}


def _line(x1: float, y1: float, x2: float, y2: float, look: str) -> Shape:
    return {"is": "line", "x1": _r(x1), "y1": _r(y1), "x2": _r(x2), "y2": _r(y2), "look": look}


def _circle(x: float, y: float, radius: float, look: str) -> Shape:
    return {"is": "circle", "x": _r(x), "y": _r(y), "r": radius, "look": look}


def _text(x: float, y: float, text: str, look: str, anchor: str) -> Shape:
    return {"is": "text", "x": _r(x), "y": _r(y), "text": text, "look": look, "anchor": anchor}


def _outline(points: Points, x: float, y: float, look: str) -> Shape:
    return {"is": "outline", "points": [[_r(x + dx), _r(y + dy)] for dx, dy in points], "look": look}


def _px(share: str) -> float:
    return float(share.rstrip("%")) / 100 * WIDTH


def _r(value: float) -> float:
    return round(value, 1)
