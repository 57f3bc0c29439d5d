"""Regions drawn voxel by voxel: grown from a seed, cut by a box, split, merged, subtracted, widened.

Every outline is a row of its own with its voxels, how it was made, from what, by whom. Changing one makes a new
version; numbers are measured again from voxels and volume.
"""

from collections.abc import Callable
from typing import Any

from django.db import transaction

from imaging import masks, selectors, volumes
from imaging.domain import regions, segmentation, uptake
from imaging.domain.voi import Mask, extent
from imaging.domain.volume import Volume
from imaging.models import Job, Lesion, Scan, Voi
from imaging.refused import Refused
from imaging.services.requests import request_measurements
from imaging.services.vois import require_measuring, to_stored
from patients.services import record, revise, withdraw

VERSION = "outline/1.0"


@transaction.atomic
def place_outline(
    *, by, scan: Scan, role: str, mask: Mask, volume: Volume, origin: dict[str, Any], lesion: Lesion | None = None
) -> tuple[Voi, Job]:
    """Mark a lesion or an organ by its voxels. ``origin`` says how they were found."""
    if by is not None:
        require_measuring(by)
    if role == Voi.Role.LESION and lesion is None:
        raise Refused("voi_without_lesion")
    if lesion is not None and lesion.patient_id != scan.patient_id:
        raise Refused("voi_of_other_patient")
    voi = record(Voi, by=by, scan=scan, lesion=lesion, role=role, **shape_of(mask, volume, origin))
    return voi, request_measurements(scan=scan, by=by)


def shape_of(mask: Mask, volume: Volume, origin: dict[str, Any]) -> dict[str, Any]:
    """The fields of a region that say where it is: its voxels, its middle and its reach."""
    centre, radius = extent(mask, volume)
    x, y, z = (to_stored(value) for value in centre)
    return {
        "method": Voi.Method.MASK,
        "parameter": None,
        "mask_sha256": masks.keep(mask, volume),
        "origin": {"version": VERSION, **origin},
        "centre_x_mm": x,
        "centre_y_mm": y,
        "centre_z_mm": z,
        "radius_mm": to_stored(max(radius, 1)),
    }


def grow(*, by, scan: Scan, lesion: Lesion, seed_lps, rule: str, parameter: float | None, reach_mm: float):
    """A region grown from one point: at a percentage of its maximum, a fixed SUV, or the liver threshold."""
    volume = open_volume(scan)
    threshold = segmentation.Threshold(rule, parameter if rule != "liver_based" else liver_threshold(scan))
    mask = segmentation.grow(volume, seed_lps, threshold, reach_mm)
    parameters = {"seed_lps_mm": list(seed_lps), "rule": rule, "parameter": parameter, "reach_mm": reach_mm}
    origin = {"how": "region_growing", "parameters": parameters, "method_version": segmentation.METHOD_VERSION}
    return place_outline(
        by=by, scan=scan, role=Voi.Role.LESION, lesion=lesion, mask=mask, volume=volume, origin=origin
    )


def widen(*, by, voi: Voi, by_mm: float, reason: str):
    """Grow (positive) or shrink (negative) an outline by some millimetres."""
    return _reshape(by, voi, reason, "dilate", {"by_mm": by_mm}, lambda v, mask: regions.dilate(v, mask, by_mm))


def regrow(*, by, voi: Voi, rule: str, parameter: float | None, reason: str):
    """Draw the outline anew from its hottest voxel with another threshold."""

    def grown(volume: Volume, mask: Mask) -> Mask:
        chosen = segmentation.Threshold(rule, parameter if rule != "liver_based" else liver_threshold(voi.scan))
        reach = 2 * max(float(voi.radius_mm), 15.0)
        return segmentation.grow(volume, uptake.measure(volume, mask).hottest_lps, chosen, reach)

    return _reshape(by, voi, reason, "region_growing", {"rule": rule, "parameter": parameter}, grown)


def subtract(*, by, voi: Voi, other: Voi, reason: str):
    """Take the voxels of another region out of this one."""

    def rest(volume: Volume, mask: Mask) -> Mask:
        return regions.subtract(mask, voxels_of(other, volume))

    return _reshape(by, voi, reason, "subtract", {"subtracted": str(other.pk)}, rest)


@transaction.atomic
def merge(*, by, voi: Voi, other: Voi, reason: str):
    """One region of both; the other one is withdrawn."""
    _same_scan(voi, other)

    def both(volume: Volume, mask: Mask) -> Mask:
        return regions.merge(mask, voxels_of(other, volume))

    merged = _reshape(by, voi, reason, "merge", {"merged": str(other.pk)}, both)
    withdraw(other, by=by, reason=reason)
    return merged


@transaction.atomic
def split(*, by, voi: Voi, first_lps, second_lps, other_lesion: Lesion, reason: str):
    """Two regions where one was: each voxel goes with the seed it belongs to."""
    require_measuring(by)
    volume = open_volume(voi.scan)
    first, second = regions.split(volume, voxels_of(voi, volume), first_lps, second_lps)
    parameters = {"first_lps_mm": list(first_lps), "second_lps_mm": list(second_lps)}
    origin = {"how": "split", "parameters": parameters, "from": [_trace(voi)]}
    other, _ = place_outline(
        by=by, scan=voi.scan, role=Voi.Role.LESION, lesion=other_lesion, mask=second, volume=volume, origin=origin
    )
    kept = revise(voi, by=by, reason=reason, **shape_of(first, volume, origin))
    return kept, other, request_measurements(scan=voi.scan, by=by)


def voxels_of(voi: Voi, volume: Volume) -> Mask:
    """Today's voxels of a region on this volume."""
    from imaging.services.measuring import mask_of

    vois = list(Voi.objects.filter(scan=voi.scan))
    return mask_of(volume, voi, selectors.liver_voi(vois))


def open_volume(scan: Scan) -> Volume:
    """The SUV volume of a scan. Raises ``Refused`` where there is none today."""
    found = selectors.current_suv(scan.pet_series)
    if found.result is None or found.result.refusal_code:
        raise Refused("scan_without_suv")
    return volumes.load_volume(scan.pet_series, found.result)


def liver_threshold(scan: Scan) -> float:
    """Liver mean plus two standard deviations of the liver region measured today."""
    for item in selectors.measurements(scan):
        if item.voi.role == Voi.Role.LIVER and item.state == selectors.CURRENT:
            return segmentation.liver_threshold(item.measurement.suv_mean, item.measurement.suv_sd)
    raise Refused("liver_not_measured")


@transaction.atomic
def _reshape(by, voi: Voi, reason: str, how: str, parameters: dict, change: Callable[[Volume, Mask], Mask]):
    require_measuring(by)
    if not reason.strip():
        raise Refused("reason_missing")
    volume = open_volume(voi.scan)
    mask = change(volume, voxels_of(voi, volume))
    origin = {"how": how, "parameters": parameters, "from": [_trace(voi)]}
    changed = revise(voi, by=by, reason=reason, **shape_of(mask, volume, origin))
    return changed, request_measurements(scan=voi.scan, by=by)


def _trace(voi: Voi) -> dict[str, Any]:
    """What an outline was before: enough to draw it again."""
    return {
        "voi": str(voi.pk),
        "recorded_at": voi.recorded_at.isoformat(),
        "method": voi.method,
        "parameter": None if voi.parameter is None else str(voi.parameter),
        "mask_sha256": voi.mask_sha256,
    }


def _same_scan(voi: Voi, other: Voi) -> None:
    if voi.scan_id != other.scan_id or voi.pk == other.pk:
        raise Refused("voi_of_other_scan")
