"""Sums over lesions of which some are unknown: shares as intervals, and voxels that two outlines share."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isclose

import numpy as np
from numpy.typing import NDArray

from imaging.domain.lesion_uptake import LesionUptake
from imaging.domain.voi import Mask


@dataclass(frozen=True)
class Item:
    """``is_above``: None where open; ``is_sure``: False where the lesion may not count; ``weight``: None if unknown."""

    is_above: bool | None
    is_sure: bool
    weight: float | None


@dataclass(frozen=True)
class Overlap:
    """``twice_ml``: by label, what earlier lesions have counted already; ``is_checked``: every outline was compared."""

    is_checked: bool
    twice_ml: dict[str, float]

    @property
    def total_ml(self) -> float:
        return sum(self.twice_ml.values())


def share_above(items: Sequence[Item]) -> tuple[float, float]:
    """The least and the greatest share of the weight that can be above, whatever the unknown turns out to be.

    An open relation falls either way; a lesion that may not count is in or out; an unknown weight is any positive
    number. ``items`` must not be empty.
    """
    surely = [i.weight for i in items if i.is_above is True and i.is_sure]
    others = [i.weight for i in items if i.is_above is not True]
    low = 0.0 if None in others else _share(surely, others, of_nothing=0.0) if others else 1.0
    maybe = [i.weight for i in items if i.is_above is not False]
    surely_not = [i.weight for i in items if i.is_above is False and i.is_sure]
    high = 1.0 if None in maybe else _share(maybe, surely_not, of_nothing=1.0) if maybe else 0.0
    return low, high


def _share(part: Sequence[float | None], rest: Sequence[float | None], *, of_nothing: float) -> float:
    """An unknown weight is taken as nothing: the callers ask for the end at which it is."""
    known = sum(weight for weight in part if weight is not None)
    total = known + sum(weight for weight in rest if weight is not None)
    return known / total if total > 0 else of_nothing


def overlap(lesions: Sequence[LesionUptake]) -> Overlap:
    """Voxels in more than one outline, counted for the first lesion only; in the order given.

    Not checked where a lesion with a volume has no mask, or the masks do not share one voxel size.
    """
    measured = [lesion for lesion in lesions if lesion.volume_ml]
    masks = [lesion.mask for lesion in measured if lesion.mask is not None]
    sizes = [
        lesion.volume_ml / int(lesion.mask.voxels.sum()) for lesion in measured if lesion.mask and lesion.volume_ml
    ]
    is_checked = len(masks) == len(measured) and all(isclose(size, sizes[0], rel_tol=1e-6) for size in sizes)
    if not is_checked:
        return Overlap(len(measured) < 2, {})
    twice = {}
    for n, lesion in enumerate(measured):
        count = int(_counted_before(masks[n], masks[:n]).sum())
        if count:
            twice[lesion.label] = count * sizes[n]
    return Overlap(True, twice)


def _counted_before(mask: Mask, earlier: Sequence[Mask]) -> NDArray[np.bool_]:
    counted = np.zeros(mask.voxels.shape, dtype=np.bool_)
    for other in earlier:
        low = np.maximum(mask.bounds.start, other.bounds.start)
        high = np.minimum(mask.bounds.stop, other.bounds.stop)
        if (high <= low).any():
            continue
        here = tuple(slice(a - s, b - s) for a, b, s in zip(low, high, mask.bounds.start, strict=True))
        there = tuple(slice(a - s, b - s) for a, b, s in zip(low, high, other.bounds.start, strict=True))
        counted[here] |= mask.voxels[here] & other.voxels[there]
    return counted
