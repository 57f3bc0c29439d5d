"""A few counts over time as a small line: positions in a box, oldest left. The words beside it carry the numbers.

Time is drawn to scale, so that two values of one week do not look like two of one year. Without a spread the line
runs through the middle; a single value is one dot.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

WIDTH, HEIGHT, EDGE = 96.0, 22.0, 3.0


@dataclass(frozen=True)
class Spark:
    """``points``: x and y in px, for an SVG of WIDTH x HEIGHT."""

    points: tuple[tuple[float, float], ...]

    @property
    def path(self) -> str:
        return " ".join(f"{x:g},{y:g}" for x, y in self.points)

    @property
    def last(self) -> tuple[float, float]:
        return self.points[-1]


def sparkline(values: Sequence[tuple[dt.date, Decimal]]) -> Spark | None:
    """None without values. Values of one day stand above each other."""
    if not values:
        return None
    ordered = sorted(values)
    days = [float((day - ordered[0][0]).days) for day, _ in ordered]
    numbers = [float(number) for _, number in ordered]
    xs = _scaled(days, EDGE, WIDTH - EDGE, middle=WIDTH - EDGE)
    ys = _scaled(numbers, HEIGHT - EDGE, EDGE, middle=HEIGHT / 2)
    return Spark(tuple(zip(xs, ys, strict=True)))


def _scaled(values: list[float], begin: float, end: float, *, middle: float) -> list[float]:
    low, high = min(values), max(values)
    if high == low:
        return [middle] * len(values)
    return [round(begin + (value - low) / (high - low) * (end - begin), 1) for value in values]
