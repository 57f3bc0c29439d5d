"""Separating the structures of one component: along colder seams, at necks, and off a hot organ's own outline."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from imaging.domain.regions import share_by_nearness, spacing_zyx
from imaging.domain.splitting import Field, Rule, Voxels, edge_distance, is_near, split
from imaging.domain.voi import Mask
from imaging.domain.volume import Bounds, Volume


@dataclass(frozen=True)
class FociRules:
    """Every parameter of the finder; all local conventions except the threshold, which the specification sets."""

    deviations: float = 2.0
    peak_deviations_in_liver: float = 4.0
    smallest_ml: float = 0.1
    smallest_voxels: int = 2
    most: int = 300
    seam: float = 1.4  # peak over seam at which two hot structures are told apart
    seam_smallest_ml: float = 0.2
    seam_blur_mm: float = 4.0
    seam_from_ml: float = 0.5
    neck: float = 2.0  # half width of the smaller body over that of the neck
    neck_of_organs: float = 1.15
    neck_from_ml: float = 4.0
    organs_from_ml: float = 150.0
    separate_up_to_voxels: int = 12_000_000  # of its box: more would not fit the memory of a worker
    core_share: float = 0.41  # of the maximum: the outline of a hot organ
    core_reach_mm: float = 8.0  # how far blur carries its edge


SSTR = FociRules()


def separated(pet: Volume, mask: Mask, rules: FociRules = SSTR) -> Iterator[Mask]:
    """The parts of a component: first along colder seams, then at necks. One that fills half a body stays whole."""
    if mask.voxels.size > rules.separate_up_to_voxels:
        yield mask
        return
    spacing, voxel_ml = spacing_zyx(pet), pet.voxel_volume_ml
    for part in _along_seams(pet, mask, rules):
        volume_ml = float(part.sum()) * voxel_ml
        neck = rules.neck_of_organs if volume_ml >= rules.organs_from_ml else rules.neck
        smallest = max(1, round(1.0 / voxel_ml)) if volume_ml >= rules.organs_from_ml else 1
        pieces = [part]
        if volume_ml >= rules.neck_from_ml:
            pieces = split(edge_distance(part, spacing), part, spacing, Rule(neck, smallest))
        for piece in pieces:
            for rest in _standing_off(pet, mask.bounds, piece, rules):
                yield Mask(mask.bounds, rest, mask.is_clipped).trimmed()


def _standing_off(pet: Volume, bounds: Bounds, part: Voxels, rules: FociRules) -> list[Voxels]:
    """A hot organ's own outline, and what reaches farther from it than blur does: a colder neighbour without a seam."""
    from scipy import ndimage

    spacing = spacing_zyx(pet)
    suv = np.where(part, pet.crop(bounds), 0)
    core = suv >= rules.core_share * suv.max()
    far = part & ~is_near(core, spacing, rules.core_reach_mm)
    labels, count = ndimage.label(far, structure=np.ones((3, 3, 3), dtype=int))
    smallest = max(rules.smallest_voxels, int(np.ceil(rules.smallest_ml / pet.voxel_volume_ml)))
    big = 1 + np.flatnonzero(np.bincount(labels.ravel(), minlength=count + 1)[1:] >= smallest)
    if not big.size:
        return [part]
    markers = core.astype(np.int32)
    for number, label in enumerate(big, start=2):
        markers[labels == label] = number
    owner = share_by_nearness(part, markers, spacing)
    return [owner == number for number in range(1, len(big) + 2)]


def _along_seams(pet: Volume, mask: Mask, rules: FociRules) -> list[Voxels]:
    if float(mask.voxels.sum()) * pet.voxel_volume_ml < rules.seam_from_ml:
        return [mask.voxels]
    smallest = max(1, round(rules.seam_smallest_ml / pet.voxel_volume_ml))
    return split(
        _blurred(pet, mask.bounds, rules.seam_blur_mm), mask.voxels, spacing_zyx(pet), Rule(rules.seam, smallest)
    )


def _blurred(pet: Volume, bounds: Bounds, fwhm_mm: float) -> Field:
    """SUV of a box after a blur that also sees what lies around the box."""
    from scipy import ndimage

    sigma = [fwhm_mm / 2.3548 / s for s in spacing_zyx(pet)]
    margin = [int(np.ceil(3 * s)) for s in sigma]
    low = [max(0, a - m) for a, m in zip(bounds.start, margin, strict=True)]
    high = [min(n, b + m) for b, m, n in zip(bounds.stop, margin, pet.shape, strict=True)]
    wide = Bounds((low[0], low[1], low[2]), (high[0], high[1], high[2]))
    blurred = ndimage.gaussian_filter(pet.crop(wide), sigma)
    inner = tuple(slice(a - b, a - b + n) for a, b, n in zip(bounds.start, low, bounds.shape, strict=True))
    return np.asarray(blurred[inner])
