"""The regions of a scan as data for a viewer. A number is given only where it is of this very version of its region."""

import datetime as dt
from typing import Any

from django.db.models import Max

from imaging import digests, pages, selectors
from imaging.domain import ratios
from imaging.domain.errors import MeasurementRefused
from imaging.domain.lesion_uptake import LesionUptake
from imaging.domain.ratios import Reference
from imaging.models import Reading, Scan, Voi
from imaging.scan_numbers import method_of, references, values_of
from imaging.selectors import CURRENT, RECOMPUTING, CurrentMeasurement

COMPUTING, OUTDATED = "computing", "outdated"
NUMBERS = (
    "suv_max",
    "suv_mean",
    "suv_sd",
    "suv_peak_global",
    "suv_peak_local",
    "volume_ml",
    "total_lesion_sstr_expression",
)
FOLLOWED = {Voi.Method.PERCENT_OF_MAX: "percent", Voi.Method.FIXED_SUV: "suv"}
ADJUSTED, TAKEN_AWAY, BROUGHT_BACK = (f"{what} while reading" for what in ("outline adjusted", "taken away", "undone"))


def rows(scan: Scan, user, measured: list[CurrentMeasurement]) -> list[dict[str, Any]]:
    suv_result = selectors.current_suv(scan.pet_series).result
    liver = digests.liver_reference([item.voi for item in measured])
    waiting = COMPUTING if pages.scan_computing(scan) else OUTDATED
    signed_at = last_signed_at(scan)
    return [
        _region(item.voi)
        | _numbers(item, waiting)
        | {
            "ratio": _to_liver(scan, item, measured),
            "digest": digests.of_measurement(item.voi, suv_result, liver) if suv_result else "",
            "default_reason": usual_reason(user, item.voi, signed_at),
        }
        for item in measured
    ]


def digest_of(scan: Scan, measured: list[CurrentMeasurement]) -> str:
    """Of all regions together: two lists with the same digest say the same."""
    suv_result = selectors.current_suv(scan.pet_series).result
    return digests.of_scan([item.voi for item in measured], suv_result) if suv_result else ""


def last_signed_at(scan: Scan) -> dt.datetime | None:
    signed = Reading.objects.filter(scan=scan, state=Reading.State.SIGNED)
    return signed.aggregate(last=Max("signed_at"))["last"]


def usual_reason(user, voi: Voi, signed_at: dt.datetime | None, words: str = ADJUSTED) -> str:
    """What need not be typed: a reader adjusts an own mark that no reading has been signed on yet."""
    is_own = voi.recorded_by_id is not None and voi.recorded_by_id == user.pk
    return words if is_own and (signed_at is None or voi.recorded_at > signed_at) else ""


def _region(voi: Voi) -> dict[str, Any]:
    return {
        "voi": str(voi.pk),
        "recorded_at": voi.recorded_at.isoformat(),
        "role": voi.role,
        "lesion": _lesion(voi.lesion),
        "method": voi.method,
        "contour": method_of(voi),
        "threshold": _threshold(voi),
        "centre_mm": [float(n) for n in (voi.centre_x_mm, voi.centre_y_mm, voi.centre_z_mm)],
        "radius_mm": float(voi.radius_mm),
        "may_move": voi.method != Voi.Method.MASK,
    }


def _threshold(voi: Voi) -> dict[str, Any] | None:
    """What the outline follows, where it follows one threshold: the step from which a person goes on."""
    if voi.method in FOLLOWED:
        return {"rule": FOLLOWED[voi.method], "number": float(voi.parameter)}
    given = voi.origin.get("parameters") or {}
    if voi.method != Voi.Method.MASK or not given.get("rule"):
        return None
    return {"rule": given["rule"], "number": given["parameter"]}


def _lesion(lesion) -> dict[str, str] | None:
    if lesion is None:
        return None
    return {"pk": str(lesion.pk), "label": lesion.label, "organ": lesion.organ, "segment": lesion.segment}


def _numbers(item: CurrentMeasurement, waiting: str) -> dict[str, Any]:
    row = item.measurement
    is_stored = row is not None and not row._state.adding
    found = {
        "state": waiting if item.state == RECOMPUTING else item.state,
        "code": row.refusal_code if row else "",
        "sentence": row.refusal_message if row else "",
        "numbers": None,
    }
    if row is None or item.state != CURRENT:
        return found
    numbers = {name: getattr(row, name) for name in NUMBERS}
    numbers |= {"unit": row.unit, "warnings": [warning["message"] for warning in row.warnings]}
    numbers |= {"provisional": not is_stored, "is_suv_provisional": item.is_provisional}
    return found | {"numbers": numbers, "state": CURRENT if is_stored else COMPUTING}


def _to_liver(scan: Scan, item: CurrentMeasurement, measured: list[CurrentMeasurement]) -> dict[str, Any] | None:
    """Peak over the mean of the liver as measured today; None where one of them is not."""
    unit, maximum, mean, peak = values_of(item)
    if item.voi.role == Voi.Role.LIVER or not unit:
        return None
    liver = next((found for found in references(scan, measured, unit) if found.organ == "liver"), None)
    try:
        found = ratios.ratio(
            LesionUptake(str(item.voi.pk), str(scan.pk), unit, maximum=maximum, mean=mean, peak=peak),
            liver or Reference("liver", str(scan.pk), unit, None),
        )
    except MeasurementRefused:
        return None
    return {"to_liver": found.low, "method": found.method}
