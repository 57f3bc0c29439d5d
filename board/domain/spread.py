"""A handful of numbers in words: the middle, the ends, and how many there are."""

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median

from board.domain.adherence import SMALL_N


@dataclass(frozen=True)
class Spread:
    """``missing``: cases without a number; they are in none of the others."""

    number: int
    middle: float | None
    low: float | None
    high: float | None
    missing: int

    @property
    def is_small(self) -> bool:
        return 0 < self.number < SMALL_N


def spread(values: Iterable[float | None]) -> Spread:
    found = list(values)
    known = [value for value in found if value is not None]
    if not known:
        return Spread(0, None, None, None, len(found))
    return Spread(len(known), median(known), min(known), max(known), len(found) - len(known))
