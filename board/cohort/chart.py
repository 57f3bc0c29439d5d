"""Shares with their intervals as a picture: a mark and a line for each row that is told."""

from dataclasses import dataclass

from board.cohort.figures import Line

ROW_PX, TOP_PX = 26, 22


@dataclass(frozen=True)
class Whisker:
    name: str
    x: str
    low: str
    width: str
    y: int
    title: str


@dataclass(frozen=True)
class Forest:
    """None of it where n is too small for a curve."""

    rows: list[Whisker]
    height: int
    ticks: list[tuple[str, str]]


def forest(lines: list[Line]) -> Forest | None:
    told = [line for line in lines if not line.count.is_hidden and not line.count.is_small_n]
    if not told:
        return None
    rows = [_whisker(line, TOP_PX + n * ROW_PX + ROW_PX // 2) for n, line in enumerate(told)]
    ticks = [(f"{percent}%", f"{percent} %") for percent in (0, 25, 50, 75, 100)]
    return Forest(rows, TOP_PX + ROW_PX * len(rows) + 4, ticks)


def _whisker(line: Line, y: int) -> Whisker:
    low, high = line.count.interval or (0.0, 0.0)
    share = line.count.part / line.count.whole
    title = f"{line.name}: {line.count.text}, {line.count.share_text}"
    return Whisker(line.name, f"{100 * share:.2f}%", f"{100 * low:.2f}%", f"{100 * (high - low):.2f}%", y, title)
