"""Parallel projections of upright columns: geometry, and the maximum per pixel at each angle."""

from dataclasses import dataclass
from itertools import pairwise
from math import ceil, cos, pi, sin

import numpy as np
from numpy.typing import NDArray

from imaging.domain.body_columns import BodyColumns
from imaging.domain.field_of_view import FieldOfView, body_axes
from imaging.domain.geometry import FloatArray
from imaging.domain.scratch import Scratch
from imaging.domain.volume import Volume

_TIE = 1e-6  # of a pixel: columns midway between two pixels all go the same way


@dataclass(frozen=True)
class Grid:
    """``column_mm``: of a pixel, which is the voxel size left-right; ``deep_mm``: vector to the next voxel in depth."""

    column_mm: float
    slice_mm: float
    deep_mm: FloatArray
    bottom_mm: float
    top_mm: float

    @classmethod
    def of(cls, volume: Volume) -> "Grid":
        across = 2 - body_axes(volume.affine)["L"][0]
        ends = volume.affine[2, 3] + volume.affine[2, 2] * np.array([0, volume.shape[0] - 1])
        half = volume.spacing[2] / 2
        deep = volume.affine[:2, 1 - across]
        return cls(volume.spacing[across], volume.spacing[2], deep, float(ends.min() - half), float(ends.max() + half))

    def pixels_aside(self, view: FieldOfView) -> int:
        """Pixels on either side of the middle one."""
        return max(0, int((view.width_mm / self.column_mm - 1) / 2 + _TIE))


def half_turn(columns: BodyColumns, grid: Grid, view: FieldOfView, count: int, memory: Scratch) -> NDArray[np.uint8]:
    """``count`` frames over half a turn, uint8 [frame, across, slice]."""
    aside = grid.pixels_aside(view)
    depth = columns.codes.shape[1]
    result = memory.array("projections", (count, 2 * aside + 3, depth), np.uint8)
    result.fill(0)
    x, y, which = _points(columns, grid, view)
    for k in range(count):
        angle = pi * k / count
        across = (x * cos(angle) + y * sin(angle)) / grid.column_mm
        # One pixel more on either side takes what lies outside.
        pixel = np.clip(np.floor(across + aside + 1.5 + _TIE), 0, 2 * aside + 2).astype(np.int16)
        _max_per_pixel(columns.codes, which, pixel, result[k], memory)
    return result[:, 1:-1]


def _points(columns: BodyColumns, grid: Grid, view: FieldOfView) -> tuple[FloatArray, FloatArray, NDArray[np.intp]]:
    """Where columns lie from the middle (mm), and which column each point is.

    A voxel deeper than a pixel is wide stands for several points, or a side view would have holes.
    """
    away = columns.xy_mm - (view.x_mm, view.y_mm)
    which = np.arange(len(away))
    parts = ceil(float(np.hypot(*grid.deep_mm)) / grid.column_mm - _TIE)
    if parts > 1:
        steps = (np.arange(parts) - (parts - 1) / 2) / parts
        away = (away + steps[:, None, None] * grid.deep_mm).reshape(-1, 2)
        which = np.tile(which, parts)
    return away[:, 0], away[:, 1], which


def _max_per_pixel(
    codes: NDArray[np.uint8], which: NDArray[np.intp], pixel: NDArray[np.int16], out: NDArray[np.uint8], memory: Scratch
) -> None:
    if not pixel.size:
        return
    order = np.argsort(pixel, kind="stable")
    pixel = pixel[order]
    grouped = memory.array("grouped", (order.size, codes.shape[1]), np.uint8)
    np.take(codes, which[order], axis=0, out=grouped, mode="clip")
    changes = np.flatnonzero(pixel[1:] != pixel[:-1]) + 1
    for first, last in pairwise([0, *changes.tolist(), order.size]):
        np.maximum.reduce(grouped[first:last], axis=0, out=out[pixel[first]])


def full_turn(half: NDArray[np.uint8], grid: Grid, view: FieldOfView, frames: int) -> NDArray[np.uint8]:
    """From [frame, across, from the head down] of half a turn to rows of all frames, on the height of the view."""
    count, width, depth = half.shape
    rows = max(1, round(view.height_mm / grid.slice_mm))
    above = round((view.top_mm - grid.top_mm) / grid.slice_mm)
    first, last = max(0, above), min(rows, above + depth)
    result = np.zeros((frames, rows, width), np.uint8)
    if first < last:
        for k in range(count):
            result[k, first:last] = half[k, :, first - above : last - above].T
            result[k + count, first:last] = result[k, first:last, ::-1]
    return result
