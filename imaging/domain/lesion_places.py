"""Lesions and findings as places in the patient: position, extent, organ; and what a scan shows at a place.

Positions are LPS mm. Extent: voxels where they are given, else the sphere of equal volume, else half the long axis.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import pi

import numpy as np
from numpy.typing import ArrayLike

from imaging.domain import uptake, voi
from imaging.domain.errors import MeasurementRefused
from imaging.domain.geometry import FloatArray, index_to_lps, lps_to_index
from imaging.domain.voi import Mask
from imaging.domain.volume import Volume

Point = tuple[float, float, float]

SMALLEST_ASSESSABLE_MM = 10.0  # partial volume below: clinical sheet 1.4 and 4.3
SMALLEST_ASSESSABLE_ML = 1.0  # where no length is known
RAISED_FROM = 1.3  # local convention: highest 1 mL mean over the upper quartile of the surroundings
COLD_UP_TO = 0.75  # local convention: mean of the place over the median of the surroundings
_SHELL_MM = (6.0, 18.0)


@dataclass(frozen=True, eq=False)
class Region:
    """A lesion or a finding. ``key``: label or id; ``organ`` empty and sizes None where not known.

    ``volume_method`` names how the volume was outlined; ``physiologic`` names the organ whose normal uptake a finding
    may be; ``voxels_lps`` (n, 3): its voxel centres, if there is an outline.
    """

    key: str
    centroid_lps: Point
    organ: str = ""
    volume_ml: float | None = None
    volume_method: str = ""
    long_axis_mm: float | None = None
    physiologic: str = ""
    voxels_lps: FloatArray | None = None

    @property
    def radius_mm(self) -> float | None:
        if self.volume_ml is not None:
            return float((3000 * self.volume_ml / (4 * pi)) ** (1 / 3))
        return None if self.long_axis_mm is None else self.long_axis_mm / 2

    @property
    def is_assessable(self) -> bool | None:
        return is_assessable(self.long_axis_mm, self.volume_ml)

    def moved(self, transform: FloatArray) -> "Region":
        """The same region after a 4x4 transform."""
        x, y, z = (float(v) for v in index_to_lps(transform, self.centroid_lps))
        voxels = None if self.voxels_lps is None else index_to_lps(transform, self.voxels_lps)
        sizes = (self.volume_ml, self.volume_method, self.long_axis_mm)
        return Region(self.key, (x, y, z), self.organ, *sizes, self.physiologic, voxels)

    def gap_mm(self, point: ArrayLike) -> float:
        """From ``point`` to the edge of the region: 0 inside it."""
        if self.voxels_lps is not None and len(self.voxels_lps):
            half_voxel = 2.0
            nearest = float(np.linalg.norm(self.voxels_lps - np.asarray(point), axis=1).min())
            return max(0.0, nearest - half_voxel)
        away = float(np.linalg.norm(np.asarray(self.centroid_lps) - np.asarray(point)))
        return max(0.0, away - (self.radius_mm or 0.0))


class KnownLesion(Region):
    """A lesion of the previous scan; ``key`` is its label."""


class Finding(Region):
    """A region of the new scan; ``key`` is its id."""


@dataclass(frozen=True, eq=False)
class FieldOfView:
    """What a scan covers: ``shape`` (z, y, x) and affine of its volume."""

    affine: FloatArray
    shape: tuple[int, int, int]

    @classmethod
    def of(cls, volume: Volume) -> "FieldOfView":
        return cls(volume.affine, volume.shape)

    def covers(self, point: ArrayLike, margin_mm: float = 0.0) -> bool:
        """True where ``point`` lies inside the images, at least ``margin_mm`` from their edge."""
        index = lps_to_index(self.affine, point)[::-1]
        margin = margin_mm / np.linalg.norm(self.affine[:3, :3], axis=0)[::-1]
        upper = np.array(self.shape) - 0.5
        return bool(((index >= margin - 0.5) & (index <= upper - margin)).all())


class PlaceUptake(StrEnum):
    BACKGROUND = "no uptake above the surroundings"
    RAISED = "uptake above the surroundings"
    COLD = "colder than the surroundings"
    UNKNOWN = "not looked at"


@dataclass(frozen=True)
class PlaceReading:
    """``contrast``: highest 1 mL mean of the place over the upper quartile of what surrounds it, unitless."""

    uptake: PlaceUptake = PlaceUptake.UNKNOWN
    contrast: float | None = None
    physiologic: str = ""


def is_assessable(long_axis_mm: float | None, volume_ml: float | None) -> bool | None:
    """At least 10 mm, or at least 1 mL where no length is known; None where neither is known."""
    if long_axis_mm is not None:
        return long_axis_mm >= SMALLEST_ASSESSABLE_MM
    return None if volume_ml is None else volume_ml >= SMALLEST_ASSESSABLE_ML


def read_place(
    volume: Volume, centre_lps: Point, radius_mm: float, *, ignoring: Sequence[Mask] = (), physiologic: str = ""
) -> PlaceReading:
    """What ``volume`` (any unit) shows within ``radius_mm`` of a place, against the shell 6 to 18 mm outside it.

    ``ignoring``: regions that are accounted for already; ``physiologic``: the organ the place lies in, if any.
    A place that the images do not hold, or whose surroundings hold nothing, is UNKNOWN.
    """
    try:
        wide = voi.sphere(volume, centre_lps, radius_mm + _SHELL_MM[1])
        near = voi.sphere(volume, centre_lps, max(radius_mm, uptake.PEAK_RADIUS_MM))
    except MeasurementRefused:
        return PlaceReading(PlaceUptake.UNKNOWN, None, physiologic)
    values = volume.crop(wide.bounds)
    z, y, x = np.meshgrid(
        *(np.arange(a, b) for a, b in zip(wide.bounds.start, wide.bounds.stop, strict=True)), indexing="ij"
    )
    away = np.linalg.norm(index_to_lps(volume.affine, np.stack([x, y, z], axis=-1)) - np.asarray(centre_lps), axis=-1)
    free = ~_taken(wide, ignoring)
    shell = values[(away > radius_mm + _SHELL_MM[0]) & (away <= radius_mm + _SHELL_MM[1]) & free & wide.voxels]
    inside = near.voxels & ~_taken(near, ignoring)
    if shell.size < 20 or not inside.any() or float(np.quantile(shell, 0.75)) <= 0:
        return PlaceReading(PlaceUptake.UNKNOWN, None, physiologic)
    contrast = float(uptake.peak_means(volume, near.bounds)[inside].max() / np.quantile(shell, 0.75))
    middle = float(volume.crop(near.bounds)[inside].mean() / max(float(np.median(shell)), 1e-12))
    return PlaceReading(_reading(contrast, middle), contrast, physiologic)


def _reading(contrast: float, middle: float) -> PlaceUptake:
    if contrast >= RAISED_FROM:
        return PlaceUptake.RAISED
    return PlaceUptake.COLD if middle <= COLD_UP_TO else PlaceUptake.BACKGROUND


def _taken(around: Mask, regions: Sequence[Mask]) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    """Voxels of ``around``'s box that belong to one of ``regions``."""
    taken = np.zeros(around.bounds.shape, dtype=np.bool_)
    for region in regions:
        low = np.maximum(around.bounds.start, region.bounds.start)
        high = np.minimum(around.bounds.stop, region.bounds.stop)
        if (high <= low).any():
            continue
        here = tuple(slice(a - s, b - s) for a, b, s in zip(low, high, around.bounds.start, strict=True))
        there = tuple(slice(a - s, b - s) for a, b, s in zip(low, high, region.bounds.start, strict=True))
        taken[here] |= region.voxels[there]
    return taken
