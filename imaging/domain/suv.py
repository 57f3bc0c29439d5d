"""Standardised uptake value: the factor that turns a rescaled stored value into SUV.

SUV = activity concentration x body size / activity at the decay reference. Units (0054,1001), SUV Type (0054,1006)
and Decay Correction (0054,1102) decide which parts of that are still to be done; PS3.3 C.8.9.1. An input is demanded
only where it is used: a series already in SUVbw needs neither dose nor time, unless a person corrects one.
"""

from dataclasses import dataclass

from imaging.domain import scanner_suv
from imaging.domain.activity import (
    Factor,
    Notes,
    check_agreement,
    check_decay_claim,
    corrections_in,
    nuclide_in,
    per_activity,
    positive,
    uptake_if_known,
)
from imaging.domain.body_size import check_weight, plausible_weight, size
from imaging.domain.errors import Caution, SuvUnavailable, caution
from imaging.domain.suv_inputs import DecayCorrection, Sourced, SuvInputs, SuvKind, digest

__all__ = [
    "METHOD_VERSION",
    "DecayCorrection",
    "Sourced",
    "SuvFactors",
    "SuvInputs",
    "SuvKind",
    "digest",
    "suv_factors",
]

METHOD_VERSION = "suv/1.0"

_SUV_TYPES = {
    "": SuvKind.BW,
    "BW": SuvKind.BW,
    "LBM": SuvKind.LBM_JAMES,
    "LBMJAMES128": SuvKind.LBM_JAMES,
    "LBMJANMA": SuvKind.LBM_JANMAHASATIAN,
    "IBW": SuvKind.IBW,
}


@dataclass(frozen=True)
class SuvFactors:
    """Factors by kind: a number for all slices, a tuple per slice, or None with its reason in ``absent``.

    ``absent`` maps each kind without a factor to the refusal that explains it. ``is_provisional`` means that a
    person must confirm an input before the SUV counts as a fact.
    """

    by_kind: dict[SuvKind, Factor | None]
    absent: dict[SuvKind, SuvUnavailable]
    inputs: SuvInputs
    warnings: tuple[Caution, ...]
    is_provisional: bool
    uptake_time_s: float | None


def suv_factors(inputs: SuvInputs) -> SuvFactors:
    """Factors from rescaled stored value (slope and intercept applied) to SUV of every kind.

    Raises ``SuvUnavailable`` if SUVbw cannot be calculated; other kinds that cannot be are None with a reason.
    """
    notes = Notes(inputs.confirmed)
    if inputs.image_type.value and "image_type" not in inputs.confirmed:
        raise SuvUnavailable("derived_unconfirmed")
    _check_attenuation(inputs)
    check_decay_claim(inputs)
    units = (inputs.units.value or "").strip().upper()
    base_kind, base, uptake = _base(units, inputs, notes)
    check_weight(inputs)
    by_kind: dict[SuvKind, Factor | None] = {}
    absent: dict[SuvKind, SuvUnavailable] = {}
    for kind in SuvKind:
        try:
            by_kind[kind] = _scaled(base, _ratio(base_kind, kind, inputs, notes))
        except SuvUnavailable as refusal:
            by_kind[kind], absent[kind] = None, refusal
    if SuvKind.BW in absent:
        raise absent[SuvKind.BW]
    _note_unusual_uptake(inputs, uptake, notes)
    return SuvFactors(by_kind, absent, inputs, tuple(notes.cautions), notes.is_provisional, uptake)


def _base(units: str, inputs: SuvInputs, notes: Notes) -> tuple[SuvKind | None, Factor, float | None]:
    """The kind the values are in already (None: activity per body size still to do), factor so far, uptake time."""
    if units in {"BQML", "GML", "CM2ML"} and _has_philips(inputs):
        notes.add(caution("philips_factors_ignored", found=units))
    if units in {"GML", "CM2ML"}:
        kind = SuvKind.BSA if units == "CM2ML" else _declared_kind(inputs, notes)
        return kind, scanner_suv.by_activity(inputs, notes), uptake_if_known(inputs, notes)
    if units == "BQML":
        factor, uptake = per_activity(inputs, notes)
        return None, factor, uptake
    if units == "CNTS":
        return _from_counts(inputs, notes)
    raise SuvUnavailable("units_unknown", found=units or "(missing)")


def _declared_kind(inputs: SuvInputs, notes: Notes) -> SuvKind:
    check_agreement(inputs, {"suv_type"})
    declared = (inputs.suv_type.value or "").strip().upper()
    if declared not in _SUV_TYPES:
        raise SuvUnavailable("suv_type_unknown", found=declared)
    if declared == "LBM" and (inputs.sex.value or "").upper() != "F":
        notes.add(caution("suv_type_lbm_formula"), needs="suv_type")
    return _SUV_TYPES[declared]


def _from_counts(inputs: SuvInputs, notes: Notes) -> tuple[SuvKind | None, Factor, float | None]:
    check_agreement(inputs, {"philips_suv_factor", "philips_activity_factor"})
    to_suv = positive(inputs.philips_suv_factor.value)
    to_activity = positive(inputs.philips_activity_factor.value)
    if to_suv and to_activity and scanner_suv.changed(inputs) and _is_timed(inputs):
        notes.add(caution("philips_activity_factor_used"))
    elif to_suv:
        _compare_philips(to_suv, to_activity, inputs, notes)
        factor = _scaled(scanner_suv.by_activity(inputs, notes), to_suv)
        return SuvKind.BW, factor, uptake_if_known(inputs, notes)
    if to_activity:
        factor, uptake = per_activity(inputs, notes)
        return None, _scaled(factor, to_activity), uptake
    raise SuvUnavailable("philips_factors_missing")


def _is_timed(inputs: SuvInputs) -> bool:
    try:
        per_activity(inputs, Notes(inputs.confirmed))
    except SuvUnavailable:
        return False
    return True


def _compare_philips(to_suv: float, to_activity: float | None, inputs: SuvInputs, notes: Notes) -> None:
    if not to_activity:
        return
    try:
        factor, _ = per_activity(inputs, Notes(inputs.confirmed))
        other = _first(factor) * to_activity * 1000 * plausible_weight(inputs.body_weight_kg.value)
    except SuvUnavailable:
        return
    percent = 100 * abs(other / to_suv - 1)
    if percent > 1:
        notes.add(caution("philips_factors_disagree", percent=f"{percent:.1f}"), needs="injected_activity_bq")


def _check_attenuation(inputs: SuvInputs) -> None:
    corrections = corrections_in(inputs)
    if corrections is None:
        raise SuvUnavailable("corrections_unknown")
    if "ATTN" not in corrections:
        raise SuvUnavailable("not_attenuation_corrected")


def _ratio(base: SuvKind | None, kind: SuvKind, inputs: SuvInputs, notes: Notes) -> float:
    then = None if base is None else scanner_suv.size_then(base, inputs, notes)
    if base is kind and then is None:
        return 1.0
    wanted = _size(kind, inputs, notes)
    if base is None:
        return wanted
    return wanted / (_size(base, inputs, notes) if then is None else then)


def _size(kind: SuvKind, inputs: SuvInputs, notes: Notes) -> float:
    sex, height = inputs.sex.value, inputs.body_height_m.value
    value = size(kind, inputs.body_weight_kg.value, height, sex)
    if kind not in {SuvKind.BW, SuvKind.BSA} and (sex or "").strip().upper() == "O":
        notes.add(caution("sex_other_mean_of_formulas", found="O", kind=kind.value))
    if kind is not SuvKind.BW and height is not None and height > 3:
        notes.add(caution("patient_height_in_cm", found=f"{height:g}", used=f"{height / 100:g}"))
    if kind is SuvKind.BW and not 20 <= plausible_weight(inputs.body_weight_kg.value) <= 250:
        notes.add(caution("patient_weight_unusual", found=f"{inputs.body_weight_kg.value:g}"))
    return value


def _note_unusual_uptake(inputs: SuvInputs, seconds: float | None, notes: Notes) -> None:
    nuclide = nuclide_in(inputs)
    if seconds is None or nuclide is None or nuclide.usual_uptake_min is None:
        return
    low, high = nuclide.usual_uptake_min
    if not low <= seconds / 60 <= high:
        minutes = round(seconds / 60)
        notes.add(caution("uptake_time_unusual", minutes=minutes, low=f"{low:g}", high=f"{high:g}"))


def _has_philips(inputs: SuvInputs) -> bool:
    return bool(inputs.philips_suv_factor.value or inputs.philips_activity_factor.value)


def _scaled(factor: Factor, by: float) -> Factor:
    return tuple(f * by for f in factor) if isinstance(factor, tuple) else factor * by


def _first(factor: Factor) -> float:
    return factor[0] if isinstance(factor, tuple) else factor
