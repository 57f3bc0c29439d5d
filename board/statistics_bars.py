"""The cases of each meeting as bars: what was decided, noted and put off, one row a meeting."""

from dataclasses import dataclass

from board.statistics import MeetingLine, Statistics

WIDTH, ROW, LEFT, RIGHT = 1000, 26, 110, 60
SHOWN = 20


@dataclass(frozen=True)
class Piece:
    x: float
    width: float
    css: str
    number: int


@dataclass(frozen=True)
class Bar:
    y: float
    text_y: float
    day: str
    pieces: list[Piece]
    end: float
    total: int


@dataclass(frozen=True)
class Bars:
    width: int
    height: int
    rows: list[Bar]
    more: int


def bars(found: Statistics) -> Bars:
    """The newest meetings, oldest first."""
    shown = found.lines[:SHOWN][::-1]
    most = max((line.cases for line in shown), default=0) or 1
    scale = (WIDTH - LEFT - RIGHT) / most
    rows = [_bar(line, n * ROW, scale) for n, line in enumerate(shown)]
    return Bars(WIDTH, ROW * len(rows) + 4, rows, len(found.lines) - len(shown))


def _bar(line: MeetingLine, y: float, scale: float) -> Bar:
    pieces, x = [], float(LEFT)
    for css, number in (("decided", line.decided), ("noted", line.noted), ("postponed", line.postponed)):
        if number:
            pieces.append(Piece(round(x, 1), round(number * scale, 1), css, number))
            x += number * scale
    return Bar(y + 4, y + 18, f"{line.meeting.starts_at:%Y-%m-%d}", pieces, round(x + 8, 1), line.cases)
