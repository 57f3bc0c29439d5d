"""Volumes of interest: a box in the volume and the voxels of it that belong to the region."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from imaging.domain.errors import MeasurementRefused
from imaging.domain.geometry import index_to_lps, lps_to_index
from imaging.domain.volume import Bounds, Volume

__all__ = ["Bounds", "Mask", "box", "from_labels", "sphere"]


@dataclass(frozen=True)
class Mask:
    """``voxels``: boolean [z, y, x] over ``bounds``; ``is_clipped``: the region went past the edge of the images."""

    bounds: Bounds
    voxels: NDArray[np.bool_]
    is_clipped: bool = False

    def trimmed(self) -> "Mask":
        """The same voxels in the smallest box that holds them. Raises ``MeasurementRefused`` if there are none."""
        plane: NDArray[np.bool_] = np.asarray(self.voxels.any(axis=0))
        used = [np.flatnonzero(line) for line in (self._used_slices(), plane.any(axis=1), plane.any(axis=0))]
        if not used[0].size:
            raise MeasurementRefused("voi_empty")
        lo, hi = [int(line[0]) for line in used], [int(line[-1]) + 1 for line in used]
        inner = tuple(slice(a, b) for a, b in zip(lo, hi, strict=True))
        start = self.bounds.start
        bounds = Bounds(
            (start[0] + lo[0], start[1] + lo[1], start[2] + lo[2]),
            (start[0] + hi[0], start[1] + hi[1], start[2] + hi[2]),
        )
        return Mask(bounds, self.voxels[inner], self.is_clipped)

    def _used_slices(self) -> NDArray[np.bool_]:
        return np.asarray(self.voxels.reshape(self.voxels.shape[0], -1).any(axis=1))

    def parts(self) -> list["Mask"]:
        """Cut where a slice has none of it: each part in the smallest box that holds it."""
        used = np.concatenate(([False], self._used_slices(), [False]))
        edges = [int(edge) for edge in np.flatnonzero(used[1:] != used[:-1])]
        (z, y, x), (_, to_y, to_x) = self.bounds.start, self.bounds.stop
        return [
            Mask(Bounds((z + a, y, x), (z + b, to_y, to_x)), self.voxels[a:b], self.is_clipped).trimmed()
            for a, b in zip(edges[::2], edges[1::2], strict=True)
        ]

    def over(self, bounds: Bounds) -> NDArray[np.bool_]:
        """The voxels of this region over another box [z, y, x]: what lies outside that box is left out."""
        found = np.zeros(bounds.shape, dtype=bool)
        pairs = list(zip(self.bounds.start, self.bounds.stop, bounds.start, bounds.stop, strict=True))
        if all(max(a, c) < min(b, d) for a, b, c, d in pairs):
            to = tuple(slice(max(a, c) - c, min(b, d) - c) for a, b, c, d in pairs)
            of = tuple(slice(max(a, c) - a, min(b, d) - a) for a, b, c, d in pairs)
            found[to] = self.voxels[of]
        return found


def sphere(volume: Volume, centre_lps: ArrayLike, radius_mm: float) -> Mask:
    """Voxels whose centre lies within ``radius_mm`` of ``centre_lps`` (mm, LPS), clipped to the images.

    Raises ``MeasurementRefused`` if the radius is not positive, or no voxel centre lies in the sphere.
    """
    centre = np.asarray(centre_lps, dtype=np.float64)
    if not np.isfinite(radius_mm) or radius_mm <= 0 or not np.isfinite(centre).all():
        raise MeasurementRefused("radius_invalid")
    middle = lps_to_index(volume.affine, centre)[::-1]
    reach = radius_mm * np.linalg.norm(np.linalg.inv(volume.affine[:3, :3]), axis=1)[::-1]
    low, high = np.ceil(middle - reach).astype(int), np.floor(middle + reach).astype(int) + 1
    shape = np.asarray(volume.shape)
    start, stop = np.maximum(low, 0), np.minimum(high, shape)
    if (np.minimum(high, shape) <= np.maximum(low, 0)).any():
        outside = bool((middle < -0.5).any() or (middle > shape - 0.5).any())
        raise MeasurementRefused("voi_outside_volume" if outside else "voi_empty")
    bounds = Bounds(tuple(int(n) for n in start), tuple(int(n) for n in stop))  # type: ignore[arg-type]
    z, y, x = np.meshgrid(*(np.arange(a, b) for a, b in zip(start, stop, strict=True)), indexing="ij")
    points = index_to_lps(volume.affine, np.stack([x, y, z], axis=-1))
    voxels = ((points - centre) ** 2).sum(axis=-1) <= radius_mm**2 * (1 + 1e-12)
    return Mask(bounds, voxels, bool((low < 0).any() or (high > shape).any())).trimmed()


def box(volume: Volume, bounds: Bounds) -> Mask:
    """Every voxel of ``bounds`` that exists. Raises ``MeasurementRefused`` if the box lies outside the images."""
    start = tuple(max(0, a) for a in bounds.start)
    stop = tuple(min(n, b) for n, b in zip(volume.shape, bounds.stop, strict=True))
    if any(a >= b for a, b in zip(start, stop, strict=True)):
        raise MeasurementRefused("voi_outside_volume")
    inside = Bounds(start, stop)  # type: ignore[arg-type]
    return Mask(inside, np.ones(inside.shape, dtype=bool), inside != bounds)


def from_labels(labels: NDArray[np.generic], label: int = 1) -> Mask:
    """The voxels of a whole-volume label array [z, y, x] that carry ``label``."""
    everything = Bounds((0, 0, 0), (labels.shape[0], labels.shape[1], labels.shape[2]))
    return Mask(everything, labels == label).trimmed()
