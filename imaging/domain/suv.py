"""Standardised uptake value: the factor that turns a rescaled stored value into SUV.

SUV = activity concentration x body size / activity at the decay reference. Units (0054,1001), SUV Type (0054,1006)
and Decay Correction (0054,1102) decide which parts of that are still to be done; PS3.3 C.8.9.1. An input is demanded
only where it is used: a series already in SUVbw needs neither dose nor time.
"""

from dataclasses import dataclass
from math import isfinite, log

from imaging.domain import reference_time
from imaging.domain.body_size import plausible_weight, size
from imaging.domain.errors import Caution, SuvUnavailable, caution
from imaging.domain.suv_inputs import DecayCorrection, Sourced, SuvInputs, SuvKind, digest
from imaging.domain.vocabulary import NUCLIDES, nuclide_of

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

Factor = float | tuple[float, ...]

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


class _Notes:
    """Cautions gathered on the way; one that ``needs`` an unconfirmed input makes the SUV provisional."""

    def __init__(self, confirmed: frozenset[str]) -> None:
        self.confirmed = confirmed
        self.cautions: list[Caution] = []
        self.is_provisional = False

    def add(self, note: Caution, needs: str = "") -> None:
        if note not in self.cautions:
            self.cautions.append(note)
        self.is_provisional |= bool(needs) and needs not in self.confirmed


def suv_factors(inputs: SuvInputs) -> SuvFactors:
    """Factors from rescaled stored value (slope and intercept applied) to SUV of every kind.

    Raises ``SuvUnavailable`` if SUVbw cannot be calculated; other kinds that cannot be are None with a reason.
    """
    notes = _Notes(inputs.confirmed)
    _check_attenuation(inputs, notes)
    units = (inputs.units.value or "").strip().upper()
    base_kind, base, uptake = _base(units, inputs, notes)
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


def _base(units: str, inputs: SuvInputs, notes: _Notes) -> tuple[SuvKind | None, Factor, float | None]:
    """The kind the values are in already (None: activity per body size still to do), factor so far, uptake time."""
    if units in {"BQML", "GML", "CM2ML"} and _has_philips(inputs):
        notes.add(caution("philips_factors_ignored", found=units))
    if units == "GML":
        return _declared_kind(inputs, notes), 1.0, _uptake_if_known(inputs, notes)
    if units == "CM2ML":
        return SuvKind.BSA, 1.0, _uptake_if_known(inputs, notes)
    if units == "BQML":
        factor, uptake = _per_activity(inputs, notes)
        return None, factor, uptake
    if units == "CNTS":
        return _from_counts(inputs, notes)
    raise SuvUnavailable("units_unknown", found=units or "(missing)")


def _declared_kind(inputs: SuvInputs, notes: _Notes) -> SuvKind:
    declared = (inputs.suv_type.value or "").strip().upper()
    if declared not in _SUV_TYPES:
        raise SuvUnavailable("suv_type_unknown", found=declared)
    if declared == "LBM" and (inputs.sex.value or "").upper() != "F":
        notes.add(caution("suv_type_lbm_formula"), needs="suv_type")
    return _SUV_TYPES[declared]


def _from_counts(inputs: SuvInputs, notes: _Notes) -> tuple[SuvKind | None, Factor, float | None]:
    to_suv = _positive(inputs.philips_suv_factor.value)
    to_activity = _positive(inputs.philips_activity_factor.value)
    if to_suv:
        _compare_philips(to_suv, to_activity, inputs, notes)
        return SuvKind.BW, to_suv, _uptake_if_known(inputs, notes)
    if to_activity:
        factor, uptake = _per_activity(inputs, notes)
        return None, _scaled(factor, to_activity), uptake
    raise SuvUnavailable("philips_factors_missing")


def _compare_philips(to_suv: float, to_activity: float | None, inputs: SuvInputs, notes: _Notes) -> None:
    if not to_activity:
        return
    try:
        factor, _ = _per_activity(inputs, _Notes(inputs.confirmed))
        other = _first(factor) * to_activity * 1000 * plausible_weight(inputs.body_weight_kg.value)
    except SuvUnavailable:
        return
    percent = 100 * abs(other / to_suv - 1)
    if percent > 1:
        notes.add(caution("philips_factors_disagree", percent=f"{percent:.1f}"), needs="philips_suv_factor")


def _per_activity(inputs: SuvInputs, notes: _Notes) -> tuple[Factor, float | None]:
    """1 / activity at the decay reference, in 1/Bq, and the uptake time in seconds if known."""
    dose = _dose(inputs, notes)
    correction = _decay_correction(inputs, notes)
    if correction is DecayCorrection.ADMIN:
        return 1 / dose, _uptake_if_known(inputs, notes)
    timing = (
        reference_time.to_start(inputs) if correction is DecayCorrection.START else reference_time.to_each_slice(inputs)
    )
    for note in timing.cautions:
        notes.add(note)
    half_life = _half_life(inputs, notes)
    _judge_uptake(min(timing.uptake_s), half_life, notes)
    if correction is DecayCorrection.NONE:
        _note_decay_within_frame(inputs, half_life, notes)
    factors = tuple(2 ** (seconds / half_life) / dose for seconds in timing.uptake_s)
    return (factors[0] if len(set(factors)) == 1 else factors), min(timing.uptake_s)


def _dose(inputs: SuvInputs, notes: _Notes) -> float:
    count = inputs.administration_count.value
    if count is not None and count > 1:
        raise SuvUnavailable("several_administrations", found=count)
    dose = inputs.injected_activity_bq.value
    if dose is None or not isfinite(dose):
        raise SuvUnavailable("dose_missing")
    if dose <= 0:
        raise SuvUnavailable("dose_not_positive", found=f"{dose:g}")
    if dose < 1e4:
        notes.add(caution("dose_in_mbq", found=f"{dose:g}", used=f"{dose * 1e6:g}"), needs="injected_activity_bq")
        dose *= 1e6
    _note_unusual_dose(dose / 1e6, inputs, notes)
    return dose


def _note_unusual_dose(mbq: float, inputs: SuvInputs, notes: _Notes) -> None:
    if not 1 <= mbq <= 10_000:
        notes.add(caution("dose_implausible", mbq=f"{mbq:g}"), needs="injected_activity_bq")
        return
    nuclide = NUCLIDES.get(inputs.nuclide.value or "")
    if nuclide is not None and nuclide.usual_mbq and not nuclide.usual_mbq[0] <= mbq <= nuclide.usual_mbq[1]:
        low, high = nuclide.usual_mbq
        notes.add(caution("dose_unusual", mbq=f"{mbq:g}", low=low, high=high))


def _half_life(inputs: SuvInputs, notes: _Notes) -> float:
    found = _positive(inputs.half_life_s.value)
    nuclide = NUCLIDES.get(inputs.nuclide.value or "")
    expected_nuclide = nuclide_of(inputs.tracer.value or "")
    if nuclide is not None and expected_nuclide and expected_nuclide != nuclide.name:
        note = caution("nuclide_conflict", tracer=inputs.tracer.value, nuclide=nuclide.name)
        notes.add(note, needs="half_life_s")
    if nuclide is None:
        if found is None:
            raise SuvUnavailable("half_life_missing")
        notes.add(caution("nuclide_not_in_table", found=f"{found:g}"))
        return found
    if found is None:
        notes.add(caution("half_life_from_table", used=f"{nuclide.half_life_s:g}", nuclide=nuclide.name))
        return nuclide.half_life_s
    return _checked_half_life(found, nuclide.name, nuclide.half_life_s, notes)


def _checked_half_life(found: float, nuclide: str, expected: float, notes: _Notes) -> float:
    """The header's half-life up to 1 % from the table (a caution from 0.5 %), else the table's, to be confirmed."""
    percent = 100 * abs(found / expected - 1)
    shown = {"found": f"{found:g}", "nuclide": nuclide, "expected": f"{expected:g}", "percent": f"{percent:.2g}"}
    if percent > 1 and "half_life_s" not in notes.confirmed:
        notes.add(caution("half_life_replaced", **shown), needs="half_life_s")
        return expected
    if percent > 0.5:
        notes.add(caution("half_life_differs", **shown))
    return found


def _check_attenuation(inputs: SuvInputs, notes: _Notes) -> None:
    corrections = _corrections(inputs)
    if corrections is None:
        notes.add(caution("corrections_unknown"), needs="corrected_image")
    elif "ATTN" not in corrections:
        raise SuvUnavailable("not_attenuation_corrected")


def _decay_correction(inputs: SuvInputs, notes: _Notes) -> DecayCorrection:
    stated = (inputs.decay_correction.value or "").strip().upper()
    if stated not in frozenset(DecayCorrection):
        raise SuvUnavailable("decay_correction_unknown", found=stated or "(missing)")
    corrections = _corrections(inputs)
    if corrections is not None and stated != DecayCorrection.NONE and "DECY" not in corrections:
        raise SuvUnavailable("not_decay_corrected", found=stated)
    if corrections is not None and stated == DecayCorrection.NONE and "DECY" in corrections:
        notes.add(caution("decay_flags_contradict", found="NONE, yet DECY"), needs="corrected_image")
    return DecayCorrection(stated)


def _corrections(inputs: SuvInputs) -> frozenset[str] | None:
    listed = inputs.corrected_image.value
    return frozenset(word.strip().upper() for word in listed) if listed else None


def _ratio(base: SuvKind | None, kind: SuvKind, inputs: SuvInputs, notes: _Notes) -> float:
    if base is kind:
        return 1.0
    wanted = _size(kind, inputs, notes)
    return wanted / _size(base, inputs, notes) if base is not None else wanted


def _size(kind: SuvKind, inputs: SuvInputs, notes: _Notes) -> float:
    sex, height = inputs.sex.value, inputs.body_height_m.value
    value = size(kind, inputs.body_weight_kg.value, height, sex)
    if kind not in {SuvKind.BW, SuvKind.BSA} and (sex or "").strip().upper() == "O":
        notes.add(caution("sex_other_mean_of_formulas", found="O", kind=kind.value))
    if kind is not SuvKind.BW and height is not None and height > 3:
        notes.add(caution("patient_height_in_cm", found=f"{height:g}", used=f"{height / 100:g}"))
    if kind is SuvKind.BW and not 20 <= plausible_weight(inputs.body_weight_kg.value) <= 250:
        notes.add(caution("patient_weight_unusual", found=f"{inputs.body_weight_kg.value:g}"))
    return value


def _uptake_if_known(inputs: SuvInputs, notes: _Notes) -> float | None:
    """The uptake time for display, where SUV does not need it: an unknown or impossible one is only a caution."""
    try:
        return min(reference_time.to_start(inputs).uptake_s)
    except SuvUnavailable as refusal:
        known = refusal.code == "scan_before_injection"
        notes.add(caution("administered_after_scan" if known else "uptake_time_unknown"))
        return None


def _judge_uptake(seconds: float, half_life: float, notes: _Notes) -> None:
    minutes = round(seconds / 60)
    if seconds > 12 * half_life:
        raise SuvUnavailable("uptake_time_implausible", minutes=minutes)
    if not reference_time.is_plausible_uptake(seconds):
        notes.add(caution("uptake_time_to_confirm", minutes=minutes), needs="administered_at")


def _note_unusual_uptake(inputs: SuvInputs, seconds: float | None, notes: _Notes) -> None:
    nuclide = NUCLIDES.get(inputs.nuclide.value or "")
    if seconds is None or nuclide is None or nuclide.usual_uptake_min is None:
        return
    low, high = nuclide.usual_uptake_min
    if not low <= seconds / 60 <= high:
        minutes = round(seconds / 60)
        notes.add(caution("uptake_time_unusual", minutes=minutes, low=f"{low:g}", high=f"{high:g}"))


def _note_decay_within_frame(inputs: SuvInputs, half_life: float, notes: _Notes) -> None:
    durations = [d for d in inputs.frame_duration_s.value or () if d]
    if durations:
        notes.add(caution("decay_within_frame", percent=f"{50 * log(2) * max(durations) / half_life:.1f}"))


def _has_philips(inputs: SuvInputs) -> bool:
    return bool(inputs.philips_suv_factor.value or inputs.philips_activity_factor.value)


def _positive(value: float | None) -> float | None:
    return value if value is not None and isfinite(value) and value > 0 else None


def _scaled(factor: Factor, by: float) -> Factor:
    return tuple(f * by for f in factor) if isinstance(factor, tuple) else factor * by


def _first(factor: Factor) -> float:
    return factor[0] if isinstance(factor, tuple) else factor
