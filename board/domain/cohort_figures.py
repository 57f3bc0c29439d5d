"""Figures of a cohort: a share with its 95 % interval, and which figures may be shown without telling a small cell.

Interval: Wilson's score interval (Wilson, J Am Stat Assoc 1927;22:209-212), without continuity correction; checked
against the examples of Newcombe, Stat Med 1998;17:857-872, table I, method 3.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist

Z = NormalDist().inv_cdf(0.975)
SMALL_N = 10
MOST_SETS = 2000


def wilson(part: int, whole: int) -> tuple[float, float] | None:
    """Lower and upper limit as fractions; None where there is nothing to take a share of."""
    if not 0 <= part <= whole:
        raise ValueError(f"{part} of {whole} is no share")
    if whole == 0:
        return None
    p, z2 = part / whole, Z * Z
    middle = p + z2 / (2 * whole)
    spread = Z * sqrt(p * (1 - p) / whole + z2 / (4 * whole * whole))
    scale = 1 + z2 / whole
    # The limits of none and of all are exact, whatever the arithmetic leaves behind the 16th digit.
    low = 0.0 if part == 0 else (middle - spread) / scale
    high = 1.0 if part == whole else (middle + spread) / scale
    return low, high


@dataclass(frozen=True)
class Count:
    """``part`` of ``whole``, or neither where it is ``hidden``."""

    key: str
    part: int
    whole: int
    is_hidden: bool = False

    @property
    def is_small_n(self) -> bool:
        return self.whole < SMALL_N

    @property
    def interval(self) -> tuple[float, float] | None:
        return None if self.is_hidden else wilson(self.part, self.whole)

    @property
    def text(self) -> str:
        return "hidden" if self.is_hidden else f"{self.part} of {self.whole}"

    @property
    def share_text(self) -> str:
        """ "16 % (95 % CI 7 to 30)"; "" where it is hidden or there is nothing to take a share of."""
        if self.is_hidden or not self.whole:
            return ""
        low, high = wilson(self.part, self.whole) or (0.0, 0.0)
        return f"{100 * self.part / self.whole:.0f} % (95 % CI {100 * low:.0f} to {100 * high:.0f})"


def counts(rows: Mapping[str, Collection[int]], whole: int, *, smallest: int, shows_all: bool = False) -> list[Count]:
    """Rows of members of 0 .. ``whole`` - 1, in the order of their importance: an earlier one is shown first.

    A row is hidden where it, or anything that follows from it and the rows shown before by adding and subtracting, is
    a cell of 1 to ``smallest`` - 1 people.
    """
    if shows_all:
        return [Count(key, len(members), whole) for key, members in rows.items()]
    everybody = (1 << whole) - 1
    told = None if 0 < whole < smallest else {0, everybody}
    found = []
    for key, members in rows.items():
        grown = None if told is None else _grown(told, sum(1 << one for one in set(members)), smallest)
        told = told if grown is None else grown
        found.append(Count(key, len(members), whole, is_hidden=grown is None))
    return found


def _grown(told: set[int], row: int, smallest: int) -> set[int] | None:
    """``told`` (sets as bits, with all that follows from them) and what can be worked out beside ``row``.

    None as soon as something of it is small, or there is more of it than can be looked through.
    """
    found, waiting = set(told), {row} - told
    if 0 < row.bit_count() < smallest:
        return None
    while waiting:
        one = waiting.pop()
        found.add(one)
        for other in found:
            new = _follows(one, other)
            if new in found or new in waiting:
                continue
            if new.bit_count() < smallest or len(found) + len(waiting) > MOST_SETS:
                return None
            waiting.add(new)
    return found


def _follows(one: int, other: int) -> int:
    """The union of two that share nobody, the difference of one inside the other; of two that cross nothing, 0."""
    shared = one & other
    if shared == 0:
        return one | other
    if shared == other:
        return one ^ other
    return other ^ one if shared == one else 0


def parts(cells: Sequence[tuple[str, int]], *, smallest: int, shows_all: bool = False) -> dict[str, int | None]:
    """Cells that add up to a number that is told: None for a hidden one. Never a single small one to subtract."""
    if shows_all:
        return dict(cells)
    hidden = {key for key, number in cells if 0 < number < smallest}
    left = sorted((number, key) for key, number in cells if number and key not in hidden)
    while hidden and left and (len(hidden) < 2 or sum(n for key, n in cells if key in hidden) < smallest):
        hidden.add(left.pop(0)[1])
    return {key: None if key in hidden else number for key, number in cells}
