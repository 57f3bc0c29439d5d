"""Which lesions a change is measured on: up to five, at most two of one organ, 15 mm or more on both scans (4.2, D).

10 mm or more is tolerated and said. A matched lesion whose size is missing on one scan may be one of them: it stays
open as long as there is room for it.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from eligibility.domain.change_inputs import LesionPair
from eligibility.domain.lesions import SMALLEST_ASSESSABLE_MM

MOST, MOST_PER_ORGAN = 5, 2
WANTED_MM, TOLERATED_MM = Decimal(15), SMALLEST_ASSESSABLE_MM


@dataclass(frozen=True)
class IndexLesions:
    """``open``: matched lesions of unknown size that may be index lesions; ``tolerated``: labels of 10 to 15 mm."""

    chosen: tuple[LesionPair, ...]
    open: tuple[LesionPair, ...]
    tolerated: frozenset[str]

    @property
    def all_possible(self) -> tuple[LesionPair, ...]:
        return (*self.chosen, *self.open)


def choose(lesions: Sequence[LesionPair]) -> IndexLesions:
    """Lesions of 15 mm first, then targets, visceral ones, the largest on the first scan; ties by label."""
    matched = [lesion for lesion in lesions if lesion.is_matched]
    sized = sorted((lesion for lesion in matched if smallest(lesion) is not None), key=_order)
    chosen: list[LesionPair] = []
    for lesion in sized:
        if is_assessable(lesion) and _has_room(lesion, chosen):
            chosen.append(lesion)
    unsized = [lesion for lesion in matched if smallest(lesion) is None and not _is_known_small(lesion)]
    waiting = tuple(lesion for lesion in unsized if _has_room(lesion, chosen))
    tolerated = frozenset(x.label for x in chosen if (smallest(x) or WANTED_MM) < WANTED_MM)
    return IndexLesions(tuple(chosen), waiting, tolerated)


def smallest(lesion: LesionPair) -> Decimal | None:
    """The smaller of its two sizes in mm; None while one is unknown."""
    first, second = lesion.before.size_mm, lesion.after.size_mm
    return None if first is None or second is None else min(first, second)


def is_assessable(lesion: LesionPair) -> bool:
    size = smallest(lesion)
    return size is not None and size >= TOLERATED_MM


def _is_known_small(lesion: LesionPair) -> bool:
    sizes = [seen.size_mm for seen in (lesion.before, lesion.after) if seen.size_mm is not None]
    return any(size < TOLERATED_MM for size in sizes)


def _has_room(lesion: LesionPair, chosen: Sequence[LesionPair]) -> bool:
    return len(chosen) < MOST and Counter(x.organ for x in chosen)[lesion.organ] < MOST_PER_ORGAN


def _order(lesion: LesionPair) -> tuple[bool, bool, bool, Decimal, str]:
    size = lesion.before.size_mm or Decimal(0)
    is_small = (smallest(lesion) or Decimal(0)) < WANTED_MM
    return is_small, not lesion.is_target, not lesion.is_visceral, -size, lesion.label
