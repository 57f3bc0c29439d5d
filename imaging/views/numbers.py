"""How numbers are written on the imaging pages: enough digits to compare, never more than are known."""

from imaging.domain.suv_inputs import SuvKind
from imaging.models import SuvResult

KINDS = {
    SuvKind.BW: ("Body weight, SUVbw", "g/mL"),
    SuvKind.LBM_JAMES: ("Lean body mass, James 128", "g/mL"),
    SuvKind.LBM_JANMAHASATIAN: ("Lean body mass, Janmahasatian", "g/mL"),
    SuvKind.BSA: ("Body surface area", "cm²/mL"),
    SuvKind.IBW: ("Ideal body weight", "g/mL"),
}
INPUTS = {
    "units": ("Units of the images", ""),
    "suv_type": ("SUV type of the images", ""),
    "image_type": ("Image type", ""),
    "decay_correction": ("Decay correction", ""),
    "corrected_image": ("Corrections applied", ""),
    "body_weight_kg": ("Body weight", "kg"),
    "chart_weight_kg": ("Body weight in the chart, for comparison", "kg"),
    "body_height_m": ("Body height", "m"),
    "sex": ("Sex used in formulas", ""),
    "tracer": ("Tracer", ""),
    "nuclide": ("Nuclide", ""),
    "half_life_s": ("Half-life", "s"),
    "injected_activity_bq": ("Injected activity", "MBq"),
    "administration_count": ("Administrations listed", ""),
    "administered_at": ("Injection", ""),
    "administered_time": ("Injection, time only", ""),
    "series_at": ("Series time", ""),
    "acquired_at": ("Acquisition", ""),
    "frame_duration_s": ("Frame duration", "s"),
    "ge_decay_reference_at": ("Decay reference of the vendor", ""),
    "philips_suv_factor": ("Vendor's SUV factor", ""),
    "philips_activity_factor": ("Vendor's activity factor", ""),
}
ALWAYS = {"body_weight_kg", "injected_activity_bq", "administered_at"}  # a gap here is shown as a gap
PER_SLICE = {"acquired_at", "frame_duration_s"}
SCALES = {"injected_activity_bq": 1e-6}


def number(value, digits: int = 2) -> str:
    """``–`` for a value that is not there: never 0."""
    return "–" if value is None else f"{value:.{digits}f}"


def uptake_time(seconds) -> str:
    return "uptake time unknown" if seconds is None else f"{seconds / 60:.0f} min after injection"


def factor(value) -> str:
    """One factor, or the span of factors that differ from slice to slice."""
    if value is None:
        return ""
    if isinstance(value, list | tuple):
        low, high = min(value), max(value)
        return _factor(low) if low == high else f"{_factor(low)} to {_factor(high)}, per slice"
    return _factor(value)


def kind_rows(result: SuvResult) -> list[dict]:
    return [
        {
            "label": label,
            "unit": unit,
            "factor": factor(result.factors.get(kind)),
            "why": (result.absent.get(kind) or {}).get("message") or "not available from these inputs",
            **{name: number((result.statistics.get(kind) or {}).get(name)) for name in ("min", "median", "max")},
        }
        for kind, (label, unit) in KINDS.items()
    ]


def input_rows(inputs: dict) -> list[dict]:
    """Inputs that are stated or were looked for, in the order a physicist reads them; unknown names come last."""
    if not inputs:
        return []
    names, replaced = [*INPUTS, *sorted(inputs.keys() - INPUTS.keys())], inputs.get("replaced", {})
    return [
        _input_row(name, inputs.get(name) or {}, replaced.get(name))
        for name in names
        if _is_shown(name, inputs.get(name))
    ]


def correction_rows(corrections) -> list[dict]:
    return [
        {
            "label": INPUTS.get(row.name, (row.get_name_display(), ""))[0],
            "unit": INPUTS.get(row.name, ("", ""))[1],
            "value": _typed(row.name, row.value),
            "justification": row.justification,
            "by": row.recorded_by,
            "at": row.recorded_at,
            "is_superseded": row.superseded_at is not None,
        }
        for row in corrections
    ]


def _typed(name: str, text: str) -> str:
    """A typed value in the unit of its row; text that is no number as it stands."""
    try:
        return _shown(name, float(text))
    except ValueError:
        return text.replace("T", " ", 1) if name.endswith("_at") else text


def _is_shown(name: str, item) -> bool:
    if name in ALWAYS:
        return True
    return isinstance(item, dict) and (item.get("value") not in (None, "", []) or bool(item.get("source")))


def _input_row(name: str, item: dict, replaced: dict | None) -> dict:
    """``replaced``: the same input as the header states it, where a person gave another."""
    label, unit = INPUTS.get(name, (name.replace("_", " "), item.get("unit", "")))
    header = f"; in the header {_shown(name, replaced['value'])}" if replaced else ""
    return {
        "name": name,
        "label": label,
        "unit": unit,
        "value": _shown(name, item.get("value")),
        "source": item.get("source", "") + header,
    }


def _shown(name: str, value) -> str:
    if value is None or value == "":
        return "not stated"
    if isinstance(value, list | tuple):
        known = [_shown(name, item) for item in value if item is not None]
        distinct = list(dict.fromkeys(known))
        if name in PER_SLICE and len(distinct) > 1:
            return f"{min(distinct)} to {max(distinct)}, {len(value)} slices"
        return ", ".join(distinct)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value).replace("T", " ", 1) if name.endswith("_at") else str(value)
    return f"{value * SCALES.get(name, 1):.6g}"


def _factor(value: float) -> str:
    if value == 1:
        return "1"
    mantissa, exponent = f"{value:.5e}".split("e")
    return f"{mantissa}e{int(exponent)}"
