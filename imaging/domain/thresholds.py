"""Which voxels reach an uptake, decided on the scanner's integers.

A voxel reaches a threshold when its float32 SUV reads as that threshold or more. Per slice that is the same as its
stored integer reaching the smallest integer that does, so no float volume is made and no voxel is decided differently.
"""

from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imaging.domain.errors import MeasurementRefused
from imaging.domain.volume import Bounds, Volume

_WIDEST_BYTES = 4
_SMALL_BOX = 50_000  # voxels; below this a float copy of the box is quicker than a threshold per slice
_ALL = slice(None)


def checked(threshold_suv: float) -> np.float32:
    """The threshold in the precision of the image. Raises ``MeasurementRefused`` unless it is a positive number."""
    if not np.isfinite(threshold_suv) or threshold_suv <= 0:
        raise MeasurementRefused("threshold_invalid", found=threshold_suv)
    return np.float32(threshold_suv)


def is_integral(volume: Volume) -> bool:
    """True where integers can be compared in place of SUV: at most 32 bits, and no slope that falls."""
    stored = volume.stored.dtype
    return stored.kind in "iu" and stored.itemsize <= _WIDEST_BYTES and bool((volume.gains > 0).all())


def stored_thresholds(volume: Volume, threshold_suv: float, depth: slice = _ALL) -> NDArray[np.int64]:
    """Per slice of ``depth`` the smallest stored integer whose float32 SUV is at least ``threshold_suv``; one past
    the largest of the type where none is. The division is checked on both sides; where rounding moved it, bisection
    finds the integer, so float32 is met exactly."""
    threshold = checked(threshold_suv)
    gains, offsets = volume.gains[depth], volume.offsets[depth]
    limits = np.iinfo(volume.stored.dtype)

    def is_enough(stored: NDArray[Any]) -> NDArray[np.bool_]:
        return np.asarray((stored * gains + offsets).astype(np.float32) >= threshold)

    guess = np.clip(np.ceil((float(threshold) - offsets) / gains), limits.min, limits.max + 1)
    guess += np.where(is_enough(guess) | (guess > limits.max), 0, 1)
    guess -= np.where(is_enough(guess - 1) & (guess > limits.min), 1, 0)
    is_right = (is_enough(guess) | (guess > limits.max)) & (~is_enough(guess - 1) | (guess == limits.min))
    return guess.astype(np.int64) if is_right.all() else _bisected(is_enough, gains.shape, limits)


def _bisected(
    is_enough: Callable[[NDArray[Any]], NDArray[np.bool_]], shape: tuple[int, ...], limits: "np.iinfo[Any]"
) -> NDArray[np.int64]:
    too_low = np.full(shape, limits.min - 1, dtype=np.int64)
    enough = np.full(shape, limits.max + 1, dtype=np.int64)
    while (enough - too_low > 1).any():
        middle = (too_low + enough) // 2
        found = is_enough(middle)
        enough, too_low = np.where(found, middle, enough), np.where(found, too_low, middle)
    return enough


def in_stored_type(volume: Volume, first: NDArray[np.int64]) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """Thresholds in the stored type, and the slices that no integer of the type can reach."""
    largest = np.iinfo(volume.stored.dtype).max
    return np.minimum(first, largest).astype(volume.stored.dtype), first > largest


def reaches(volume: Volume, bounds: Bounds, threshold_suv: float) -> NDArray[np.bool_]:
    """Boolean [z, y, x] over a box: float32 SUV >= ``threshold_suv``."""
    if prod(bounds.shape) < _SMALL_BOX or not is_integral(volume):
        return np.asarray(volume.crop(bounds) >= checked(threshold_suv))
    depth = slice(bounds.start[0], bounds.stop[0])
    first, is_beyond = in_stored_type(volume, stored_thresholds(volume, threshold_suv, depth))
    hot: NDArray[np.bool_] = volume.stored[bounds.slices] >= first[:, None, None]
    hot[is_beyond] = False
    return hot


def highest(volume: Volume, bounds: Bounds, voxels: NDArray[np.bool_]) -> float:
    """Highest float32 SUV of the marked voxels of a box; not a number where none is marked or a value is none."""
    if not voxels.any():
        return float("nan")
    if not is_integral(volume):
        return float(volume.crop(bounds)[voxels].max())
    lowest = np.iinfo(volume.stored.dtype).min
    tops = volume.stored[bounds.slices].max(axis=(1, 2), where=voxels, initial=lowest).astype(np.float64)
    depth = slice(bounds.start[0], bounds.stop[0])
    suv = (tops * volume.gains[depth] + volume.offsets[depth]).astype(np.float32)
    return float(suv[voxels.any(axis=(1, 2))].max())
