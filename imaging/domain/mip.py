"""Maximum-intensity projections as the clinic shows them: head up, patient's right on the left of the front view."""

from dataclasses import dataclass
from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imaging.domain.body_columns import FLOOR_SUV, BodyColumns, body_columns
from imaging.domain.errors import MeasurementRefused
from imaging.domain.field_of_view import FieldOfView, body_axes, require_axial
from imaging.domain.geometry import FloatArray
from imaging.domain.projections import Grid, full_turn, half_turn
from imaging.domain.scratch import Scratch
from imaging.domain.suv_code import SUV_MAX, SqrtCode
from imaging.domain.volume import Volume

METHOD_VERSION = "rotating-mip/1.0"

FRAMES = 36
EXTENT_SUV = 0.3  # local convention: below fat and muscle of SSTR and FDG scans, above the noise of air
MARGIN_MM = 10.0  # local convention: air around the body


@dataclass(frozen=True, eq=False)
class RotatingMip:
    """``frames`` uint8 [frame, row, column] coded by ``code``; ``row_mm``, ``column_mm`` per pixel.

    Frame k is seen from ``360 k / frames`` degrees: 0 from the front, 90 from the patient's left, 180 from behind.
    ``is_cut``: something above ``EXTENT_SUV`` lies outside the given field of view.
    """

    frames: NDArray[np.uint8]
    code: SqrtCode
    row_mm: float
    column_mm: float
    field_of_view: FieldOfView
    is_cut: bool

    def parameters(self) -> dict[str, Any]:
        return {
            "method": METHOD_VERSION,
            "floor_suv": FLOOR_SUV,
            "extent_suv": EXTENT_SUV,
            "field_of_view": self.field_of_view.parameters(),
            "is_cut": self.is_cut,
            **self.code.parameters(),
        }


def rotating_mip(
    volume: Volume,
    frames: int = FRAMES,
    suv_max: float = SUV_MAX,
    field_of_view: FieldOfView | None = None,
    *,
    scratch: Scratch | None = None,
) -> RotatingMip:
    """``frames`` parallel projections over a full turn about the long axis of the body, coded 0 to ``suv_max``.

    Each pixel is the code of one true voxel, its position rounded to the nearest pixel: no interpolation lowers a
    maximum. Half of the frames are computed, the others mirror them. Voxels of columns that nowhere exceed
    ``FLOOR_SUV`` count as zero. ``field_of_view``: by default around the body. Raises ``MeasurementRefused`` for slices
    that are not axial and for an odd number of frames.
    """
    if frames < 2 or frames % 2:
        raise MeasurementRefused("frame_count_invalid", found=frames)
    upward = require_axial(volume)
    code, memory = SqrtCode(suv_max), scratch or Scratch()
    columns = body_columns(volume, code, memory)
    grid = Grid.of(volume)
    view = field_of_view or _around(columns, grid, code)
    pixels = half_turn(columns, grid, view, frames // 2, memory)
    half = pixels if upward < 0 else pixels[:, :, ::-1]
    return RotatingMip(
        frames=full_turn(half, grid, view, frames),
        code=code,
        row_mm=grid.slice_mm,
        column_mm=grid.column_mm,
        field_of_view=view,
        is_cut=field_of_view is not None and _is_cut(columns, grid, view, code),
    )


def around_body(volume: Volume, *, scratch: Scratch | None = None) -> FieldOfView:
    """The field of view that ``rotating_mip`` takes by default. Raises ``MeasurementRefused``."""
    require_axial(volume)
    code = SqrtCode()
    return _around(body_columns(volume, code, scratch or Scratch()), Grid.of(volume), code)


def _around(columns: BodyColumns, grid: Grid, code: SqrtCode) -> FieldOfView:
    """As wide as the body at its widest angle, about the middle of its outline; on the pixels of the front view."""
    used = _extent(columns, code)
    if not used.size:
        return FieldOfView(0.0, 0.0, grid.column_mm, grid.column_mm, grid.bottom_mm, grid.top_mm)
    middle = (used.min(axis=0) + used.max(axis=0)) / 2
    x = used[0, 0] + grid.column_mm * round((middle[0] - used[0, 0]) / grid.column_mm)
    radius = float(np.hypot(*(used - (x, middle[1])).T).max()) + MARGIN_MM
    width = (2 * ceil(radius / grid.column_mm) + 1) * grid.column_mm
    depth = float(np.ptp(used[:, 1])) + float(np.hypot(*grid.deep_mm)) + 2 * MARGIN_MM
    return FieldOfView(float(x), float(middle[1]), width, min(depth, width), grid.bottom_mm, grid.top_mm)


def _extent(columns: BodyColumns, code: SqrtCode) -> FloatArray:
    hottest = columns.codes.max(axis=1) if columns.codes.size else np.empty(0)
    return columns.xy_mm[hottest >= code.encode(np.array([EXTENT_SUV]))]


def _is_cut(columns: BodyColumns, grid: Grid, view: FieldOfView, code: SqrtCode) -> bool:
    radius = np.hypot(*(_extent(columns, code) - (view.x_mm, view.y_mm)).T)
    is_wide = bool((radius > (grid.pixels_aside(view) + 0.5) * grid.column_mm).any())
    half = grid.slice_mm / 2
    return is_wide or view.top_mm < grid.top_mm - half or view.bottom_mm > grid.bottom_mm + half


def coronal_mip(volume: Volume, suv_max: float) -> NDArray[np.uint8]:
    """Grey levels [row, column], 0 at SUV 0 and 255 at ``suv_max`` and above.

    The projection runs along the array axis closest to front-back; pixels have the volume's own spacing.
    """
    axes = body_axes(volume.affine)
    front_back, up = axes["P"][0], axes["S"]
    projected = _project(volume, front_back)
    left = axes["L"]
    if up[0] > left[0]:
        projected = projected.T
    if up[1] > 0:
        projected = projected[::-1]
    if left[1] < 0:
        projected = projected[:, ::-1]
    return np.ascontiguousarray(np.clip(projected * (255 / suv_max), 0, 255).astype(np.uint8))


def pixel_spacing(volume: Volume) -> tuple[float, float]:
    """mm between the rows and between the columns of ``coronal_mip``."""
    axes = body_axes(volume.affine)
    return volume.spacing[2 - axes["S"][0]], volume.spacing[2 - axes["L"][0]]


def _project(volume: Volume, axis: int) -> NDArray[np.float32]:
    if axis == 0:
        result = volume.slice_suv(0)
        for k in range(1, volume.shape[0]):
            np.maximum(result, volume.slice_suv(k), out=result)
        return result
    return np.stack([volume.slice_suv(k).max(axis=axis - 1) for k in range(volume.shape[0])])
