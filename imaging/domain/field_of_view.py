"""What a picture shows of a patient: one box in mm, shared by every picture of a scan, so that they have one scale."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from imaging.domain.errors import MeasurementRefused
from imaging.domain.geometry import FloatArray
from imaging.domain.volume import Bounds, Volume

MAX_TILT_DEGREES = 1.0  # local convention: shifts a picture of 1 m by 17 mm from end to end
_LEFT, _POSTERIOR, _SUPERIOR = 0, 1, 2


@dataclass(frozen=True)
class FieldOfView:
    """A box in LPS mm: middle at ``x_mm``, ``y_mm``; ``width_mm`` left-right, ``depth_mm`` front-back, and its ends.

    A rotating picture turns about the vertical line through the middle and is ``width_mm`` wide at every angle.
    """

    x_mm: float
    y_mm: float
    width_mm: float
    depth_mm: float
    bottom_mm: float
    top_mm: float

    @property
    def height_mm(self) -> float:
        return self.top_mm - self.bottom_mm

    def of_size(self, width_mm: float, depth_mm: float, height_mm: float) -> "FieldOfView":
        """The same middle and the same upper end, another size: scans side by side need one scale."""
        return replace(self, width_mm=width_mm, depth_mm=depth_mm, bottom_mm=self.top_mm - height_mm)

    def parameters(self) -> dict[str, Any]:
        names = ("x_mm", "y_mm", "width_mm", "depth_mm", "bottom_mm", "top_mm")
        return {name: round(float(getattr(self, name)), 4) for name in names}


def one_size(fields: Iterable[FieldOfView]) -> list[FieldOfView]:
    """Each field of view about its own middle, all as large as the largest in each direction."""
    given = list(fields)
    width, depth, height = (max(getattr(f, f"{name}_mm") for f in given) for name in ("width", "depth", "height"))
    return [f.of_size(width, depth, height) for f in given]


def crop_bounds(volume: Volume, field_of_view: FieldOfView) -> Bounds:
    """The voxels whose centre lies in ``field_of_view``, as a box. Raises ``MeasurementRefused`` if there are none."""
    f = field_of_view
    low = np.array([f.x_mm - f.width_mm / 2, f.y_mm - f.depth_mm / 2, f.bottom_mm])
    high = np.array([f.x_mm + f.width_mm / 2, f.y_mm + f.depth_mm / 2, f.top_mm])
    corners = np.array(np.meshgrid(*zip(low, high, strict=True), indexing="ij")).reshape(3, -1).T
    index = (corners - volume.affine[:3, 3]) @ np.linalg.inv(volume.affine[:3, :3]).T
    start = np.maximum(np.ceil(index.min(axis=0) - 1e-6), 0).astype(int)[::-1]
    stop = np.minimum(np.floor(index.max(axis=0) + 1e-6) + 1, volume.shape[::-1]).astype(int)[::-1]
    if (stop <= start).any():
        raise MeasurementRefused("point_outside_images")
    return Bounds((int(start[0]), int(start[1]), int(start[2])), (int(stop[0]), int(stop[1]), int(stop[2])))


def body_axes(affine: FloatArray) -> dict[str, tuple[int, int]]:
    """For left (L), posterior (P) and superior (S): the array axis (z, y, x) closest to it, and its sign."""
    directions = _directions(affine)
    taken: dict[str, tuple[int, int]] = {}
    free = {0, 1, 2}
    for name, row in (("S", _SUPERIOR), ("L", _LEFT), ("P", _POSTERIOR)):
        column = max(free, key=lambda c: abs(directions[row, c]))
        free.remove(column)
        taken[name] = (2 - column, 1 if directions[row, column] > 0 else -1)
    return taken


def require_axial(volume: Volume) -> int:
    """1 if slices run from the feet to the head, -1 if from the head to the feet.

    Raises ``MeasurementRefused`` if slices or their stack lean more than ``MAX_TILT_DEGREES``.
    """
    directions = _directions(volume.affine)
    along_stack = abs(float(directions[_SUPERIOR, 2]))
    in_plane = float(np.abs(directions[_SUPERIOR, :2]).max())
    tilt = max(np.degrees(np.arccos(min(along_stack, 1.0))), np.degrees(np.arcsin(min(in_plane, 1.0))))
    if tilt > MAX_TILT_DEGREES:
        raise MeasurementRefused("slices_not_axial", degrees=f"{tilt:.1f}")
    return 1 if directions[_SUPERIOR, 2] > 0 else -1


def _directions(affine: FloatArray) -> FloatArray:
    matrix = affine[:3, :3]
    result: FloatArray = matrix / np.linalg.norm(matrix, axis=0)
    return result
