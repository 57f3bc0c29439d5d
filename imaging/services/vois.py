"""Placing, moving and taking away volumes of interest. Each change asks for a new measurement."""

from decimal import Decimal

from django.db import transaction

from imaging.models import Job, Lesion, Scan, Voi
from imaging.refused import Refused
from imaging.services.requests import request_measurements
from patients.domain.roles import Capability
from patients.services import record, revise, withdraw

CONTOURS = frozenset({Voi.Method.PERCENT_OF_MAX, Voi.Method.FIXED_SUV})
_MILLIMETRE = Decimal("0.001")


@transaction.atomic
def place_voi(
    *, by, scan: Scan, role: str, method: str, centre_lps, radius_mm, lesion: Lesion | None = None, parameter=None
) -> tuple[Voi, Job]:
    """Mark a lesion or a reference organ: a sphere (LPS mm), or the contour inside that sphere."""
    require_measuring(by)
    if scan.pet_series_id is None:
        raise Refused("scan_without_pet")
    if role == Voi.Role.LESION and lesion is None:
        raise Refused("voi_without_lesion")
    require_lesion_of(scan, lesion)
    if method == Voi.Method.MASK:
        raise Refused("outline_not_moved")
    shape = _shape(method, centre_lps, radius_mm, parameter)
    voi = record(Voi, by=by, scan=scan, lesion=lesion, role=role, **shape)
    return voi, request_measurements(scan=scan, by=by)


@transaction.atomic
def move_voi(
    *,
    by,
    voi: Voi,
    reason: str,
    centre_lps=None,
    radius_mm=None,
    method=None,
    parameter=None,
    expected_recorded_at=None,
) -> tuple[Voi, Job]:
    """Change where or how a region is drawn; what was measured there before is superseded."""
    require_measuring(by)
    require_reason(reason)
    centre = centre_lps if centre_lps is not None else (voi.centre_x_mm, voi.centre_y_mm, voi.centre_z_mm)
    chosen = method or voi.method
    if chosen == Voi.Method.MASK:
        raise Refused("outline_not_moved")
    kept = voi.parameter if parameter is None and chosen == voi.method else parameter
    shape = _shape(chosen, centre, voi.radius_mm if radius_mm is None else radius_mm, kept)
    moved = revise(voi, by=by, reason=reason, expected_recorded_at=expected_recorded_at, **shape)
    return moved, request_measurements(scan=moved.scan, by=by)


@transaction.atomic
def remove_voi(*, by, voi: Voi, reason: str, expected_recorded_at=None) -> Job:
    """Take a region away; what rests on it (a liver-based contour) is measured again."""
    require_measuring(by)
    require_reason(reason)
    withdraw(voi, by=by, reason=reason, expected_recorded_at=expected_recorded_at)
    return request_measurements(scan=voi.scan, by=by)


def require_measuring(by) -> None:
    if not by.may(Capability.MEASURE):
        raise Refused("not_permitted")


def require_reason(reason: str) -> None:
    if not reason.strip():
        raise Refused("reason_missing")


def require_lesion_of(scan: Scan, lesion: Lesion | None) -> None:
    """A lesion of this patient that was not taken back meanwhile."""
    if lesion is None:
        return
    if lesion.patient_id != scan.patient_id:
        raise Refused("voi_of_other_patient")
    if not Lesion.objects.filter(pk=lesion.pk).exists():
        raise Refused("lesion_taken_back")


def _shape(method: str, centre_lps, radius_mm, parameter) -> dict:
    radius = Decimal(str(radius_mm))
    if not radius.is_finite() or not 1 <= radius <= 500:
        raise Refused("voi_size_invalid")
    x, y, z = (to_stored(value) for value in centre_lps)
    return {
        "method": method,
        "parameter": _parameter(method, parameter),
        "mask_sha256": "",
        "origin": {},
        "centre_x_mm": x,
        "centre_y_mm": y,
        "centre_z_mm": z,
        "radius_mm": to_stored(radius),
    }


def to_stored(value) -> Decimal:
    """Positions are kept to a micrometre; measuring uses what is kept."""
    number = Decimal(str(value))
    if not number.is_finite() or abs(number) >= 100_000:
        raise Refused("voi_size_invalid")
    return number.quantize(_MILLIMETRE)


def _parameter(method: str, parameter) -> Decimal | None:
    if method not in CONTOURS:
        return None
    value = Decimal(str(parameter if parameter is not None else "NaN"))
    highest = 99 if method == Voi.Method.PERCENT_OF_MAX else 1000
    if not value.is_finite() or not 0 < value <= highest or (method == Voi.Method.PERCENT_OF_MAX and value < 1):
        raise Refused("voi_parameter_invalid")
    return value
