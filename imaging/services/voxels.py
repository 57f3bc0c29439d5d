"""The voxels of a region on a volume, however it was drawn."""

from imaging import masks
from imaging.domain import segmentation, uptake
from imaging.domain.errors import Caution, ImagingRefusal, MeasurementRefused
from imaging.domain.voi import Mask, sphere
from imaging.domain.volume import Volume
from imaging.models import Voi


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
    return segmentation.iso_contour(volume, within, _liver_threshold(volume, liver))


def centre_of(voi: Voi) -> tuple[float, float, float]:
    return float(voi.centre_x_mm), float(voi.centre_y_mm), float(voi.centre_z_mm)


def _liver_threshold(volume: Volume, liver: Voi | None) -> float:
    if liver is None:
        raise MeasurementRefused("liver_reference_missing")
    try:
        found = uptake.intensity(volume, mask_of(volume, liver, None))
    except ImagingRefusal as refusal:
        raise MeasurementRefused("liver_reference_unusable") from refusal
    return segmentation.liver_threshold(found.suv_mean, found.suv_sd)
