"""Where words stand on the timeline for a wall: places that are free at both ends of its widths.

Lengths are in per cent of the height of the screen (``vh``), places on the time axis fractions of the width of a lane.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from board.domain.labels import percent, text_width

NARROW, WIDE = 98.0, 139.0
TEXT_VH = 3.2
CLEAR_VH = 1.2
BESIDE_VH = CLEAR_VH + 0.05
TOUCH_VH = 0.5
TODAY_VH = 0.8


@dataclass(frozen=True)
class Room:
    """From ``start * width + left`` to ``end * width + right``; ``left`` and ``right`` in vh."""

    start: float
    left: float
    end: float
    right: float

    def is_clear_of(self, other: "Room") -> bool:
        return all(self._ends_before(other, w) for w in (NARROW, WIDE)) or all(
            other._ends_before(self, w) for w in (NARROW, WIDE)
        )

    def is_inside(self) -> bool:
        return all(self.start * w + self.left >= -0.01 and self.end * w + self.right <= w for w in (NARROW, WIDE))

    def _ends_before(self, other: "Room", width: float) -> bool:
        return self.end * width + self.right + CLEAR_VH <= other.start * width + other.left


@dataclass(frozen=True)
class Words:
    """Text at ``x``, ``dx`` em from it; ``anchor`` is start, middle or end."""

    text: str
    x: str
    dx: float
    anchor: str


def width_of(text: str) -> float:
    return text_width(text, size=TEXT_VH)


def words_at(text: str, at: float, dx_vh: float, anchor: str) -> tuple[Words, Room]:
    width = width_of(text)
    left = {"start": dx_vh, "middle": dx_vh - width / 2, "end": dx_vh - width}[anchor]
    return Words(text, percent(at), round(dx_vh / TEXT_VH, 3), anchor), Room(at, left, at, left + width)


def placed(tries: Sequence[tuple[Words, Room]], taken: list[Room]) -> Words | None:
    for words, room in tries:
        if room.is_inside() and all(room.is_clear_of(other) for other in taken):
            taken.append(room)
            return words
    return None


def line_of(today: float) -> Room:
    """Today's line, which runs through every lane and through no words."""
    slack = CLEAR_VH - TODAY_VH
    return Room(today, slack, today, -slack)


def words_beside(text: str, start: float, end: float) -> list[tuple[Words, Room]]:
    return [words_at(text, end, BESIDE_VH, "start"), words_at(text, start, -BESIDE_VH, "end")]
