"""Closed planar contours as a mask: a voxel is inside if its centre is. Points in LPS mm.

Contours of one plane are combined by the even-odd rule, so that a contour inside another is a hole, contours of type
XOR and keyholes need no treatment of their own, and an edge through a voxel centre belongs to one side only. Method
``contours-even-odd/1``.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imaging.domain.errors import Caution, MeasurementRefused, caution
from imaging.domain.geometry import FloatArray, lps_to_index
from imaging.domain.grids import Placed
from imaging.domain.voi import Bounds, Mask
from imaging.domain.volume import Volume

METHOD = "contours-even-odd/1"

CLOSED = frozenset({"CLOSED_PLANAR", "CLOSEDPLANAR_XOR"})  # Contour Geometric Type (3006,0042)

# Local conventions.
PLANE_TOLERANCE_MM = 0.1  # points of one contour, and contours of one plane, may differ by this much
SKIPPED_PLANES_MM = 10.0  # contours further apart than this do not speak for the slices between them
CONTIGUOUS = 1.5  # planes apart by up to this many of their usual spacing have no gap between them
MAX_CROSSINGS = 50_000_000
_CHUNK = 1_000_000
_DECIMALS = 6
_AXES = ("column", "row", "slice")


@dataclass(frozen=True, eq=False)
class _Plane:
    """Contours at one depth: ``depth`` in mm along the axis; points as in-plane indices [n, 2] (across, down)."""

    depth: float
    outlines: tuple[FloatArray, ...]


def check_closed(geometric_types: Iterable[str]) -> None:
    """Raises ``MeasurementRefused`` if a contour is open or a point: it encloses nothing, and nothing is guessed."""
    others = sorted(set(geometric_types) - CLOSED)
    if others:
        raise MeasurementRefused("contour_not_closed", found=", ".join(others))


def place(contours: Sequence[FloatArray], volume: Volume) -> Placed:
    """Closed contours [n, 3] on the grid of ``volume``; a last point equal to the first is allowed, not needed.

    The planes may be parallel to the slices, rows or columns of the volume. Where they are not on its slices (drawn
    on a CT), each slice takes the nearest plane: within half the plane spacing, and between two planes that are up to
    ``CONTIGUOUS`` spacings apart. Frames of reference are the caller's to check. Raises ``MeasurementRefused``.
    """
    kept, warnings = _usable(contours)
    indices = [np.round(lps_to_index(volume.affine, points), _DECIMALS) for points in kept]
    pitch = 1 / np.linalg.norm(np.linalg.inv(volume.affine[:3, :3]), axis=1)
    axis = _common_axis(indices, pitch)
    planes = _planes(indices, axis, float(pitch[axis]))
    spacing = _spacing(planes, float(pitch[axis]))
    counts = np.array(volume.shape[::-1])
    box = _box(indices, counts, axis)
    chosen = _choose(planes, spacing, float(pitch[axis]), int(counts[axis]))
    if not chosen:
        _refuse_unused(planes, float(pitch[axis]), int(counts[axis]))
    bounds, voxels = _fill(planes, chosen, box, axis)
    mask = Mask(bounds, voxels, _is_clipped(indices, counts)).trimmed()
    offset = max(abs(k * float(pitch[axis]) - planes[p].depth) for k, p in chosen)
    parameters = {
        "plane_axis": _AXES[axis],
        "planes": len(planes),
        "plane_spacing_mm": round(spacing, 3),
        "slice_spacing_mm": round(float(pitch[axis]), 3),
        "largest_plane_offset_mm": round(offset, 3),
    }
    warnings += _remarks(spacing, float(pitch[axis]), offset)
    return Placed(mask, METHOD, parameters, tuple(warnings))


def _usable(contours: Sequence[FloatArray]) -> tuple[list[FloatArray], list[Caution]]:
    """Contours that can enclose something, each once."""
    kept: dict[bytes, FloatArray] = {}
    degenerate = repeated = 0
    for contour in contours:
        points = np.asarray(contour, np.float64).reshape(-1, 3)
        if not np.isfinite(points).all():
            raise MeasurementRefused("contour_not_finite")
        if len(points) < 3:
            degenerate += 1
            continue
        repeated += points.tobytes() in kept
        kept.setdefault(points.tobytes(), points)
    if not kept:
        raise MeasurementRefused("voi_empty")
    warnings = [caution("contour_degenerate", count=degenerate)] if degenerate else []
    return list(kept.values()), warnings + ([caution("contour_repeated", count=repeated)] if repeated else [])


def _common_axis(indices: list[FloatArray], pitch: FloatArray) -> int:
    """The axis of the volume along which every contour is flat; slices before rows before columns."""
    is_flat = np.ones(3, bool)
    for index in indices:
        is_flat &= np.ptp(index, axis=0) * pitch <= PLANE_TOLERANCE_MM
    for axis in (2, 1, 0):
        if is_flat[axis]:
            return axis
    raise MeasurementRefused("contour_not_parallel")


def _planes(indices: list[FloatArray], axis: int, pitch: float) -> list[_Plane]:
    depths = np.array([index[:, axis].mean() * pitch for index in indices])
    order = np.argsort(depths, kind="stable")
    starts = np.flatnonzero(np.diff(depths[order], prepend=-np.inf) > PLANE_TOLERANCE_MM)
    groups = np.split(order, starts[1:])
    across = [a for a in range(3) if a != axis]
    return [_Plane(float(depths[group].mean()), tuple(indices[i][:, across] for i in group)) for group in groups]


def _spacing(planes: list[_Plane], pitch: float) -> float:
    """Thickness of a plane: the smallest distance of two, or a slice's where there is one plane, or only far ones."""
    gaps = np.diff([plane.depth for plane in planes])
    smallest = float(gaps.min()) if gaps.size else pitch
    return smallest if smallest <= SKIPPED_PLANES_MM else pitch


def _choose(planes: list[_Plane], spacing: float, pitch: float, count: int) -> list[tuple[int, int]]:
    """Pairs of slice and plane: the nearest plane, unless the slice is beyond its thickness and in no narrow gap."""
    depths = np.array([plane.depth for plane in planes])
    first = max(0, int(np.floor((depths[0] - spacing) / pitch)))
    last = min(count - 1, int(np.ceil((depths[-1] + spacing) / pitch)))
    chosen = []
    for k in range(first, last + 1):
        place = k * pitch
        nearest = int(np.abs(depths - place).argmin())
        distance = round((place - depths[nearest]) / spacing, _DECIMALS)
        above = int(np.searchsorted(depths, place))
        is_between = 0 < above < len(depths) and depths[above] - depths[above - 1] <= CONTIGUOUS * spacing
        if is_between or -0.5 <= distance < 0.5:
            chosen.append((k, nearest))
    return chosen


def _refuse_unused(planes: list[_Plane], pitch: float, count: int) -> None:
    """No slice took a contour: they lie beyond the images, or between two slices."""
    is_outside = planes[-1].depth < -pitch / 2 or planes[0].depth > (count - 0.5) * pitch
    if is_outside:
        raise MeasurementRefused("voi_outside_volume")
    raise MeasurementRefused("voi_empty")


def _box(indices: list[FloatArray], counts: NDArray[Any], axis: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """First and one past the last voxel the contours can hold, across the planes. Raises when that is none."""
    across = [a for a in range(3) if a != axis]
    low = np.min([index.min(axis=0) for index in indices], axis=0)[across]
    high = np.max([index.max(axis=0) for index in indices], axis=0)[across]
    limit = counts[across]
    if (high < -0.5).any() or (low > limit - 0.5).any():
        raise MeasurementRefused("voi_outside_volume")
    start = np.clip(np.ceil(low), 0, limit - 1).astype(int)
    stop = np.clip(np.floor(high) + 1, start + 1, limit).astype(int)
    return start, stop


def _fill(
    planes: list[_Plane], chosen: list[tuple[int, int]], box: tuple[NDArray[Any], NDArray[Any]], axis: int
) -> tuple[Bounds, NDArray[np.bool_]]:
    start, stop = box
    first, last = chosen[0][0], chosen[-1][0] + 1
    inside = {p: _rasterise(planes[p].outlines, start, stop) for p in sorted({p for _, p in chosen})}
    slices = np.zeros((last - first, int(stop[1] - start[1]), int(stop[0] - start[0])), bool)
    for k, p in chosen:
        slices[k - first] = inside[p]
    # [plane, down, across] to [z, y, x]: the planes' axis goes to its place among the two others.
    voxels = np.moveaxis(slices, 0, 2 - axis)
    low, high = np.insert(start, axis, first)[::-1], np.insert(stop, axis, last)[::-1]
    bounds = Bounds((int(low[0]), int(low[1]), int(low[2])), (int(high[0]), int(high[1]), int(high[2])))
    return bounds, voxels


def _rasterise(outlines: tuple[FloatArray, ...], start: NDArray[Any], stop: NDArray[Any]) -> NDArray[np.bool_]:
    """Bool [down, across]: an odd number of edges to the left. Lower and left edges belong to the region."""
    width, height = (int(n) for n in stop - start)
    toggles = np.zeros(height * (width + 1), np.int64)
    for line, across in _crossings(outlines, int(start[1]), int(stop[1])):
        column = np.ceil(np.round(across, _DECIMALS)).clip(start[0], stop[0]).astype(np.int64) - start[0]
        toggles += np.bincount((line - start[1]) * (width + 1) + column, minlength=toggles.size)
    return np.asarray(np.cumsum(toggles.reshape(height, width + 1), axis=1)[:, :-1] % 2 == 1)


def _crossings(outlines: tuple[FloatArray, ...], first: int, last: int) -> Iterator[tuple[NDArray[Any], FloatArray]]:
    """Where edges cross the lines ``first`` to ``last`` of voxel centres: line and place, in pieces of bounded size."""
    begin = np.concatenate(outlines)
    end = np.concatenate([np.roll(outline, -1, axis=0) for outline in outlines])
    low, high = np.minimum(begin[:, 1], end[:, 1]), np.maximum(begin[:, 1], end[:, 1])
    top, bottom = np.ceil(low).clip(first, last).astype(np.int64), np.ceil(high).clip(first, last).astype(np.int64)
    many = bottom - top
    if int(many.sum()) > MAX_CROSSINGS:
        raise MeasurementRefused("contour_too_complex")
    edges = np.flatnonzero(many)
    for piece in np.split(edges, np.flatnonzero(np.diff(np.cumsum(many[edges]) // _CHUNK)) + 1):
        edge = np.repeat(piece, many[piece])
        line = np.arange(edge.size) - np.repeat(np.cumsum(many[piece]) - many[piece], many[piece]) + top[edge]
        slope = (end[edge, 0] - begin[edge, 0]) / (end[edge, 1] - begin[edge, 1])
        yield line, begin[edge, 0] + (line - begin[edge, 1]) * slope


def _is_clipped(indices: list[FloatArray], counts: NDArray[Any]) -> bool:
    return any(bool((index < -0.5).any() or (index > counts - 0.5).any()) for index in indices)


def _remarks(spacing: float, pitch: float, offset: float) -> list[Caution]:
    if spacing > CONTIGUOUS * pitch:
        return [caution("contour_planes_skipped", gap=f"{spacing:.2f}", spacing=f"{pitch:.2f}")]
    if offset > PLANE_TOLERANCE_MM:
        return [caution("contour_planes_between_slices", offset=f"{offset:.2f}")]
    return []
