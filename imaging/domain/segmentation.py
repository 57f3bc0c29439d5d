"""Outlines by threshold: the connected part of a search region that is hot enough.

The outline never leaves the search region, so it cannot leak into a neighbour. A voxel whose float32 SUV reads as the
threshold reaches it. Neighbours are the 26 around a voxel.
"""

import numpy as np
from numpy.typing import ArrayLike

from imaging.domain.errors import MeasurementRefused
from imaging.domain.geometry import lps_to_index
from imaging.domain.thresholds import highest, reaches
from imaging.domain.voi import Mask, sphere
from imaging.domain.volume import Bounds, Index, Volume

METHOD_VERSION = "segmentation/1.1"

# 41 and 50 % are common for FDG; 45 % followed CT volume best on SSTR PET ([18F]SiTATE nodes): clinical.md 1.8.
PERCENTS = (41.0, 45.0, 50.0)
_EVERY_NEIGHBOUR = np.ones((3, 3, 3), dtype=int)


def percent_of_max(volume: Volume, within: Mask, percent: float) -> Mask:
    """The iso-contour at ``percent`` (0-100) of the highest SUV inside ``within``. Raises ``MeasurementRefused``."""
    return iso_contour(volume, within, share_of_max(volume, within, percent))


def share_of_max(volume: Volume, within: Mask, percent: float) -> float:
    """SUV that is ``percent`` (0-100) of the highest inside ``within``. Raises ``MeasurementRefused``."""
    if not 0 < percent <= 100:
        raise MeasurementRefused("threshold_invalid", found=f"{percent} %")
    return percent / 100 * highest(volume, within.bounds, within.voxels)


def liver_threshold(mean: float, sd: float, deviations: float = 2.0) -> float:
    """SUV of the liver reference mean plus ``deviations`` standard deviations."""
    if not (np.isfinite([mean, sd]).all() and mean > 0 and sd >= 0):
        raise MeasurementRefused("threshold_invalid", found=f"{mean} + {deviations} x {sd}")
    return mean + deviations * sd


def iso_contour(volume: Volume, within: Mask, threshold_suv: float) -> Mask:
    """Voxels of ``within`` at or above ``threshold_suv`` (SUV) that touch its hottest voxel (26 neighbours).

    Raises ``MeasurementRefused`` for a threshold that is not a positive number or that no voxel reaches.
    """
    return _connected(above(volume, within, threshold_suv), hottest_index(volume, within))


def above(volume: Volume, within: Mask, threshold_suv: float) -> Mask:
    """Every voxel of ``within`` at or above ``threshold_suv`` (SUV), connected or not: the threshold inside a box.

    Raises ``MeasurementRefused`` for a threshold that is not a positive number or that no voxel reaches.
    """
    hot = within.voxels & reaches(volume, within.bounds, threshold_suv)
    if not hot.any():
        raise MeasurementRefused("nothing_above_threshold", found=f"SUV {threshold_suv:.2f}")
    return Mask(within.bounds, hot, within.is_clipped).trimmed()


def grow(volume: Volume, within: Mask, seed: Index, threshold_suv: float) -> Mask:
    """Region growing: voxels of ``within`` at or above ``threshold_suv`` (SUV) connected to ``seed`` (z, y, x).

    Raises ``MeasurementRefused`` where the seed lies outside ``within`` or is below the threshold.
    """
    at = tuple(i - a for i, a in zip(seed, within.bounds.start, strict=True))
    if any(i < 0 or i >= n for i, n in zip(at, within.voxels.shape, strict=True)) or not within.voxels[at]:
        raise MeasurementRefused("seed_outside_region")
    hot = within.voxels & reaches(volume, within.bounds, threshold_suv)
    if not hot[at]:
        raise MeasurementRefused("seed_below_threshold", found=f"SUV {threshold_suv:.2f}")
    return _connected(Mask(within.bounds, hot, within.is_clipped).trimmed(), seed)


def grow_from(
    volume: Volume,
    seed_lps: ArrayLike,
    *,
    search_radius_mm: float,
    percent: float | None = None,
    threshold_suv: float | None = None,
) -> Mask:
    """Region growing from a point (LPS mm) inside a sphere around it, so that it cannot leak.

    Give ``percent`` of the highest SUV in the sphere (the region then holds that voxel), or ``threshold_suv`` (a
    fixed SUV, or ``liver_threshold``; the region then holds the point). Raises ``MeasurementRefused``.
    """
    within = sphere(volume, seed_lps, search_radius_mm)
    if percent is not None:
        return percent_of_max(volume, within, percent)
    if threshold_suv is None:
        raise MeasurementRefused("threshold_invalid", found="(none)")
    return grow(volume, within, voxel_at(volume, seed_lps), threshold_suv)


def voxel_at(volume: Volume, point_lps: ArrayLike) -> Index:
    """The voxel (z, y, x) whose centre is nearest to a point in LPS mm. Raises ``MeasurementRefused`` outside."""
    x, y, z = (int(n) for n in np.rint(lps_to_index(volume.affine, point_lps)))
    if any(i < 0 or i >= n for i, n in zip((z, y, x), volume.shape, strict=True)):
        raise MeasurementRefused("voi_outside_volume")
    return z, y, x


def hottest_index(volume: Volume, within: Mask) -> Index:
    """The voxel (z, y, x) of ``within`` with the highest SUV; of several, the first. Raises ``MeasurementRefused``."""
    if not within.voxels.any():
        raise MeasurementRefused("voi_empty")
    suv = np.where(within.voxels, volume.crop(within.bounds), -np.inf)
    place = np.unravel_index(int(suv.argmax()), suv.shape)
    z, y, x = (int(i + a) for i, a in zip(place, within.bounds.start, strict=True))
    return z, y, x


def _connected(hot: Mask, seed: Index) -> Mask:
    """The component of ``hot``, a trimmed mask, that holds ``seed`` (z, y, x)."""
    from scipy import ndimage

    labels, count = ndimage.label(hot.voxels, structure=_EVERY_NEIGHBOUR)
    if count == 1:
        return hot
    start = hot.bounds.start
    label = int(labels[seed[0] - start[0], seed[1] - start[1], seed[2] - start[2]])
    inner: tuple[slice, slice, slice] = ndimage.find_objects(labels, label)[label - 1]
    low = [a + part.start for a, part in zip(start, inner, strict=True)]
    high = [a + part.stop for a, part in zip(start, inner, strict=True)]
    bounds = Bounds((low[0], low[1], low[2]), (high[0], high[1], high[2]))
    return Mask(bounds, labels[inner] == label, hot.is_clipped)
