"""Volumes of interest of a scan with their numbers, and the values that no longer count."""

from imaging import selectors
from imaging.domain import ratios, uptake
from imaging.models import Scan, UptakeMeasurement, Voi
from imaging.scan_numbers import method_of
from imaging.views.numbers import number

STATES = {
    selectors.RECOMPUTING: "recomputing: earlier values rest on other inputs",
    selectors.FAILED: "the computation failed",
    selectors.NOT_MEASURED: "not measured: no PET images",
}
NOTE = (
    "SUVbw in g/mL. SUVpeak: sphere of 1 mL, global (IBSI 0F91) and local at the hottest voxel (IBSI VJGA). "
    "{total}: SUVmean x volume. Method "
)


def measurements(measured: list[selectors.CurrentMeasurement]) -> list[dict]:
    liver = _liver_mean(measured)
    return [_voi_row(item, liver) for item in sorted(measured, key=_order)]


def _order(item) -> tuple:
    return (Voi.Role.values.index(item.voi.role), item.voi.lesion.label if item.voi.lesion else "")


def _voi_row(item: selectors.CurrentMeasurement, liver: float | None) -> dict:
    voi, row = item.voi, item.measurement
    is_current = item.state == selectors.CURRENT
    return {
        "voi": voi,
        "where": where(voi),
        "contour": contour(voi),
        "sul": _sul(row) if is_current else "",
        "ratio": _ratio_only(item, liver),
        "centre": f"at {_centre(voi)} mm, radius {voi.radius_mm:.1f} mm",
        "note": _note(item),
        "values": _values(row) if is_current else None,
        "missing": row.refusal_message if row and row.refusal_code else STATES.get(item.state, item.state),
        "missing_code": row.refusal_code if row else "",
    }


def _liver_mean(measured: list[selectors.CurrentMeasurement]) -> float | None:
    """In the unit of the images, where SUV is withheld: of the liver placed last, or none where that has no number."""
    newest = selectors.placed_last(measured, Voi.Role.LIVER)
    plain = _plain(newest) if newest else None
    return plain["mean"] if plain else None


def _plain(item: selectors.CurrentMeasurement) -> dict | None:
    return item.measurement.relative if item.measurement else None


def _ratio_only(item: selectors.CurrentMeasurement, liver: float | None) -> str:
    """Tumour to liver without SUV: the peak and the mean are in one unit of one scan, so their ratio is true."""
    plain = _plain(item)
    if not plain or not liver or item.voi.role == Voi.Role.LIVER:
        return ""
    return f"peak {plain['peak_local'] / liver:.2f} × liver mean, without SUV"


def _sul(row: UptakeMeasurement) -> str:
    factors = row.suv_result.factors
    share = ratios.lean_share(factors.get("lbm_janmahasatian"), factors.get("bw"))
    if share is None:
        return ""
    highest, mean = (ratios.in_sul(value, row.unit, share)[0] for value in (row.suv_max, row.suv_mean))
    return f"SUL max {highest:.2f}, mean {mean:.2f} (Janmahasatian)"


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


def contour(voi: Voi) -> str:
    if voi.method == Voi.Method.PERCENT_OF_MAX:
        return f"iso-contour, {voi.parameter:.0f} % of maximum"
    if voi.method == Voi.Method.FIXED_SUV:
        return f"iso-contour, SUV {voi.parameter:.1f}"
    if voi.method == Voi.Method.MASK:
        return f"outline: {method_of(voi)}"
    origin = voi.origin or {}
    proposed = ", proposed" if origin.get("how") == "reference" else ""
    return f"{voi.get_method_display()}{proposed}"


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


def total_title(scan: Scan) -> str:
    """SUVmean x volume is of SSTR only where the tracer is."""
    return "Total SSTR expression" if selectors.may_be_sstr(scan) else "SUV × volume"


def method_note(scan: Scan) -> str:
    return NOTE.format(total=total_title(scan)) + uptake.METHOD_VERSION + "."
