"""What an outline follows: a share of the maximum, a fixed SUV, or the liver of its scan.

Its voxels stay what they are when the SUV factor or the liver changes. So the threshold is kept with the outline and
with all that is made from it, and measuring says where it is no longer today's.
"""

import math
from dataclasses import dataclass
from typing import Any

from imaging import digests, selectors
from imaging.domain import segmentation
from imaging.domain.errors import Caution, MeasurementRefused, caution
from imaging.domain.volume import Volume
from imaging.models import Scan, SuvResult, Voi
from imaging.refused import Refused
from imaging.services.voxels import suv_above_liver

PERCENT, FIXED_SUV, LIVER = "percent", "suv", digests.LIVER_RULE
RULES = (PERCENT, FIXED_SUV, LIVER)
SAME = 1e-4  # relative; far less than what is shown


@dataclass(frozen=True)
class Threshold:
    """``given``: what growing takes, a percentage or an SUV. ``kept``: what goes into ``origin``."""

    given: dict[str, float]
    kept: dict[str, Any]


def of_today(scan: Scan, rule: str, parameter: float | None) -> Threshold:
    if rule == LIVER:
        suv, liver = liver_threshold(scan)
        placed = {"voi": str(liver.pk), "recorded_at": liver.recorded_at.isoformat()}
        return Threshold({"threshold_suv": suv}, _kept(scan, rule, suv, liver=placed))
    if rule not in RULES or parameter is None:
        raise Refused("voi_parameter_invalid")
    if rule == PERCENT:
        return Threshold({"percent": float(parameter)}, {})
    return Threshold({"threshold_suv": float(parameter)}, _kept(scan, rule, parameter))


def liver_threshold(scan: Scan) -> tuple[float, Voi]:
    """Mean plus two standard deviations of the liver that everything else refers to, as measured today."""
    measured = selectors.measurements(scan)
    liver = digests.liver_reference(item.voi for item in measured).voi
    found = next((item for item in measured if item.voi == liver and item.state == selectors.CURRENT), None)
    if found is None:
        raise Refused("liver_not_measured")
    return segmentation.liver_threshold(found.measurement.suv_mean, found.measurement.suv_sd), found.voi


def followed_by(*vois: Voi) -> dict[str, Any]:
    """What is made from outlines still holds the voxels of each, at its own threshold."""
    held = [one for voi in vois for one in digests.thresholds_of(voi)]
    return {"thresholds": [one for place, one in enumerate(held) if one not in held[:place]]} if held else {}


def changed_since(volume: Volume, voi: Voi, suv_result: SuvResult, liver: Voi | None) -> list[Caution]:
    """A word on each threshold that would choose other voxels today."""
    factor = suv_result.factors.get("bw")
    words = [
        _liver_word(volume, held, factor, liver) if held["rule"] == LIVER else _suv_word(held, factor)
        for held in digests.thresholds_of(voi)
    ]
    return [word for place, word in enumerate(words) if word is not None and word not in words[:place]]


def _suv_word(held: dict, factor: float) -> Caution | None:
    return None if held["factor"] == factor else caution("outline_at_earlier_suv", suv=f"{held['suv']:g}")


def _liver_word(volume: Volume, held: dict, factor: float, liver: Voi | None) -> Caution | None:
    """In today's SUV: with another factor the liver changes as the lesions do, and the voxels are the same."""
    drawn_at = held["suv"] * factor / held["factor"]
    try:
        today = suv_above_liver(volume, liver)
    except MeasurementRefused:
        return caution("outline_at_earlier_liver", suv=f"{drawn_at:.2f}", today="not known")
    if math.isclose(drawn_at, today, rel_tol=SAME):
        return None
    return caution("outline_at_earlier_liver", suv=f"{drawn_at:.2f}", today=f"SUV {today:.2f}")


def _kept(scan: Scan, rule: str, suv: float | None, **more: Any) -> dict[str, Any]:
    result = selectors.current_suv(scan.pet_series).result
    return {"thresholds": [{"rule": rule, "suv": suv, "factor": result.factors["bw"] if result else None, **more}]}
