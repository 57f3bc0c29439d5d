"""Changing an outline: merge, subtract, dilate, erode, split. Every function returns new masks.

All masks of one call lie in the same volume. Distances are in mm between voxel centres along the axes of the grid,
which are taken to be at right angles (as ``geometry.stack`` checks).
"""

import numpy as np
from numpy.typing import NDArray

from imaging.domain.errors import MeasurementRefused
from imaging.domain.voi import Mask
from imaging.domain.volume import Bounds, Index, Volume

METHOD_VERSION = "regions/1.0"


def merge(*masks: Mask) -> Mask:
    """The voxels of any of the masks. Raises ``MeasurementRefused`` if there are none."""
    if not masks:
        raise MeasurementRefused("voi_empty")
    bounds = around(*(mask.bounds for mask in masks))
    voxels = np.zeros(bounds.shape, dtype=bool)
    for mask in masks:
        voxels |= mask.over(bounds)
    return Mask(bounds, voxels, any(mask.is_clipped for mask in masks)).trimmed()


def subtract(mask: Mask, other: Mask) -> Mask:
    """The voxels of ``mask`` that are not in ``other``. Raises ``MeasurementRefused`` if none are left."""
    return Mask(mask.bounds, mask.voxels & ~other.over(mask.bounds), mask.is_clipped).trimmed()


def dilate(volume: Volume, mask: Mask, by_mm: float) -> Mask:
    """Every voxel whose centre lies within ``by_mm`` of a voxel of ``mask``, cut at the edge of the images."""
    reach = _reach(volume, by_mm)
    low = [a - r for a, r in zip(mask.bounds.start, reach, strict=True)]
    high = [b + r for b, r in zip(mask.bounds.stop, reach, strict=True)]
    bounds = _box([max(0, a) for a in low], [min(b, n) for b, n in zip(high, volume.shape, strict=True)])
    voxels = _distance(~mask.over(bounds), volume) <= by_mm * (1 + 1e-9)
    grown = Mask(bounds, voxels).trimmed()
    is_cut = _needs_more(mask, reach, volume)
    return Mask(grown.bounds, grown.voxels, mask.is_clipped or is_cut)


def erode(volume: Volume, mask: Mask, by_mm: float) -> Mask:
    """The voxels of ``mask`` farther than ``by_mm`` from every voxel outside it; beyond the images counts as outside.

    Raises ``MeasurementRefused`` if none are left.
    """
    _reach(volume, by_mm)
    inside = np.pad(mask.voxels, 1)
    left = _distance(inside, volume)[1:-1, 1:-1, 1:-1] > by_mm * (1 + 1e-9)
    return Mask(mask.bounds, left, mask.is_clipped).trimmed()


def split_by_seeds(volume: Volume, mask: Mask, first: Index, second: Index) -> tuple[Mask, Mask]:
    """Two parts, one around each seed (z, y, x): what the seeds hold just above the highest SUV at which they fall
    apart, and each voxel below that to the nearer of the two. Seeds that never fall apart share by nearness alone.

    Raises ``MeasurementRefused`` where a seed lies outside ``mask`` or both are one voxel.
    """
    seeds = [tuple(i - a for i, a in zip(seed, mask.bounds.start, strict=True)) for seed in (first, second)]
    for at in seeds:
        if any(i < 0 or i >= n for i, n in zip(at, mask.voxels.shape, strict=True)) or not mask.voxels[at]:
            raise MeasurementRefused("seed_outside_region")
    if seeds[0] == seeds[1]:
        raise MeasurementRefused("seeds_are_one")
    parts = _parts_above_saddle(volume.crop(mask.bounds), mask.voxels, seeds)
    owner = share_by_nearness(mask.voxels, parts, spacing_zyx(volume))
    return _both(mask, owner == 1)


def share_by_nearness(
    voxels: NDArray[np.bool_], markers: NDArray[np.int32], spacing: tuple[float, float, float]
) -> NDArray[np.int32]:
    """Each of ``voxels`` takes the marker (1, 2, ..) of the nearest marked voxel, in mm; 0 elsewhere."""
    from scipy import ndimage

    places = ndimage.distance_transform_edt(markers == 0, sampling=spacing, return_distances=False, return_indices=True)
    owner: NDArray[np.int32] = np.where(voxels, markers[tuple(places)], 0).astype(np.int32)
    return owner


def around(*boxes: Bounds) -> Bounds:
    """The smallest box that holds all of them."""
    start = [min(box.start[axis] for box in boxes) for axis in range(3)]
    return _box(start, [max(box.stop[axis] for box in boxes) for axis in range(3)])


def spacing_zyx(volume: Volume) -> tuple[float, float, float]:
    """mm between slices, rows and columns: the order of the arrays."""
    x, y, z = volume.spacing
    return z, y, x


def _parts_above_saddle(
    suv: NDArray[np.float32], voxels: NDArray[np.bool_], seeds: list[tuple[int, ...]]
) -> NDArray[np.int32]:
    """Markers 1 and 2: the components of the two seeds at the lowest level that separates them."""
    levels = np.unique(suv[voxels & (suv <= min(suv[at] for at in seeds))])
    low, high = 0, len(levels)  # at levels[low - 1] they are joined, at levels[high] apart (or a seed is gone)
    while low < high:
        middle = (low + high) // 2
        labels = _labelled(voxels & (suv >= levels[middle]))
        low, high = (middle + 1, high) if labels[seeds[0]] == labels[seeds[1]] else (low, middle)
    markers = np.zeros(voxels.shape, dtype=np.int32)
    if low < len(levels):
        labels = _labelled(voxels & (suv >= levels[low]))
        markers[labels == labels[seeds[0]]], markers[labels == labels[seeds[1]]] = 1, 2
    else:
        markers[seeds[0]], markers[seeds[1]] = 1, 2
    return markers


def _labelled(voxels: NDArray[np.bool_]) -> NDArray[np.int32]:
    from scipy import ndimage

    return np.asarray(ndimage.label(voxels, structure=np.ones((3, 3, 3), dtype=int))[0])


def _both(mask: Mask, is_first: NDArray[np.bool_]) -> tuple[Mask, Mask]:
    sides = (mask.voxels & is_first, mask.voxels & ~is_first)
    if not all(side.any() for side in sides):
        raise MeasurementRefused("split_leaves_nothing")
    first, second = (Mask(mask.bounds, side, mask.is_clipped).trimmed() for side in sides)
    return first, second


def _distance(background: NDArray[np.bool_], volume: Volume) -> NDArray[np.float64]:
    from scipy import ndimage

    return np.asarray(ndimage.distance_transform_edt(background, sampling=spacing_zyx(volume)))


def _reach(volume: Volume, by_mm: float) -> list[int]:
    if not np.isfinite(by_mm) or by_mm <= 0:
        raise MeasurementRefused("radius_invalid")
    return [int(np.floor(by_mm / s + 1e-9)) for s in spacing_zyx(volume)]


def _needs_more(mask: Mask, reach: list[int], volume: Volume) -> bool:
    held = mask.trimmed().bounds
    before = any(a - r < 0 for a, r in zip(held.start, reach, strict=True))
    return before or any(b + r > n for b, r, n in zip(held.stop, reach, volume.shape, strict=True))


def _box(start: list[int], stop: list[int]) -> Bounds:
    return Bounds((start[0], start[1], start[2]), (stop[0], stop[1], stop[2]))
