"""A flat picture through a volume in any position, for display: values between voxel centres are interpolated.

Only the voxels beside the picture are read. No measurement uses these values.
"""

from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imaging.domain.geometry import FloatArray
from imaging.domain.voi import Mask
from imaging.domain.volume import Volume

_ON_CENTRE = 1e-6  # of a voxel


@dataclass(frozen=True, eq=False)
class Plane:
    """``origin``: LPS mm of the first pixel's centre; ``along_row``, ``along_column``: mm to the next pixel."""

    origin: FloatArray
    along_row: FloatArray
    along_column: FloatArray
    rows: int
    columns: int

    def indices(self, affine: FloatArray) -> list[FloatArray]:
        """Fractional voxel index along x, y, z of every pixel; [row, column], or less where it does not vary."""
        inverse = np.linalg.inv(affine[:3, :3])
        start, right, down = (inverse @ v for v in (self.origin - affine[:3, 3], self.along_row, self.along_column))
        across, below = np.arange(self.columns)[None, :], np.arange(self.rows)[:, None]
        result = []
        for axis in range(3):
            index = np.full((1, 1), start[axis])
            if abs(right[axis]) > 1e-12:
                index = index + across * right[axis]
            if abs(down[axis]) > 1e-12:
                index = index + below * down[axis]
            result.append(index)
        return result


def sample(volume: Volume, plane: Plane) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Values of ``volume`` at the pixels of ``plane``, float32 [row, column], and which pixels lie in the images."""
    shape = (plane.rows, plane.columns)
    total, inside = np.zeros(shape), np.ones(shape, bool)
    axes = []
    for index, count in zip(plane.indices(volume.affine), volume.shape[::-1], strict=True):
        inside &= (index >= -0.5) & (index <= count - 0.5)
        axes.append(_neighbours(index, count))
    for (i, of_i), (j, of_j), (k, of_k) in product(*axes):
        values = volume.stored[k, j, i] * volume.gains[k]
        if volume.has_offsets:
            values = values + volume.offsets[k]
        total += values * (of_i * of_j * of_k)
    total[~inside] = 0
    return total.astype(np.float32), inside


def contains(mask: Mask, affine: FloatArray, plane: Plane) -> NDArray[np.bool_]:
    """Which pixels of ``plane`` lie in a voxel of ``mask``, a region of the volume with that ``affine``."""
    x, y, z = (np.floor(index + 0.5).astype(np.intp) for index in plane.indices(affine))
    start, stop = mask.bounds.start, mask.bounds.stop
    local = [np.clip(at - a, 0, b - a - 1) for at, a, b in zip((z, y, x), start, stop, strict=True)]
    inside = np.ones((plane.rows, plane.columns), bool)
    for at, a, b in zip((z, y, x), start, stop, strict=True):
        inside &= (at >= a) & (at < b)
    inside &= mask.voxels[local[0], local[1], local[2]]
    return inside


def _neighbours(index: FloatArray, count: int) -> list[tuple[NDArray[np.intp], Any]]:
    """The voxel before and the voxel after, with their weights; one voxel where all pixels lie on its centre."""
    held = np.clip(index, 0, count - 1)
    nearest = np.rint(held)
    if np.abs(held - nearest).max() < _ON_CENTRE:
        return [(nearest.astype(np.intp), 1.0)]
    before = np.minimum(np.floor(held), max(count - 2, 0))
    share = held - before
    first = before.astype(np.intp)
    return [(first, 1 - share), (np.minimum(first + 1, count - 1), share)]
