"""The voxels of a region on a volume, however it was drawn."""

from collections.abc import Sequence

import numpy as np

from imaging import digests, masks, selectors, volumes
from imaging.domain import segmentation, uptake
from imaging.domain.errors import Caution, ImagingRefusal, MeasurementRefused
from imaging.domain.geometry import Near, index_to_lps
from imaging.domain.voi import Mask, sphere
from imaging.domain.volume import Bounds, Volume
from imaging.models import Scan, Voi
from imaging.refused import Refused

BEYOND_MM = 20.0  # past a region: the sphere of SUVpeak, and voxels that come from another grid


def mask_of(volume: Volume, voi: Voi, liver: Voi | None) -> Mask:
    """Contours never leave the sphere they were placed in; outlines are stored voxel by voxel."""
    return region_of(volume, voi, liver)[0]


def region_of(volume: Volume, voi: Voi, liver: Voi | None) -> tuple[Mask, tuple[Caution, ...]]:
    """The voxels, and what to know about how they came onto this volume."""
    if voi.method != Voi.Method.MASK:
        return _contour(volume, voi, liver), ()
    placed = masks.place(masks.load(voi.mask_sha256), volume)
    return placed.mask, placed.warnings


def _contour(volume: Volume, voi: Voi, liver: Voi | None) -> Mask:
    within = sphere(volume, centre_of(voi), float(voi.radius_mm))
    if voi.method == Voi.Method.SPHERE:
        return within
    if voi.method == Voi.Method.PERCENT_OF_MAX:
        return segmentation.percent_of_max(volume, within, float(voi.parameter))
    if voi.method == Voi.Method.FIXED_SUV:
        return segmentation.iso_contour(volume, within, float(voi.parameter))
    return segmentation.iso_contour(volume, within, suv_above_liver(volume, liver))


def centre_of(voi: Voi) -> tuple[float, float, float]:
    return float(voi.centre_x_mm), float(voi.centre_y_mm), float(voi.centre_z_mm)


def reach_of(voi: Voi, liver: Voi | None, beyond_mm: float) -> list[Near]:
    """Where the images are needed to measure or change this region, ``beyond_mm`` past its edge."""
    is_outline = voi.method == Voi.Method.MASK
    near = _around_voxels(voi, beyond_mm) if is_outline else [(centre_of(voi), float(voi.radius_mm) + beyond_mm)]
    if digests.follows_liver(voi) and liver is not None:
        near += reach_of(liver, None, beyond_mm)
    return near


def voxels_of(voi: Voi, volume: Volume) -> Mask:
    """Today's voxels of a region on this volume."""
    vois = list(Voi.objects.filter(scan=voi.scan))
    return mask_of(volume, voi, digests.liver_reference(vois).voi)


def open_volume(scan: Scan, near: Sequence[Near] = ()) -> Volume:
    """The SUV volume of a scan, whole or read where it is ``near``. Raises ``Refused`` where there is none today."""
    found = selectors.current_suv(scan.pet_series)
    if found.result is None or found.result.refusal_code:
        raise Refused("scan_without_suv")
    return volumes.load_volume(scan.pet_series, found.result, near=near)


def open_around(*vois: Voi, beyond_mm: float = BEYOND_MM) -> Volume:
    """The SUV volume of these regions' scan, read as far as they and ``beyond_mm`` more reach."""
    scan = vois[0].scan
    liver = digests.liver_reference(Voi.objects.filter(scan=scan)).voi
    return open_volume(scan, [near for voi in vois for near in reach_of(voi, liver, beyond_mm)])


def _around_voxels(voi: Voi, beyond_mm: float) -> list[Near]:
    """From the stored voxels, not from the centre and radius that are shown: those may have come with a proposal.

    Around each part, so that what lies between two parts far from each other is not read.
    """
    stored = masks.load(voi.mask_sha256)
    return [_around_box(stored.affine, part.bounds, beyond_mm) for part in stored.mask.parts()]


def _around_box(affine, bounds: Bounds, beyond_mm: float) -> Near:
    start, stop = bounds.start[::-1], bounds.stop[::-1]
    corners = index_to_lps(affine, [np.asarray(start) - 0.5, np.asarray(stop) - 0.5])
    return corners.mean(axis=0), _longest_half(affine, start, stop) + beyond_mm


def _longest_half(affine, start, stop) -> float:
    """Half the longest diagonal of a box, whichever way its grid is turned or sheared."""
    sides = affine[:3, :3] * (np.asarray(stop) - np.asarray(start))
    signs = np.array([[1, 1, 1], [1, 1, -1], [1, -1, 1], [1, -1, -1]])
    return 0.5 * float(np.linalg.norm(signs @ sides.T, axis=1).max())


def suv_above_liver(volume: Volume, liver: Voi | None) -> float:
    """Mean plus two standard deviations of a liver region on this volume."""
    if liver is None:
        raise MeasurementRefused("liver_reference_missing")
    try:
        found = uptake.intensity(volume, mask_of(volume, liver, None))
    except ImagingRefusal as refusal:
        raise MeasurementRefused("liver_reference_unusable") from refusal
    return segmentation.liver_threshold(found.suv_mean, found.suv_sd)
