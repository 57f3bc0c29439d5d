"""A region on the grid of a compact volume: the same voxels with axes swapped and turned, never resampled."""

import numpy as np

from imaging.domain.errors import MeasurementRefused
from imaging.domain.geometry import FloatArray
from imaging.domain.voi import Mask
from imaging.domain.volume import Bounds, Index

_OFF_GRID = 1e-2  # of a voxel: affines travel rounded to 1e-6 mm


def onto(mask: Mask, affine: FloatArray, grid_affine: FloatArray, grid_shape: Index) -> Mask:
    """``mask`` of the volume with ``affine`` on a grid cut out of that volume; what was cut away is left out.

    Raises ``MeasurementRefused`` where the voxels of the two are not the same ones, or none is left.
    """
    turn, shift = _steps(affine, grid_affine)
    order = [int(np.flatnonzero(row)[0]) for row in turn]
    voxels = mask.voxels.transpose(order)
    start = [0, 0, 0]
    for axis, source in enumerate(order):
        if turn[axis, source] < 0:
            voxels = np.flip(voxels, axis)
            start[axis] = int(shift[axis]) - (mask.bounds.stop[source] - 1)
        else:
            start[axis] = int(shift[axis]) + mask.bounds.start[source]
    return _cut(Mask(_box(start, voxels.shape), voxels, mask.is_clipped), grid_shape)


def _steps(affine: FloatArray, grid_affine: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Index (z, y, x) of the grid = turn @ index of the volume + shift, both whole numbers."""
    between = np.linalg.inv(grid_affine) @ affine
    turn, shift = between[:3, :3][::-1, ::-1], between[:3, 3][::-1]
    whole_turn, whole_shift = np.rint(turn), np.rint(shift)
    is_permutation = bool((np.abs(whole_turn).sum(axis=0) == 1).all() and (np.abs(whole_turn).sum(axis=1) == 1).all())
    is_off = np.abs(turn - whole_turn).max() > _OFF_GRID or np.abs(shift - whole_shift).max() > _OFF_GRID
    if is_off or not is_permutation:
        raise MeasurementRefused("outline_grid_differs")
    return whole_turn, whole_shift


def _cut(mask: Mask, shape: Index) -> Mask:
    everything = Bounds((0, 0, 0), shape)
    low = [max(0, a) for a in mask.bounds.start]
    high = [min(n, b) for n, b in zip(everything.stop, mask.bounds.stop, strict=True)]
    if any(a >= b for a, b in zip(low, high, strict=True)):
        raise MeasurementRefused("voi_outside_volume")
    bounds = Bounds((low[0], low[1], low[2]), (high[0], high[1], high[2]))
    return Mask(bounds, mask.over(bounds), mask.is_clipped).trimmed()


def _box(start: list[int], shape: tuple[int, ...]) -> Bounds:
    stop = [a + n for a, n in zip(start, shape, strict=True)]
    return Bounds((start[0], start[1], start[2]), (stop[0], stop[1], stop[2]))
