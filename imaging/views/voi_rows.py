"""Volumes of interest of a scan with their numbers, and the values that no longer count."""

from imaging import selectors
from imaging.domain import uptake
from imaging.models import Scan, UptakeMeasurement, Voi
from imaging.views.numbers import number

STATES = {
    selectors.RECOMPUTING: "recomputing: earlier values rest on other inputs",
    selectors.FAILED: "the computation failed",
    selectors.NOT_MEASURED: "not measured: no PET images",
}
NOTE = (
    "SUVbw in g/mL. SUVpeak: sphere of 1 mL, global (IBSI 0F91) and local at the hottest voxel (IBSI VJGA). "
    "Total SSTR expression: SUVmean x volume. Method "
)


def measurements(measured: list[selectors.CurrentMeasurement]) -> list[dict]:
    return [_voi_row(item) for item in sorted(measured, key=_order)]


def _order(item) -> tuple:
    return (Voi.Role.values.index(item.voi.role), item.voi.lesion.label if item.voi.lesion else "")


def _voi_row(item: selectors.CurrentMeasurement) -> dict:
    voi, row = item.voi, item.measurement
    is_current = item.state == selectors.CURRENT
    return {
        "where": where(voi),
        "contour": _contour(voi),
        "centre": f"at {_centre(voi)} mm, radius {voi.radius_mm:.1f} mm",
        "note": _note(item),
        "values": _values(row) if is_current else None,
        "missing": row.refusal_message if row and row.refusal_code else STATES.get(item.state, item.state),
        "missing_code": row.refusal_code if row else "",
    }


def _centre(voi: Voi) -> str:
    return ", ".join(f"{value:.1f}" for value in (voi.centre_x_mm, voi.centre_y_mm, voi.centre_z_mm))


def _note(item: selectors.CurrentMeasurement) -> str:
    if item.state != selectors.CURRENT:
        return ""
    warned = [warning["message"] for warning in item.measurement.warnings]
    return " ".join((["Provisional SUV."] if item.is_provisional else []) + warned)


def _values(row: UptakeMeasurement) -> list[str]:
    numbers = (row.suv_max, row.suv_mean, row.suv_peak_global, row.suv_peak_local, row.volume_ml)
    return [*(number(value) for value in numbers), number(row.total_lesion_sstr_expression, 1)]


def where(voi: Voi) -> str:
    if voi.lesion:
        return f"{voi.lesion.label} {voi.lesion.organ} {voi.lesion.segment}".strip()
    return voi.get_role_display().capitalize()


def _contour(voi: Voi) -> str:
    if voi.method == Voi.Method.PERCENT_OF_MAX:
        return f"iso-contour, {voi.parameter:.0f} % of maximum"
    if voi.method == Voi.Method.FIXED_SUV:
        return f"iso-contour, SUV {voi.parameter:.1f}"
    return voi.get_method_display()


def older(scan: Scan, measured: list[selectors.CurrentMeasurement]) -> list[dict]:
    """Every value that no longer counts, newest first: what it was and when it was replaced."""
    shown = [item.measurement.pk for item in measured if item.measurement]
    rows = UptakeMeasurement.objects.filter(voi__scan=scan).exclude(pk__in=shown).select_related("voi__lesion")
    return [
        {
            "where": where(row.voi),
            "values": [number(v) for v in (row.suv_max, row.suv_mean, row.suv_peak_global, row.volume_ml)],
            "computed_at": row.computed_at,
            "superseded_at": row.superseded_at,
        }
        for row in rows.order_by("-computed_at")[:200]
    ]


def method_note() -> str:
    return NOTE + uptake.METHOD_VERSION + "."
