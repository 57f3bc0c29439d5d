"""Body size that SUV is normalised by. Weight in kg, height in m; lean and ideal mass in kg, surface in cm2.

Sources: James WPT, Research on Obesity (HMSO 1976), coefficient 128 for men; Janmahasatian S et al., Clin
Pharmacokinet 2005;44:1051; Du Bois D, Du Bois EF, Arch Intern Med 1916;17:863; ideal weight after Zasadny KR,
Wahl RL, Radiology 1993;189:847 as in Sugawara Y et al., Radiology 1999;213:521.
"""

from math import isfinite

from imaging.domain.errors import SuvUnavailable
from imaging.domain.suv_inputs import SuvInputs, SuvKind

MOST_KG = 300.0  # above it grams are likelier than kilograms, until a person says otherwise
MOST_CONFIRMED_KG = 400.0
MOST_JUMP_PERCENT = 15.0  # of the weight in the chart; two scales and a meal stay well below


def lean_mass_james(weight: float, height: float, *, men: bool) -> float:
    ratio = (weight / (100 * height)) ** 2
    return 1.10 * weight - 128 * ratio if men else 1.07 * weight - 148 * ratio


def lean_mass_janmahasatian(weight: float, height: float, *, men: bool) -> float:
    index = weight / height**2
    return 9270 * weight / ((6680 + 216 * index) if men else (8780 + 244 * index))


def ideal_weight(weight: float, height: float, *, men: bool) -> float:
    over = 100 * height - 152
    return 48.0 + 1.06 * over if men else 45.5 + 0.91 * over


def surface_cm2(weight: float, height: float) -> float:
    return float(71.84 * weight**0.425 * (100 * height) ** 0.725)


_BY_SEX = {
    SuvKind.LBM_JAMES: lean_mass_james,
    SuvKind.LBM_JANMAHASATIAN: lean_mass_janmahasatian,
    SuvKind.IBW: ideal_weight,
}


def size(kind: SuvKind, weight_kg: float | None, height_m: float | None, sex: str | None) -> float:
    """The numerator of SUV for ``kind``: grams, or cm2 for BSA. Sex O takes the mean of both formulas.

    Raises ``SuvUnavailable`` naming the first missing or implausible input that this kind needs.
    """
    weight = 0.0 if kind is SuvKind.IBW else plausible_weight(weight_kg)
    if kind is SuvKind.BW:
        return 1000 * weight
    height = plausible_height(height_m)
    if kind is SuvKind.BSA:
        return surface_cm2(weight, height)
    mass = _mean_over_sexes(kind, weight, height, sex)
    if mass <= 0:
        raise SuvUnavailable("body_size_implausible")
    return 1000 * mass


def plausible_weight(found: float | None) -> float:
    """Weight in kg; raises ``SuvUnavailable`` where it is missing, zero or not that of a person."""
    if found is None or not isfinite(found):
        raise SuvUnavailable("patient_weight_missing")
    if found == 0:
        raise SuvUnavailable("patient_weight_zero")
    if not 0.3 <= found <= MOST_CONFIRMED_KG:
        raise SuvUnavailable("patient_weight_implausible", found=f"{found:g}")
    return found


def check_weight(inputs: SuvInputs) -> None:
    """Grams, and a jump against the chart, wait for a person. Raises ``SuvUnavailable``."""
    found, chart = inputs.body_weight_kg.value, inputs.chart_weight_kg
    if found is None or not isfinite(found) or found <= 0 or "body_weight_kg" in inputs.confirmed:
        return
    if found > MOST_KG:
        raise SuvUnavailable("patient_weight_implausible", found=f"{found:g}")
    percent = 0.0 if chart.value is None else round(100 * abs(found / chart.value - 1), 3)
    if percent > MOST_JUMP_PERCENT:
        shown = {"found": f"{found:g}", "chart": f"{chart.value:g}", "percent": f"{percent:.0f}"}
        raise SuvUnavailable("patient_weight_differs", **shown, source=chart.source)


def plausible_height(found: float | None) -> float:
    """Height in m (values above 3 are centimetres); raises ``SuvUnavailable``."""
    if found is None or not isfinite(found) or found == 0:
        raise SuvUnavailable("patient_height_missing")
    metres = found / 100 if found > 3 else found
    if not 0.3 <= metres <= 2.5:
        raise SuvUnavailable("patient_height_implausible", found=f"{found:g}")
    return metres


def _mean_over_sexes(kind: SuvKind, weight: float, height: float, sex: str | None) -> float:
    formula = _BY_SEX[kind]
    sexes = {"M": (True,), "F": (False,), "O": (True, False)}.get((sex or "").strip().upper())
    if sexes is None:
        raise SuvUnavailable("patient_sex_missing")
    return sum(formula(weight, height, men=men) for men in sexes) / len(sexes)
