"""The spleen on an SSTR PET: the hot organ on the left, level with the liver, with no hot partner on the right.

The left kidney is hot too and often touches the spleen without a seam; it lies lower and has a partner on the other
side, so the sphere is centred no lower than the middle of the liver. Without a spleen nothing is taken for it.
"""

import numpy as np

from imaging.domain.coarse import Coarse, Image, Voxels
from imaging.domain.errors import MeasurementRefused
from imaging.domain.landmarks import Landmarks, left_of_midline_mm, parts
from imaging.domain.liver import LiverTissue
from imaging.domain.reference_region import TISSUE_FWHM_MM, Reference, ReferenceRules, place_sphere
from imaging.domain.splitting import Rule, box_around, edge_distance, split
from imaging.domain.volume import Volume

_OFF_MIDLINE_MM = 35.0
_ABOVE_LIVER_TOP_MM = 60.0
_BELOW_LIVER_MIDDLE_MM = 35.0
_PARTNER_SHARE = 0.6
_SEAM = 1.15
_PART_ML = 8.0


def find_spleen(
    pet: Volume, image: Coarse, found: Landmarks, liver: LiverTissue | None, rules: ReferenceRules
) -> Reference:
    """The 2 to 3 cm sphere in the spleen. Raises ``MeasurementRefused``."""
    if rules.spleen_over_liver is None:
        raise MeasurementRefused("reference_needs_sstr", organ="spleen")
    if liver is None:
        raise MeasurementRefused("reference_needs_liver", organ="spleen")
    fine = image.blurred(TISSUE_FWHM_MM)
    hot = found.body & (fine >= rules.spleen_over_liver * liver.level)
    upper = hot & (left_of_midline_mm(image, found) > 0) & _is_level_with_liver(image, liver)[:, None, None]
    spleen = max(
        (p for p in _parts(image, fine, upper, rules) if _is_lone_and_lateral(image, found, fine, p)),
        key=lambda part: int(part.sum()),
        default=None,
    )
    if spleen is None:
        raise MeasurementRefused("reference_organ_not_found", organ="spleen")
    depth = edge_distance(hot, image.spacing)
    level = float(np.median(image.suv[spleen & (depth >= 0.6 * depth[spleen].max())]))
    tissue = hot & (np.abs(fine / np.float32(level) - 1) <= rules.tissue_window)
    radii = rules.spleen_radii_mm
    return place_sphere(pet, image, organ="spleen", tissue=tissue, allowed=spleen, radii_mm=radii, rules=rules)


def _is_level_with_liver(image: Coarse, liver: LiverTissue) -> Voxels:
    low, high = liver.middle_mm - _BELOW_LIVER_MIDDLE_MM, liver.top_mm + _ABOVE_LIVER_TOP_MM
    return (image.z_mm >= low) & (image.z_mm <= high)


def _parts(image: Coarse, fine: Image, hot: Voxels, rules: ReferenceRules) -> list[Voxels]:
    """Large hot regions; those that touch at a colder seam are separated."""
    labels, sizes = parts(hot)
    rule = Rule(_SEAM, max(1, round(_PART_ML / image.voxel_ml)))
    found = []
    for label in 1 + np.flatnonzero(sizes * image.voxel_ml >= rules.spleen_smallest_ml):
        voxels = np.asarray(labels == label)
        box = box_around(voxels)
        for part in split(fine[box], voxels[box], image.spacing, rule):
            if part.sum() * image.voxel_ml >= rules.spleen_smallest_ml:
                whole = np.zeros(hot.shape, dtype=bool)
                whole[box] = part
                found.append(whole)
    return found


def _is_lone_and_lateral(image: Coarse, found: Landmarks, fine: Image, part: Voxels) -> bool:
    """Well to the left, and the same place on the right is much colder: there is no spleen on the right."""
    z, y, x = np.nonzero(part)
    off = image.x_mm[x] - found.midline_mm[z]
    mirrored = np.abs(image.x_mm[None, :] - (found.midline_mm[z] - off)[:, None]).argmin(axis=1)
    is_lone = fine[z, y, mirrored].mean() <= _PARTNER_SHARE * fine[part].mean()
    return bool(is_lone and off.mean() >= _OFF_MIDLINE_MM)
