"""Outlines by threshold: the connected part of a search region that is hot enough.

The outline never leaves the search region, so it cannot leak into a neighbour.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from imaging.domain.errors import MeasurementRefused
from imaging.domain.voi import Mask
from imaging.domain.volume import Volume


def percent_of_max(volume: Volume, within: Mask, percent: float) -> Mask:
    """The iso-contour at ``percent`` (0-100) of the highest SUV inside ``within``. Raises ``MeasurementRefused``."""
    if not 0 < percent <= 100:
        raise MeasurementRefused("threshold_invalid", found=f"{percent} %")
    return iso_contour(volume, within, percent / 100 * float(volume.crop(within.bounds)[within.voxels].max()))


def liver_threshold(mean: float, sd: float, deviations: float = 2.0) -> float:
    """SUV of the liver reference mean plus ``deviations`` standard deviations."""
    if not (np.isfinite([mean, sd]).all() and mean > 0 and sd >= 0):
        raise MeasurementRefused("threshold_invalid", found=f"{mean} + {deviations} x {sd}")
    return mean + deviations * sd


def iso_contour(volume: Volume, within: Mask, threshold_suv: float) -> Mask:
    """Voxels of ``within`` at or above ``threshold_suv`` (SUV) that touch its hottest voxel (26 neighbours).

    Raises ``MeasurementRefused`` for a threshold that is not a positive number or that no voxel reaches.
    """
    if not np.isfinite(threshold_suv) or threshold_suv <= 0:
        raise MeasurementRefused("threshold_invalid", found=threshold_suv)
    suv = np.where(within.voxels, volume.crop(within.bounds), -np.inf)
    hottest = np.unravel_index(int(suv.argmax()), suv.shape)
    # A voxel that reads as the threshold reaches it: compare in the precision of the image.
    hot = suv >= np.float32(threshold_suv)
    if not hot[hottest]:
        raise MeasurementRefused("nothing_above_threshold", found=f"SUV {threshold_suv:.2f}")
    labels = _components(hot)
    return Mask(within.bounds, labels == labels[hottest], within.is_clipped).trimmed()


def _components(hot: NDArray[np.bool_]) -> NDArray[Any]:
    from scipy import ndimage

    labels, _ = ndimage.label(hot, structure=np.ones((3, 3, 3), dtype=int))
    return np.asarray(labels)
