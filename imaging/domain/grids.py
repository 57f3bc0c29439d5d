"""A region drawn on a grid of its own, brought onto the grid of a volume. Positions in LPS mm.

Each voxel of the volume whose centre lies in a voxel of the region belongs to it: nearest neighbour, no interpolation.
Where both grids are the same this is exact; where they differ it is said. Method ``grid/1``.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from imaging.domain.errors import Caution, MeasurementRefused, caution
from imaging.domain.geometry import FloatArray, index_to_lps, lps_to_index
from imaging.domain.voi import Bounds, Mask
from imaging.domain.volume import Volume

EXACT, NEAREST = "grid-exact/1", "grid-nearest-neighbour/1"

# Local convention: the 0.1 mm by which slices may be off an even grid (geometry.UNEVEN_LIMIT_MM), and rounding.
GRID_TOLERANCE_MM = 0.15
# Local convention, as in most tools that read fractional segmentations: half of the full value is inside.
FRACTION_THRESHOLD = 0.5
_DECIMALS = 6


@dataclass(frozen=True)
class Placed:
    """A region on a volume's grid: how it got there (``method``, ``parameters``) and what to know about it."""

    mask: Mask
    method: str
    parameters: dict[str, Any]
    warnings: tuple[Caution, ...]


@dataclass(frozen=True, eq=False)
class PlaneStack:
    """``voxels`` bool [plane, row, column]; ``positions`` [plane, 3]: centre of the first voxel of each plane, LPS mm.

    ``orientation``: 6 direction cosines (along a row, along a column); ``pixel_spacing``: between rows, then between
    columns; ``plane_spacing``: thickness of a plane, all in mm. Raises ``MeasurementRefused`` for a grid that is none.
    """

    voxels: NDArray[np.bool_]
    positions: FloatArray
    orientation: tuple[float, ...]
    pixel_spacing: tuple[float, float]
    plane_spacing: float
    frame_of_reference_uid: str = ""

    def __post_init__(self) -> None:
        sizes = np.array([*self.pixel_spacing, self.plane_spacing], np.float64)
        cosines = np.array(self.orientation, np.float64)
        is_usable = (
            self.voxels.ndim == 3
            and np.shape(self.positions) == (len(self.voxels), 3)
            and np.isfinite(self.positions).all()
            and np.isfinite(sizes).all()
            and sizes.min() > 0
            and cosines.shape == (6,)
            and bool(np.isfinite(cosines).all())
        )
        if not is_usable or abs(np.linalg.det(self.axes)) < 0.99:
            raise MeasurementRefused("outline_grid_invalid")

    @property
    def axes(self) -> FloatArray:
        """Columns: unit vectors along a row, along a column, and the normal."""
        along_row, along_column = np.reshape(np.asarray(self.orientation, np.float64), (2, 3))
        return np.stack([along_row, along_column, np.cross(along_row, along_column)], axis=1)

    @property
    def depths(self) -> FloatArray:
        """mm of each plane along the normal."""
        found: FloatArray = self.positions @ self.axes[:, 2]
        return found

    @property
    def voxel_count(self) -> int:
        """Voxels of the region; planes at one place count once."""
        return int(np.count_nonzero(self.merged().voxels))

    @property
    def volume_ml(self) -> float:
        """Voxels times their size on the region's own grid."""
        return self.voxel_count * self.pixel_spacing[0] * self.pixel_spacing[1] * self.plane_spacing / 1000

    def merged(self) -> "PlaneStack":
        """Planes in the order of their depth; those at the same place as one."""
        order = np.argsort(self.depths, kind="stable")
        starts = np.flatnonzero(np.diff(self.depths[order], prepend=-np.inf) > _same_place(self.plane_spacing))
        if len(starts) == len(order):
            voxels = self.voxels[order]
        else:
            voxels = np.logical_or.reduceat(self.voxels[order], starts, axis=0)
        return PlaneStack(
            voxels,
            self.positions[order][starts],
            self.orientation,
            self.pixel_spacing,
            self.plane_spacing,
            self.frame_of_reference_uid,
        )


def plane_spacing(positions: ArrayLike, orientation: ArrayLike, declared: float, thickness: float) -> float:
    """mm between planes: as declared, unless planes lie closer; else their smallest gap. One plane: its thickness.

    ``positions`` are those of all planes of the file, of whatever segment: files leave out planes without any. The
    spacing declared with a single plane is not trusted: a library in wide use writes 1 mm there. Raises
    ``MeasurementRefused`` if nothing tells.
    """
    cosines = np.asarray(orientation, np.float64).reshape(2, 3)
    depths = np.unique(np.round(np.asarray(positions, np.float64) @ np.cross(cosines[0], cosines[1]), 2))
    gap = float(np.diff(depths).min()) if depths.size > 1 else 0.0
    if gap > 0:
        return declared if 0 < declared < gap / 0.9 else gap
    if thickness <= 0 and declared <= 0:
        raise MeasurementRefused("outline_grid_invalid")
    return thickness if thickness > 0 else declared


def above_fraction(values: NDArray[Any], maximum: int, threshold: float = FRACTION_THRESHOLD) -> NDArray[np.bool_]:
    """Voxels of a fractional segmentation at or above ``threshold`` (0-1) of its full value ``maximum``."""
    if not 0 < threshold <= 1:
        raise MeasurementRefused("threshold_invalid", found=threshold)
    return np.asarray(values >= threshold * maximum)


def check_frame(outline: str, images: str, *, is_referenced: bool) -> None:
    """Frame of Reference UIDs of an outline and of images. Raises ``MeasurementRefused`` where they do not belong.

    ``is_referenced``: the outline says that it was drawn on these very images.
    """
    if outline and outline == images:
        return
    if not is_referenced:
        raise MeasurementRefused("referenced_series_absent" if outline and images else "frame_of_reference_unknown")
    if outline and images:
        raise MeasurementRefused("frame_of_reference_differs")


def place(stack: PlaneStack, volume: Volume) -> Placed:
    """``stack`` on the grid of ``volume``. Frames of reference are the caller's to check (``check_frame``).

    Raises ``MeasurementRefused`` if it holds nothing (``voi_empty``) or lies outside (``voi_outside_volume``).
    """
    if not stack.voxels.any():
        raise MeasurementRefused("voi_empty")
    stack = stack.merged()
    inside = [_are_inside(stack, volume, plane) for plane in range(len(stack.voxels))]
    if not any(one.any() for one in inside):
        raise MeasurementRefused("voi_outside_volume")
    offset = _offset_mm(stack, volume)
    is_exact = offset <= GRID_TOLERANCE_MM
    bounds = _reach(stack, volume)
    voxels = np.stack([_slice(stack, volume, bounds, k) for k in range(bounds.start[0], bounds.stop[0])])
    mask = Mask(bounds, voxels, not all(one.all() for one in inside)).trimmed()
    parameters = {
        "own_pixel_spacing_mm": list(stack.pixel_spacing),
        "own_plane_spacing_mm": stack.plane_spacing,
        "largest_grid_offset_mm": round(offset, 3) if np.isfinite(offset) else None,
        "tolerance_mm": GRID_TOLERANCE_MM,
    }
    warnings = () if is_exact else (caution("outline_resampled"),)
    return Placed(mask, EXACT if is_exact else NEAREST, parameters, warnings)


def _same_place(spacing: float) -> float:
    return min(0.01, spacing / 2)


def _are_inside(stack: PlaneStack, volume: Volume, plane: int) -> NDArray[np.bool_]:
    """For each voxel of the region in one plane: is its centre in a voxel of the volume?"""
    row, column = np.nonzero(stack.voxels[plane])
    axes, (between_rows, between_columns) = stack.axes, stack.pixel_spacing
    points = stack.positions[plane] + np.outer(column * between_columns, axes[:, 0])
    index = lps_to_index(volume.affine, points + np.outer(row * between_rows, axes[:, 1]))
    is_in = (index >= -0.5) & (index <= np.array(volume.shape[::-1]) - 0.5)
    return np.asarray(is_in.all(axis=1))


def _offset_mm(stack: PlaneStack, volume: Volume) -> float:
    """By how much voxel centres of the two grids are apart at most; infinite if their steps are not the same."""
    steps = stack.axes * [stack.pixel_spacing[1], stack.pixel_spacing[0], stack.plane_spacing]
    in_index = np.linalg.inv(volume.affine[:3, :3]) @ steps
    turns = np.rint(in_index[:, :2])
    if (np.abs(turns).sum(axis=0) != 1).any() or (np.abs(turns).sum(axis=1) > 1).any():
        return float("inf")
    _, rows, columns = stack.voxels.shape
    ends = np.array([[0, 0], [columns - 1, 0], [0, rows - 1], [columns - 1, rows - 1]], np.float64)
    corners = stack.positions[:, None] + ends @ steps[:, :2].T
    start = np.rint(lps_to_index(volume.affine, stack.positions))
    expected = index_to_lps(volume.affine, start[:, None] + ends @ turns.T)
    spacing = abs(float(in_index[:, 2] @ (1 - np.abs(turns).sum(axis=1))))
    if abs(spacing - 1) > 0.05:
        return float("inf")
    return float(np.linalg.norm(corners - expected, axis=-1).max())


def _reach(stack: PlaneStack, volume: Volume) -> Bounds:
    _, rows, columns = stack.voxels.shape
    ends = np.array([[x, y] for x in (-0.5, columns - 0.5) for y in (-0.5, rows - 0.5)])
    sides = ends * [stack.pixel_spacing[1], stack.pixel_spacing[0]] @ stack.axes[:, :2].T
    half = stack.axes[:, 2] * stack.plane_spacing / 2
    corners = np.concatenate([stack.positions[:, None] + sides + half, stack.positions[:, None] + sides - half])
    index = lps_to_index(volume.affine, corners.reshape(-1, 3))[:, ::-1]
    shape = np.array(volume.shape)
    low = np.clip(np.floor(index.min(axis=0)), 0, shape - 1).astype(int)
    high = np.clip(np.ceil(index.max(axis=0)) + 1, low + 1, shape).astype(int)
    return Bounds((int(low[0]), int(low[1]), int(low[2])), (int(high[0]), int(high[1]), int(high[2])))


def _slice(stack: PlaneStack, volume: Volume, bounds: Bounds, k: int) -> NDArray[np.bool_]:
    """One slice of the volume inside ``bounds``, bool [y, x]."""
    y, x = np.meshgrid(*(np.arange(bounds.start[a], bounds.stop[a]) for a in (1, 2)), indexing="ij")
    points = index_to_lps(volume.affine, np.stack([x, y, np.full_like(x, k)], axis=-1))
    plane, is_near = _nearest_plane(stack.depths, points @ stack.axes[:, 2], stack.plane_spacing)
    across = (points - stack.positions[plane]) @ stack.axes[:, :2]
    column = _nearest(across[..., 0] / stack.pixel_spacing[1])
    row = _nearest(across[..., 1] / stack.pixel_spacing[0])
    _, rows, columns = stack.voxels.shape
    is_in = is_near & (column >= 0) & (column < columns) & (row >= 0) & (row < rows)
    found = stack.voxels[plane, row.clip(0, rows - 1), column.clip(0, columns - 1)]
    return np.asarray(found & is_in)


def _nearest_plane(depths: FloatArray, wanted: FloatArray, spacing: float) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """Index of the nearest plane, and whether it is near enough: half a spacing, its upper end excluded."""
    above = np.searchsorted(depths, wanted).clip(1, max(1, len(depths) - 1))
    if len(depths) == 1:
        plane = np.zeros_like(above)
    else:
        plane = np.where(wanted - depths[above - 1] < depths[above] - wanted, above - 1, above)
    distance = np.round((wanted - depths[plane]) / spacing, _DECIMALS)
    return plane, (distance >= -0.5) & (distance < 0.5)


def _nearest(position: FloatArray) -> NDArray[Any]:
    return np.floor(np.round(position, _DECIMALS) + 0.5).astype(np.int64)
