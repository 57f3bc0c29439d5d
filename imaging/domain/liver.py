"""The liver on a PET: the largest homogeneous region well above the body's uptake, on the patient's right.

With CT it must also lie at or below the base of the right lung. Metastases, hot or cold, drop out of the tissue because
they differ from its level; a liver without a homogeneous part is refused with its CoV.
"""

from dataclasses import dataclass

import numpy as np

from imaging.domain.coarse import Coarse, Image, Voxels
from imaging.domain.errors import MeasurementRefused
from imaging.domain.landmarks import Landmarks, left_of_midline_mm, parts
from imaging.domain.reference_region import (
    TISSUE_FWHM_MM,
    Reference,
    ReferenceRules,
    homogeneous,
    place_sphere,
)
from imaging.domain.splitting import edge_distance, is_near
from imaging.domain.volume import Volume

_SURROUND_SD_MM = 7.0  # about the reach of a 3 cm sphere
_OFF_MIDLINE_MM = 20.0
_BELOW_LUNG_MM = 40.0
_SOFT_HU = (-30.0, 250.0)
_LIVER_AT_LEAST_ML = 250.0
_SPOT_MM = 10.0
_RIM_MM = 5.0
_BRIDGE_MM = 8.0


@dataclass(frozen=True, eq=False)
class LiverTissue:
    """``tissue``: homogeneous liver, boolean [z, y, x] of the coarse grid; ``region``: with the spots inside it;
    ``level`` its median SUV, ``sd`` its SD over the whole organ;
    ``top_mm``, ``middle_mm``, ``bottom_mm`` along z."""

    tissue: Voxels
    region: Voxels
    level: float
    sd: float
    top_mm: float
    middle_mm: float
    bottom_mm: float


def find_liver(image: Coarse, found: Landmarks, rules: ReferenceRules) -> LiverTissue:
    """Raises ``MeasurementRefused``: no region that could be the liver, or one that is nowhere homogeneous."""
    is_even, mean = homogeneous(image, _SURROUND_SD_MM, rules.cov_limit)
    hot = found.body & (mean >= rules.liver_over_body * found.background_suv)
    if image.hu is not None:
        hot &= (image.hu > _SOFT_HU[0]) & (image.hu < _SOFT_HU[1])
    core = _on_the_right(image, found, _opened(image, hot & is_even, _BRIDGE_MM), rules.liver_smallest_ml)
    if core is None:
        raise _without_even_part(image, found, hot, mean, rules)
    level = float(np.median(image.suv[core]))
    fine = image.blurred(TISSUE_FWHM_MM)
    near = found.body & (np.abs(fine / np.float32(level) - 1) <= rules.tissue_window)
    labels, _ = parts(_opened(image, near, _BRIDGE_MM))
    held = np.bincount(labels[core], minlength=2)
    held[0] = 0
    if not held.any():
        raise _without_even_part(image, found, hot, mean, rules)
    tissue = np.asarray(labels == int(held.argmax()))
    z = image.z_mm[np.nonzero(tissue)[0]]
    bottom, middle, top = (float(v) for v in np.percentile(z, (1, 50, 99)))
    sd = float(image.suv[tissue].std())
    return LiverTissue(tissue, _filled(image, tissue), level, sd, top, middle, bottom)


def liver_reference(
    pet: Volume, image: Coarse, found: Landmarks, liver: LiverTissue, rules: ReferenceRules
) -> Reference:
    """The 3 cm sphere in the right lobe. Raises ``MeasurementRefused``."""
    right_lobe = liver.tissue & (left_of_midline_mm(image, found) <= -rules.right_lobe_mm)
    radii = (rules.liver_radius_mm,)
    return place_sphere(pet, image, organ="liver", tissue=liver.tissue, allowed=right_lobe, radii_mm=radii, rules=rules)


def _opened(image: Coarse, voxels: Voxels, by_mm: float) -> Voxels:
    """Without what is thinner than twice ``by_mm``: bridges to other organs of the same uptake."""
    core = edge_distance(voxels, image.spacing) > by_mm
    return is_near(np.asarray(core), image.spacing, by_mm)


def _filled(image: Coarse, tissue: Voxels) -> Voxels:
    """The tissue with spots of up to about 2 cm in it, hot or cold, counted in, and with its rim."""
    grown = is_near(tissue, image.spacing, _SPOT_MM)
    return np.asarray(edge_distance(grown, image.spacing) > _SPOT_MM - _RIM_MM)


def _on_the_right(image: Coarse, found: Landmarks, voxels: Voxels, smallest_ml: float) -> Voxels | None:
    """The largest part whose middle lies right of the midline and, where lungs are known, at the right lung's base."""
    labels, sizes = parts(voxels)
    left = np.broadcast_to(left_of_midline_mm(image, found), voxels.shape)
    for label in 1 + np.argsort(-sizes, kind="stable"):
        if sizes[label - 1] * image.voxel_ml < smallest_ml:
            return None
        part = np.asarray(labels == label)
        if left[part].mean() <= -_OFF_MIDLINE_MM and _is_at_lung_base(image, found, part):
            return part
    return None


def _is_at_lung_base(image: Coarse, found: Landmarks, part: Voxels) -> bool:
    if found.right_lung is None:
        return True
    base = float(image.z_mm[np.flatnonzero(found.right_lung.any(axis=(1, 2)))[0]])
    z = image.z_mm[np.flatnonzero(part.any(axis=(1, 2)))]
    return bool(z[-1] >= base - _BELOW_LUNG_MM and z[0] <= base + _BELOW_LUNG_MM)


def _without_even_part(
    image: Coarse, found: Landmarks, hot: Voxels, mean: Image, rules: ReferenceRules
) -> MeasurementRefused:
    """Why there is no liver reference: nothing large and hot on the right, or its middle is not even. The middle is the
    place deepest inside it; the CoV is that of about 3 cm there."""
    right = hot & (left_of_midline_mm(image, found) <= -_OFF_MIDLINE_MM)
    labels, sizes = parts(right)
    if not sizes.size or sizes.max() * image.voxel_ml < _LIVER_AT_LEAST_ML:
        return MeasurementRefused("reference_organ_not_found", organ="liver")
    depth = edge_distance(np.asarray(labels == 1 + int(sizes.argmax())), image.spacing)
    middle = np.unravel_index(int(depth.argmax()), depth.shape)
    square = _mean_around(image, image.suv**2)
    cov = float(np.sqrt(max(square[middle] - mean[middle] ** 2, 0)) / mean[middle])
    if cov <= rules.cov_limit:
        return MeasurementRefused("reference_organ_not_found", organ="liver")
    numbers = {"cov": f"{100 * cov:.0f}", "limit": f"{100 * rules.cov_limit:.0f}"}
    return MeasurementRefused("reference_not_homogeneous", organ="liver", **numbers)


def _mean_around(image: Coarse, values: Image) -> Image:
    from scipy import ndimage

    return np.asarray(ndimage.gaussian_filter(values, [_SURROUND_SD_MM / s for s in image.spacing]))
