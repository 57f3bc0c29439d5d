"""Uptake without SUV: where the header lacks a weight, a dose or a time, ratios inside the scan are still true.

Values are in the unit of the images and only ever divided by others of the same scan; they are never shown as SUV.
"""

from imaging.domain import uptake
from imaging.domain.errors import ImagingRefusal
from imaging.domain.voi import Mask
from imaging.domain.volume import Volume
from imaging.models import Series, SuvResult, Voi
from imaging.services.voxels import mask_of
from imaging.volumes import load_stored

# Every voxel is off by the same factor. Anything else (no correction for attenuation or decay, or none stated, unknown
# counts, no volume) differs from voxel to voxel, so no ratio may be made of it.
SAME_FACTOR = frozenset(
    {
        "patient_weight_missing",
        "patient_weight_zero",
        "patient_weight_implausible",
        "patient_weight_differs",
        "dose_missing",
        "dose_not_positive",
        "several_administrations",
        "administration_time_missing",
        "scan_before_injection",
        "uptake_time_implausible",
        "half_life_missing",
    }
)
UNITS = {"BQML": "Bq/ml", "GML": "g/ml", "CM2ML": "cm2/ml"}


def volume_in_image_unit(series: Series, suv_result: SuvResult) -> Volume | None:
    """The volume for ratios only; None where a ratio would not be true."""
    stated = {name: suv_result.inputs.get(name, {}).get("value") for name in ("decay_correction", "corrected_image")}
    is_corrected = stated["decay_correction"] in {"START", "ADMIN"} and "ATTN" in (stated["corrected_image"] or ())
    if suv_result.refusal_code not in SAME_FACTOR or series.units not in UNITS or not is_corrected:
        return None
    try:
        return load_stored(series).volume(1.0, UNITS[series.units])
    except ImagingRefusal:
        return None


def numbers(volume: Volume, voi: Voi, liver: Voi | None) -> tuple[dict, Mask] | None:
    """Max, mean and peaks in the unit of the images, and their voxels; None for a contour that is defined by an SUV."""
    if voi.method == Voi.Method.FIXED_SUV:
        return None
    try:
        mask = mask_of(volume, voi, liver)
        found = uptake.measure(volume, mask)
    except ImagingRefusal:
        return None
    measured = {
        "unit": volume.unit,
        "max": found.suv_max,
        "mean": found.suv_mean,
        "sd": found.suv_sd,
        "peak_local": found.suv_peak_local,
        "peak_global": found.suv_peak_global,
        "volume_ml": found.volume_ml,
        "voxel_count": found.voxel_count,
    }
    return measured, mask
