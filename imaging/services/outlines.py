"""Regions drawn voxel by voxel: grown from a seed, cut by a box, split, merged, subtracted, widened.

Every outline is a row of its own with its voxels, how it was made, from what, by whom. Changing one makes a new
version; numbers are measured again from voxels and volume.
"""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np
from django.db import transaction

from imaging import masks
from imaging.domain import regions, segmentation, uptake
from imaging.domain.extent import extent
from imaging.domain.geometry import Near
from imaging.domain.voi import Mask, box
from imaging.domain.volume import Bounds, Volume
from imaging.models import Job, Lesion, Scan, Voi
from imaging.refused import Refused
from imaging.services import thresholds
from imaging.services.requests import request_measurements
from imaging.services.vois import require_lesion_of, require_measuring, require_reason, to_stored
from imaging.services.voxels import BEYOND_MM, open_around, open_volume, voxels_of
from patients.services import record, revise, withdraw

VERSION = "outline/1.0"
SHORTEST_REACH_MM = 30.0


@transaction.atomic
def place_outline(
    *, by, scan: Scan, role: str, mask: Mask, volume: Volume, origin: dict[str, Any], lesion: Lesion | None = None
) -> tuple[Voi, Job]:
    """Mark a lesion or an organ by its voxels. ``origin`` says how they were found."""
    if by is not None:
        require_measuring(by)
    if role == Voi.Role.LESION and lesion is None:
        raise Refused("voi_without_lesion")
    require_lesion_of(scan, lesion)
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
    """A region grown from one point: at a percentage of the maximum around it, a fixed SUV, or the liver threshold."""
    volume = open_volume(scan, [(seed_lps, reach_mm)])
    threshold = thresholds.of_today(scan, rule, parameter)
    mask = segmentation.grow_from(volume, seed_lps, search_radius_mm=reach_mm, **threshold.given)
    parameters = {"seed_lps_mm": list(seed_lps), "rule": rule, "parameter": parameter, "reach_mm": reach_mm}
    origin = {"how": "region_growing", "parameters": parameters, "method": segmentation.METHOD_VERSION}
    origin |= threshold.kept
    return place_outline(by=by, scan=scan, role=Voi.Role.LESION, lesion=lesion, mask=mask, volume=volume, origin=origin)


def threshold_box(*, by, scan: Scan, lesion: Lesion, low_lps, high_lps, rule: str, parameter: float | None):
    """Everything in a box (LPS mm, two corners) that reaches the threshold, connected or not."""
    volume = open_volume(scan, _box_reach(low_lps, high_lps))
    within = box(volume, _box_between(volume, low_lps, high_lps))
    threshold = thresholds.of_today(scan, rule, parameter)
    given = threshold.given
    level = given["threshold_suv"] if "threshold_suv" in given else segmentation.share_of_max(volume, within, **given)
    mask = segmentation.above(volume, within, level)
    corners = {"low_lps_mm": list(low_lps), "high_lps_mm": list(high_lps)}
    origin = {"how": "box_threshold", "parameters": {**corners, "rule": rule, "parameter": parameter}}
    origin |= threshold.kept
    return place_outline(by=by, scan=scan, role=Voi.Role.LESION, lesion=lesion, mask=mask, volume=volume, origin=origin)


def widen(*, by, voi: Voi, by_mm: float, reason: str):
    """Grow (positive) or shrink (negative) an outline by some millimetres."""
    if by_mm < 0:
        how, change = "erode", lambda volume, mask: regions.erode(volume, mask, -by_mm)
    else:
        how, change = "dilate", lambda volume, mask: regions.dilate(volume, mask, by_mm)
    parameters = {"by_mm": abs(by_mm)}
    reach = BEYOND_MM + abs(by_mm)
    return _reshape(by=by, voi=voi, reason=reason, how=how, parameters=parameters, change=change, beyond_mm=reach)


def regrow(*, by, voi: Voi, rule: str, parameter: float | None, reason: str):
    """Draw the outline anew from its hottest voxel with another threshold."""

    threshold = cache(lambda: thresholds.of_today(voi.scan, rule, parameter))

    def grown(volume: Volume, mask: Mask) -> Mask:
        hottest = uptake.measure(volume, mask).hottest_lps
        return segmentation.grow_from(volume, hottest, search_radius_mm=reach, **threshold().given)

    reach = max(2 * float(voi.radius_mm), SHORTEST_REACH_MM)
    parameters = {"rule": rule, "parameter": parameter}
    return _reshape(
        by=by,
        voi=voi,
        reason=reason,
        how="region_growing",
        parameters=parameters,
        change=grown,
        follows=lambda: threshold().kept,
        beyond_mm=reach + BEYOND_MM,
    )


@transaction.atomic
def redraw_as(*, by, voi: Voi, mask: Mask, volume: Volume, origin: dict[str, Any], reason: str):
    """Give a region the voxels of another outline, e.g. of a contour drawn elsewhere."""
    require_measuring(by)
    require_reason(reason)
    return _replace(by=by, voi=voi, reason=reason, shape=shape_of(mask, volume, {**origin, "from": [_trace(voi)]}))


def subtract(*, by, voi: Voi, other: Voi, reason: str):
    """Take the voxels of another region of this scan out of this one."""
    _same_scan(voi, other)

    def rest(volume: Volume, mask: Mask) -> Mask:
        return regions.subtract(mask, voxels_of(other, volume))

    taken = {"subtracted": str(other.pk)}
    follows = thresholds.followed_by(voi, other)
    return _reshape(
        by=by,
        voi=voi,
        reason=reason,
        how="subtract",
        parameters=taken,
        change=rest,
        follows=lambda: follows,
        others=[other],
    )


@transaction.atomic
def merge(*, by, voi: Voi, other: Voi, reason: str):
    """One region of both; the other one is withdrawn."""
    _same_scan(voi, other)
    if voi.role != other.role:
        raise Refused("regions_of_two_kinds")

    def both(volume: Volume, mask: Mask) -> Mask:
        return regions.merge(mask, voxels_of(other, volume))

    joined = {"merged": str(other.pk)}
    follows = thresholds.followed_by(voi, other)
    merged, _ = _reshape(
        by=by,
        voi=voi,
        reason=reason,
        how="merge",
        parameters=joined,
        change=both,
        follows=lambda: follows,
        others=[other],
    )
    withdraw(other, by=by, reason=reason, expected_recorded_at=other.recorded_at)
    return merged, request_measurements(scan=voi.scan, by=by)


@transaction.atomic
def split(*, by, voi: Voi, first_lps, second_lps, other_lesion: Lesion, reason: str):
    """Two regions where one was: each voxel goes with the seed it belongs to."""
    require_measuring(by)
    require_reason(reason)
    volume = open_around(voi)
    seeds = (segmentation.voxel_at(volume, point) for point in (first_lps, second_lps))
    first, second = regions.split_by_seeds(volume, voxels_of(voi, volume), *seeds)
    parameters = {"first_lps_mm": list(first_lps), "second_lps_mm": list(second_lps)}
    origin = {"how": "split", "parameters": parameters, "from": [_trace(voi)]} | thresholds.followed_by(voi)
    other, _ = place_outline(
        by=by, scan=voi.scan, role=Voi.Role.LESION, lesion=other_lesion, mask=second, volume=volume, origin=origin
    )
    kept, job = _replace(by=by, voi=voi, reason=reason, shape=shape_of(first, volume, origin))
    return kept, other, job


def _box_reach(low_lps, high_lps) -> list[Near]:
    corners = np.asarray([low_lps, high_lps], dtype=np.float64)
    return [(corners.mean(axis=0), 0.5 * float(np.linalg.norm(corners[1] - corners[0])) + BEYOND_MM)]


def _box_between(volume: Volume, low_lps, high_lps) -> Bounds:
    """The voxels between two corners, in whichever order they were given."""
    corners = [segmentation.voxel_at(volume, corner) for corner in (low_lps, high_lps)]
    start = [min(pair) for pair in zip(*corners, strict=True)]
    stop = [max(pair) + 1 for pair in zip(*corners, strict=True)]
    return Bounds((start[0], start[1], start[2]), (stop[0], stop[1], stop[2]))


@transaction.atomic
def _reshape(
    *,
    by,
    voi: Voi,
    reason: str,
    how: str,
    parameters: dict,
    change: Callable[[Volume, Mask], Mask],
    follows: Callable[[], dict] | None = None,
    others: Sequence[Voi] = (),
    beyond_mm: float = BEYOND_MM,
):
    require_measuring(by)
    require_reason(reason)
    volume = open_around(voi, *others, beyond_mm=beyond_mm)
    mask = change(volume, voxels_of(voi, volume))
    origin = {"how": how, "parameters": parameters, "from": [_trace(voi)]}
    origin |= follows() if follows else thresholds.followed_by(voi)
    return _replace(by=by, voi=voi, reason=reason, shape=shape_of(mask, volume, origin))


def _replace(*, by, voi: Voi, reason: str, shape: dict[str, Any]):
    """The new version, unless somebody changed the region since it was read: it was drawn from the older one."""
    changed = revise(voi, by=by, reason=reason, expected_recorded_at=voi.recorded_at, **shape)
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
