"""Where a region lies and how large it is: its middle, its reach, its longest diameter."""

import numpy as np

from imaging.domain.errors import MeasurementRefused
from imaging.domain.geometry import FloatArray, index_to_lps
from imaging.domain.voi import Mask
from imaging.domain.volume import Volume


def centroid(mask: Mask, volume: Volume) -> FloatArray:
    """Mean of the voxel centres, LPS mm. Raises ``MeasurementRefused`` for a region without voxels."""
    mean: FloatArray = voxel_centres(mask, volume).mean(axis=0)
    return mean


def extent(mask: Mask, volume: Volume) -> tuple[FloatArray, float]:
    """Centroid (LPS mm) and the radius in mm of the sphere around it that holds every voxel, edges included."""
    centres = voxel_centres(mask, volume)
    middle: FloatArray = centres.mean(axis=0)
    half_voxel = 0.5 * float(np.linalg.norm(volume.spacing))
    return middle, float(np.sqrt(((centres - middle) ** 2).sum(axis=1).max())) + half_voxel


def voxel_centres(mask: Mask, volume: Volume) -> FloatArray:
    """LPS mm of every voxel centre, shape (n, 3). Raises ``MeasurementRefused`` for a region without voxels."""
    z, y, x = np.nonzero(mask.voxels)
    if not z.size:
        raise MeasurementRefused("voi_empty")
    start = mask.bounds.start
    return index_to_lps(volume.affine, np.stack([x + start[2], y + start[1], z + start[0]], axis=-1))
