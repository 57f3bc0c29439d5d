"""Where slices lie in the patient: order, affine, gaps. Positions in mm, patient coordinates LPS (DICOM PS3.3 C.7.6.2).

The affine maps voxel-centre indices (column i, row j, slice k) to LPS mm. Slices are ordered along the normal of
their plane (row direction x column direction), never by instance number.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil, degrees, floor, isfinite

import numpy as np
from numpy.typing import ArrayLike, NDArray

from imaging.domain.errors import Caution, VolumeUnavailable, caution

FloatArray = NDArray[np.float64]
Near = tuple[ArrayLike, float]  # a centre in LPS mm, and how far around it, in mm

UNEVEN_LIMIT_MM = 0.1
_ROUNDING_MM = 0.005
_SAME_PLACE_MM = 0.01


@dataclass(frozen=True)
class StackGeometry:
    """``order``: input index of each slice k; ``spacing``: mm between columns, rows and slices."""

    order: tuple[int, ...]
    affine: FloatArray
    spacing: tuple[float, float, float]
    warnings: tuple[Caution, ...]


def stack(
    positions: ArrayLike,
    orientation: ArrayLike,
    pixel_spacing: ArrayLike,
    rows: int,
    cols: int,
    *,
    expected: int | None = None,
) -> StackGeometry:
    """Order slices and build their affine.

    ``positions``: (n, 3) Image Position (Patient) in mm; ``orientation``: 6 direction cosines, or (n, 6), one per
    slice; ``pixel_spacing``: between rows, then between columns (the order of the DICOM attribute), in mm;
    ``expected``: number of slices the header announces. Raises ``VolumeUnavailable``.
    """
    along_row, along_column = _directions(orientation)
    between_rows, between_columns = _spacing(pixel_spacing)
    places = np.asarray(positions, dtype=np.float64).reshape(-1, 3)
    if not np.isfinite(places).all():
        raise VolumeUnavailable("position_missing")
    if len(places) < 2:
        raise VolumeUnavailable("single_slice")
    normal = np.cross(along_row, along_column)
    depth = places @ normal
    order = np.argsort(depth, kind="stable")
    warnings = _check_gaps(depth[order], expected)
    step = (places[order[-1]] - places[order[0]]) / (len(order) - 1)
    warnings += _check_tilt(step, normal)
    affine = np.eye(4)
    affine[:3, 0] = along_row * between_columns
    affine[:3, 1] = along_column * between_rows
    affine[:3, 2] = step
    affine[:3, 3] = places[order[0]]
    spacing = (between_columns, between_rows, float(np.linalg.norm(step)))
    return StackGeometry(tuple(int(k) for k in order), affine, spacing, tuple(warnings))


def check_plane(orientation: ArrayLike, pixel_spacing: ArrayLike) -> None:
    """Raise ``VolumeUnavailable`` for the orientation or spacing of a slice that cannot lie in a patient."""
    _directions(orientation)
    _spacing(pixel_spacing)


def index_to_lps(affine: FloatArray, index: ArrayLike) -> FloatArray:
    """LPS mm of voxel indices (i, j, k); shape (3,) or (n, 3)."""
    result: FloatArray = np.asarray(index, dtype=np.float64) @ affine[:3, :3].T + affine[:3, 3]
    return result


def lps_to_index(affine: FloatArray, point: ArrayLike) -> FloatArray:
    """Fractional voxel indices (i, j, k) of LPS mm; shape (3,) or (n, 3)."""
    inverse = np.linalg.inv(affine[:3, :3])
    result: FloatArray = (np.asarray(point, dtype=np.float64) - affine[:3, 3]) @ inverse.T
    return result


def planes_near(affine: FloatArray, depth: int, spheres: Iterable[Near]) -> list[range]:
    """The slices of ``depth`` that reach into any of the spheres (LPS mm), in runs that do not touch."""
    per_mm = float(np.linalg.norm(np.linalg.inv(affine[:3, :3])[2]))
    reached = []
    for centre, reach_mm in spheres:
        middle, reach = float(lps_to_index(affine, centre)[2]), reach_mm * per_mm
        if not isfinite(middle + reach):
            return [range(depth)]
        reached.append(range(max(floor(middle - reach), 0), min(ceil(middle + reach) + 1, depth)))
    runs: list[range] = []
    for run in sorted(filter(None, reached), key=lambda run: run.start):
        if runs and run.start <= runs[-1].stop:
            runs[-1] = range(runs[-1].start, max(runs[-1].stop, run.stop))
        else:
            runs.append(run)
    return runs


def _directions(orientation: ArrayLike) -> tuple[FloatArray, FloatArray]:
    cosines = np.asarray(orientation, dtype=np.float64)
    if cosines.size == 0 or cosines.size % 6 or not np.isfinite(cosines).all():
        raise VolumeUnavailable("orientation_invalid")
    cosines = cosines.reshape(-1, 6)
    if np.abs(cosines - cosines[0]).max() > 1e-3:
        raise VolumeUnavailable("orientation_differs")
    along_row, along_column = cosines[0, :3], cosines[0, 3:]
    lengths = np.linalg.norm(along_row), np.linalg.norm(along_column)
    if abs(lengths[0] - 1) > 1e-3 or abs(lengths[1] - 1) > 1e-3 or abs(along_row @ along_column) > 1e-3:
        raise VolumeUnavailable("orientation_invalid")
    along_row = along_row / lengths[0]
    along_column = along_column - (along_column @ along_row) * along_row
    return along_row, along_column / np.linalg.norm(along_column)


def _spacing(pixel_spacing: ArrayLike) -> tuple[float, float]:
    spacing = np.asarray(pixel_spacing, dtype=np.float64).ravel()
    if spacing.shape != (2,) or not np.isfinite(spacing).all() or spacing.min() <= 0:
        raise VolumeUnavailable("pixel_spacing_invalid")
    return float(spacing[0]), float(spacing[1])


def _check_gaps(depth: FloatArray, expected: int | None) -> list[Caution]:
    gaps = np.diff(depth)
    doubled = np.flatnonzero(gaps < _SAME_PLACE_MM)
    if doubled.size:
        raise VolumeUnavailable("duplicate_slices", positions=_listed([f"{depth[k]:.2f} mm" for k in doubled]))
    usual = float(np.median(gaps))
    holes = np.flatnonzero(gaps > 1.5 * usual)
    if holes.size:
        between = [f"between {depth[k]:.2f} and {depth[k + 1]:.2f} mm" for k in holes]
        raise VolumeUnavailable("missing_slices", positions=_listed(between))
    if expected is not None and len(depth) < expected:
        raise VolumeUnavailable("missing_slices", positions=f"{len(depth)} of {expected} are here")
    index = np.arange(len(depth))
    off_grid = depth - np.polyval(np.polyfit(index, depth, 1), index)
    deviation = float(np.ptp(off_grid)) / 2
    if deviation > UNEVEN_LIMIT_MM + _ROUNDING_MM:
        raise VolumeUnavailable("uneven_slices", deviation=f"{deviation:.2f}", limit=UNEVEN_LIMIT_MM)
    if max(deviation, float(np.abs(gaps - usual).max())) > _ROUNDING_MM:
        spacing = (depth[-1] - depth[0]) / (len(depth) - 1)
        return [caution("uneven_slices", deviation=f"{deviation:.2f}", spacing=f"{spacing:.3f}")]
    return []


def _check_tilt(step: FloatArray, normal: FloatArray) -> list[Caution]:
    along = float(step @ normal)
    angle = degrees(np.arctan2(np.linalg.norm(step - along * normal), along))
    return [caution("slices_tilted", degrees=f"{angle:.2f}")] if angle > 0.2 else []


def _listed(places: list[str], most: int = 5) -> str:
    more = f" and {len(places) - most} more" if len(places) > most else ""
    return ", ".join(places[:most]) + more
