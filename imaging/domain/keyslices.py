"""Axial and coronal pictures through one position: PET, CT, and PET over CT, all in one field of view.

PET and CT keep their own grids; both are interpolated at the same points in mm. Patient's right is on the left of
the picture; axial seen from the feet, coronal from the front. For looking at only: no number is taken from a picture.
"""

from dataclasses import dataclass
from math import ceil
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from imaging.domain.errors import MeasurementRefused
from imaging.domain.field_of_view import FieldOfView
from imaging.domain.fusion import CT_WINDOW, FUSED_OPACITY, FUSED_RISE, PET_WINDOW, Kind, pictures
from imaging.domain.geometry import FloatArray, lps_to_index
from imaging.domain.marks import draw_crosshair, draw_outline
from imaging.domain.reslice import Plane, contains
from imaging.domain.voi import Mask
from imaging.domain.volume import Volume

METHOD_VERSION = "key-slices/1.0"

PlaneName = Literal["axial", "coronal"]

PIXEL_MM = 1.5


@dataclass(frozen=True, eq=False)
class KeySlice:
    """``rgb`` uint8 [row, column, 3]; ``mm_per_pixel`` both ways; ``position_mm``: z if axial, y if coronal (LPS)."""

    plane: PlaneName
    kind: Kind
    rgb: NDArray[np.uint8]
    mm_per_pixel: float
    position_mm: float
    window: tuple[float, float]


@dataclass(frozen=True)
class KeySlices:
    """``slices``: per plane PET, and CT and fused where a CT covers the position; else ``without_ct`` says why not."""

    slices: tuple[KeySlice, ...]
    parameters: dict[str, Any]
    without_ct: str = ""


def key_slices(
    pet: Volume,
    ct: Volume | None,
    point_lps: ArrayLike,
    *,
    field_of_view: FieldOfView,
    outline: Mask | None = None,
    has_crosshair: bool = True,
    pet_window: tuple[float, float] = PET_WINDOW,
    fused_palette: str = "even_heat",
    pixel_mm: float = PIXEL_MM,
) -> KeySlices:
    """Pictures through ``point_lps`` (mm), such as a lesion's hottest voxel. ``outline``: a region on the PET grid.

    Raises ``MeasurementRefused`` if the point lies outside the PET, or if PET and CT name two frames of reference.
    """
    point = np.asarray(point_lps, dtype=np.float64)
    if not _covers(pet, point):
        raise MeasurementRefused("point_outside_images")
    without_ct = _why_no_ct(pet, ct, point)
    used_ct = None if without_ct else ct
    made: list[KeySlice] = []
    names: tuple[PlaneName, PlaneName] = ("axial", "coronal")
    for name in names:
        plane = _plane(name, point, field_of_view, pixel_mm)
        position = float(point[2 if name == "axial" else 1])
        for kind, rgb in pictures(pet, used_ct, plane, pet_window, fused_palette).items():
            if outline is not None:
                draw_outline(rgb, contains(outline, pet.affine, plane))
            if has_crosshair:
                draw_crosshair(rgb, _pixel(plane, point), is_light=kind == "pet")
            window = CT_WINDOW if kind == "ct" else pet_window
            made.append(KeySlice(name, kind, rgb, pixel_mm, position, window))
    return KeySlices(tuple(made), _parameters(point, field_of_view, pet_window, fused_palette, pixel_mm), without_ct)


def _why_no_ct(pet: Volume, ct: Volume | None, point: FloatArray) -> str:
    if ct is None:
        return "no_ct"
    frames = {pet.frame_of_reference_uid, ct.frame_of_reference_uid} - {""}
    if len(frames) > 1:
        raise MeasurementRefused("pet_ct_frames_differ")
    return "" if _covers(ct, point) else "ct_elsewhere"


def _covers(volume: Volume, point: FloatArray) -> bool:
    index = lps_to_index(volume.affine, point)
    return bool((index >= -0.5).all() and (index <= np.array(volume.shape[::-1]) - 0.5).all())


def _plane(name: PlaneName, point: FloatArray, view: FieldOfView, pixel_mm: float) -> Plane:
    """Pixels that fill the field of view, laid so that ``point`` is the middle of one of them."""
    left, front = view.x_mm - view.width_mm / 2, view.y_mm - view.depth_mm / 2
    x, columns = _laid(left, view.width_mm, float(point[0]), pixel_mm)
    right = np.array([pixel_mm, 0, 0])
    if name == "axial":
        y, rows = _laid(front, view.depth_mm, float(point[1]), pixel_mm)
        return Plane(np.array([x, y, point[2]]), right, np.array([0, pixel_mm, 0]), rows, columns)
    down, rows = _laid(-view.top_mm, view.height_mm, -float(point[2]), pixel_mm)
    return Plane(np.array([x, point[1], -down]), right, np.array([0, 0, -pixel_mm]), rows, columns)


def _laid(start: float, length: float, through: float, pixel_mm: float) -> tuple[float, int]:
    count = max(1, ceil(length / pixel_mm - 1e-6))
    shift = (through - start) / pixel_mm
    return start + (shift - np.floor(shift)) * pixel_mm, count


def _pixel(plane: Plane, point: FloatArray) -> tuple[int, int]:
    away = point - plane.origin
    squared = float(plane.along_row @ plane.along_row)
    return round(float(away @ plane.along_column) / squared), round(float(away @ plane.along_row) / squared)


def _parameters(
    point: FloatArray, view: FieldOfView, pet_window: tuple[float, float], fused_palette: str, pixel_mm: float
) -> dict[str, Any]:
    return {
        "method": METHOD_VERSION,
        "point_lps_mm": [round(float(v), 3) for v in point],
        "field_of_view": view.parameters(),
        "mm_per_pixel": pixel_mm,
        "pet_window_suv": list(pet_window),
        "ct_window_hu": list(CT_WINDOW),
        "fused": {"palette": fused_palette, "opacity": FUSED_OPACITY, "rise": FUSED_RISE},
    }
