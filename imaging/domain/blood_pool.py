"""Blood pool in the descending thoracic aorta, which needs a CT to be told from its surroundings.

On CT the aorta lies left and in front of the vertebrae, beside the left lung. It runs straight for several centimetres:
the median uptake along z is taken for every line there that stays in soft tissue, and the highest line is the aorta's
axis (blood is hotter than muscle and mediastinum; a median passes over a node beside it).
"""

import numpy as np

from imaging.domain.coarse import Coarse, Voxels
from imaging.domain.errors import MeasurementRefused
from imaging.domain.landmarks import Landmarks
from imaging.domain.liver import LiverTissue
from imaging.domain.reference_region import Reference, ReferenceRules, measured
from imaging.domain.splitting import edge_distance
from imaging.domain.volume import Volume

_BONE_HU = 130.0
_SOFT_HU = (-20.0, 400.0)  # up to contrast-filled blood
_STRETCH_MM = 60.0
_ABOVE_DOME_MM = 15.0
_LEFT_MM = (8.0, 45.0)  # of the vertebrae
_FRONT_MM = (5.0, 60.0)  # in front of the middle of the bone
_WALL_MM = 6.0


def find_blood_pool(
    pet: Volume, image: Coarse, found: Landmarks, liver: LiverTissue | None, rules: ReferenceRules
) -> Reference:
    """The 1 cm sphere in the descending aorta. Raises ``MeasurementRefused``."""
    if image.hu is None or found.left_lung is None:
        raise MeasurementRefused("reference_needs_ct", organ="blood pool")
    if liver is None:
        raise MeasurementRefused("reference_needs_liver", organ="blood pool")
    lung = image.z_mm[np.flatnonzero(found.left_lung.any(axis=(1, 2)))]
    low = max(liver.top_mm + _ABOVE_DOME_MM, float(lung[0]))
    slices = np.flatnonzero((image.z_mm >= low) & (image.z_mm <= min(low + _STRETCH_MM, float(lung[-1]))))
    if not slices.size:
        raise MeasurementRefused("reference_organ_not_found", organ="blood pool")
    depth = slice(int(slices[0]), int(slices[-1]) + 1)
    lines = _soft_lines(image, found, depth)
    if not lines.any():
        raise MeasurementRefused("reference_organ_not_found", organ="blood pool")
    uptake = np.median(image.blurred(5.0)[depth], axis=0)
    j, i = np.unravel_index(int(np.where(lines, uptake, -np.inf).argmax()), lines.shape)
    x, y, z = image.lps((int(slices[slices.size // 2]), int(j), int(i)))
    return measured(pet, "blood pool", (float(x), float(y), float(z)), rules.blood_pool_radius_mm, rules)


def _soft_lines(image: Coarse, found: Landmarks, depth: slice) -> Voxels:
    """Lines along z, boolean [y, x], that lie beside the vertebrae and inside soft tissue in nearly every slice."""
    assert image.hu is not None
    hu, middle = image.hu[depth], found.midline_mm[depth]
    off = image.x_mm[None, None, :] - middle[:, None, None]
    half = (found.front_mm + found.back_mm)[depth, None, None] / 2
    bone = (hu > _BONE_HU) & (np.abs(off) < 30) & (image.y_mm[None, :, None] > half)
    if not bone.any():
        return np.zeros(hu.shape[1:], dtype=bool)
    _, y, x = np.nonzero(bone)
    left = image.x_mm - float(np.median(image.x_mm[x]))
    front = float(np.median(image.y_mm[y])) - image.y_mm
    beside = (left >= _LEFT_MM[0]) & (left <= _LEFT_MM[1])
    ahead = (front >= _FRONT_MM[0]) & (front <= _FRONT_MM[1])
    soft = (hu > _SOFT_HU[0]) & (hu < _SOFT_HU[1]) & ~bone
    inner = edge_distance(soft, image.spacing) >= _WALL_MM
    return np.asarray((inner.mean(axis=0) >= 0.8) & beside[None, :] & ahead[:, None])
