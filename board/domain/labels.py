"""Boxes on a drawing whose width is not known beforehand, and the rule that labels never overlap.

The drawing is laid out once on the server and shown at any width between ``WIDTH_MIN`` (a printed page)
and ``WIDTH_MAX`` (a wall). Horizontal positions are a fraction of the width plus pixels, so every edge is a
straight line over the width: two boxes in the same order and apart at both ends are apart everywhere between.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

WIDTH_MIN = 1000.0
WIDTH_MAX = 4000.0
CLEARANCE = 4.0
ABBREVIATED = 4

# Advance widths of DejaVu Sans in em, the widest face of our font stack: any other face needs less room.
_NARROW = frozenset(" ilIjft.,:;'|!()[]/-°·")
_WIDE = frozenset("mwMW%@—⁰¹²³⁴⁵⁶⁷⁸⁹×≤≥–→?+<>=")


@dataclass(frozen=True)
class Box:
    """A rectangle from ``start * width + start_px`` to ``end * width + end_px``; ``top`` and ``bottom`` in px."""

    start: float
    start_px: float
    end: float
    end_px: float
    top: float
    bottom: float

    def left_at(self, width: float) -> float:
        return self.start * width + self.start_px

    def right_at(self, width: float) -> float:
        return self.end * width + self.end_px


def around(at: float, half: float, top: float, bottom: float) -> Box:
    """A box of ``2 * half`` px centred on the fraction ``at``."""
    return Box(at, -half, at, half, top, bottom)


def overlaps(a: Box, b: Box) -> bool:
    """Whether the boxes touch at some width between ``WIDTH_MIN`` and ``WIDTH_MAX``."""
    if a.bottom <= b.top or b.bottom <= a.top:
        return False
    return not (_is_left_of(a, b) or _is_left_of(b, a))


def _is_left_of(a: Box, b: Box) -> bool:
    return all(a.right_at(w) + CLEARANCE <= b.left_at(w) for w in (WIDTH_MIN, WIDTH_MAX))


def is_inside(box: Box, left: float, right: float) -> bool:
    """Whether the box stays between the fractions ``left`` and ``right`` at every width."""
    return all(
        box.left_at(w) >= left * w - 0.01 and box.right_at(w) <= right * w + 0.01 for w in (WIDTH_MIN, WIDTH_MAX)
    )


def text_width(text: str, *, size: float = 13.0, bold: bool = False) -> float:
    """Upper estimate of the drawn width in px."""
    em = sum(0.40 if c in _NARROW else 0.95 if c in _WIDE else 0.72 if c.isupper() else 0.64 for c in text)
    return em * size * (1.1 if bold else 1.0)


@dataclass(frozen=True)
class Line:
    """One line of text; ``css`` names its style, ``bold`` its weight."""

    text: str
    css: str = "soft"

    @property
    def is_bold(self) -> bool:
        return self.css in {"bold", "struck", "caution-text", "lane-name", "on-bar"}

    @property
    def width(self) -> float:
        return text_width(self.text, size=12 if self.css == "soft" else 13, bold=self.is_bold)


@dataclass(frozen=True)
class Label:
    """Lines of text at a place: ``anchor`` is "start", "mid" or "end" at ``at * width + dx`` px."""

    lines: tuple[Line, ...]
    at: float
    dx: float
    y: float
    anchor: str
    box: Box

    @property
    def x(self) -> str:
        return percent(self.at)

    @property
    def rows(self) -> list[tuple[float, Line]]:
        """Each line with its baseline in px."""
        first = self.y + 4.5 - LINE_PX * (len(self.lines) - 1) / 2
        return [(round(first + i * LINE_PX, 1), line) for i, line in enumerate(self.lines)]


LINE_PX = 17.0


def make_label(lines: Sequence[Line], at: float, dx: float, y: float, anchor: str = "start") -> Label:
    """A label centred vertically on ``y``, with the box its text may take."""
    width = max(line.width for line in lines)
    half = LINE_PX * len(lines) / 2
    left = {"start": dx, "mid": dx - width / 2, "end": dx - width}[anchor]
    return Label(tuple(lines), at, dx, y, anchor, Box(at, left, at, left + width, y - half, y + half))


def place(candidates: Iterable[Label], taken: list[Box], left: float, right: float) -> Label | None:
    """The first candidate that stays inside and overlaps nothing taken; its box is then taken too."""
    for label in candidates:
        if is_inside(label.box, left, right) and not any(overlaps(label.box, box) for box in taken):
            taken.append(label.box)
            return label
    return None


def shorter(text: str) -> list[str]:
    """The text, then ever shorter forms: without its clauses, without a count, first word, abbreviated, initials.

    A form that drops words of a name ends in "…": part of a combination never reads as the whole.
    """
    name = text.split(",", maxsplit=1)[0]
    bare = name.split(" ×")[0]
    first = bare.split(" ")[0]
    dots = "" if first == bare else "…"
    cut = first if len(first) <= ABBREVIATED + 1 else f"{first[:ABBREVIATED]}."
    initials = "".join(word[0] for word in bare.replace("+", " ").split() if word[0].isalnum()).upper()
    forms = [text, name, bare, f"{first}{dots}", f"{cut.rstrip('.')}…" if dots else cut, initials]
    return list(dict.fromkeys(form for form in forms if form)) or [""]


def percent(fraction: float) -> str:
    return f"{100 * fraction:.2f}%"
