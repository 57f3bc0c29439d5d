"""Activity at the moment the images are decay-corrected to: injected activity, half-life and uptake time, checked.

An odd value is never used silently: it is refused, or used with a caution that a person must confirm.
"""

from math import isfinite, log

from imaging.domain import reference_time
from imaging.domain.errors import Caution, SuvUnavailable, caution
from imaging.domain.suv_inputs import DecayCorrection, SuvInputs
from imaging.domain.vocabulary import NUCLIDES, Nuclide, nuclide_of

Factor = float | tuple[float, ...]


class Notes:
    """Cautions gathered on the way; one that ``needs`` an unconfirmed input makes the SUV provisional."""

    def __init__(self, confirmed: frozenset[str]) -> None:
        self.confirmed = confirmed
        self.cautions: list[Caution] = []
        self.is_provisional = False

    def add(self, note: Caution, needs: str = "") -> None:
        if note not in self.cautions:
            self.cautions.append(note)
        self.is_provisional |= bool(needs) and needs not in self.confirmed


def per_activity(inputs: SuvInputs, notes: Notes) -> tuple[Factor, float | None]:
    """1 / activity at the decay reference, in 1/Bq, and the uptake time in seconds if known."""
    check_agreement(inputs, {"injected_activity_bq", "administration_count", "decay_correction"})
    dose = _dose(inputs, notes)
    correction = _decay_correction(inputs, notes)
    if correction is DecayCorrection.ADMIN:
        return 1 / dose, uptake_if_known(inputs, notes)
    check_agreement(inputs, _timed_by(inputs, correction))
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


def _timed_by(inputs: SuvInputs, correction: DecayCorrection) -> set[str]:
    """Inputs that decide about decay: where one of them counts as missing, another would quietly take its place."""
    names = {"half_life_s", "nuclide", "administered_at"}
    if inputs.administered_at.value is None:
        names.add("administered_time")
    return names | {"series_at", "ge_decay_reference_at"} if correction is DecayCorrection.START else names


def check_agreement(inputs: SuvInputs, names: set[str]) -> None:
    """Raises ``SuvUnavailable`` where the slices state more than one value of an input that decides."""
    if found := sorted(inputs.differing & names):
        raise SuvUnavailable("slices_disagree", found=", ".join(name.replace("_", " ") for name in found))


def uptake_if_known(inputs: SuvInputs, notes: Notes) -> float | None:
    """The uptake time for display, where SUV does not need it: an unknown or impossible one is only a caution."""
    try:
        return min(reference_time.to_start(inputs).uptake_s)
    except SuvUnavailable as refusal:
        known = refusal.code == "scan_before_injection"
        notes.add(caution("administered_after_scan" if known else "uptake_time_unknown"))
        return None


def _dose(inputs: SuvInputs, notes: Notes) -> float:
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


def _note_unusual_dose(mbq: float, inputs: SuvInputs, notes: Notes) -> None:
    if not 1 <= mbq <= 10_000:
        notes.add(caution("dose_implausible", mbq=f"{mbq:g}"), needs="injected_activity_bq")
        return
    nuclide = nuclide_in(inputs)
    if nuclide is not None and nuclide.usual_mbq and not nuclide.usual_mbq[0] <= mbq <= nuclide.usual_mbq[1]:
        low, high = nuclide.usual_mbq
        notes.add(caution("dose_unusual", mbq=f"{mbq:g}", low=low, high=high))


def _half_life(inputs: SuvInputs, notes: Notes) -> float:
    found = positive(inputs.half_life_s.value)
    nuclide = nuclide_in(inputs)
    if nuclide is not None and is_nuclide_contradicted(inputs):
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


def is_nuclide_contradicted(inputs: SuvInputs) -> bool:
    """The tracer is one that never carries the nuclide stated."""
    nuclide, expected = nuclide_in(inputs), nuclide_of(inputs.tracer.value or "")
    return nuclide is not None and expected not in {"", nuclide.name}


def nuclide_in(inputs: SuvInputs) -> Nuclide | None:
    """The nuclide stated, else that of the tracer."""
    return NUCLIDES.get(inputs.nuclide.value or nuclide_of(inputs.tracer.value or ""))


def _checked_half_life(found: float, nuclide: str, expected: float, notes: Notes) -> float:
    """The header's half-life up to 1 % from the table (a caution from 0.5 %), else the table's, to be confirmed."""
    percent = 100 * abs(found / expected - 1)
    shown = {"found": f"{found:g}", "nuclide": nuclide, "expected": f"{expected:g}", "percent": f"{percent:.2g}"}
    if percent > 1 and "half_life_s" not in notes.confirmed:
        notes.add(caution("half_life_replaced", **shown), needs="half_life_s")
        return expected
    if percent > 0.5:
        notes.add(caution("half_life_differs", **shown))
    return found


def _decay_correction(inputs: SuvInputs, notes: Notes) -> DecayCorrection:
    stated = (inputs.decay_correction.value or "").strip().upper()
    if stated not in frozenset(DecayCorrection):
        raise SuvUnavailable("decay_correction_unknown", found=stated or "(missing)")
    corrections = corrections_in(inputs)
    if corrections is not None and stated == DecayCorrection.NONE and "DECY" in corrections:
        notes.add(caution("decay_flags_contradict", found="NONE, yet DECY"), needs="corrected_image")
    return DecayCorrection(stated)


def check_decay_claim(inputs: SuvInputs) -> None:
    """Images that claim decay correction and were not corrected are wrong in any unit. Raises ``SuvUnavailable``."""
    stated = (inputs.decay_correction.value or "").strip().upper()
    corrections = corrections_in(inputs)
    if (
        stated in {DecayCorrection.START, DecayCorrection.ADMIN}
        and corrections is not None
        and "DECY" not in corrections
    ):
        raise SuvUnavailable("not_decay_corrected", found=stated)


def corrections_in(inputs: SuvInputs) -> frozenset[str] | None:
    listed = inputs.corrected_image.value
    return frozenset(word.strip().upper() for word in listed) if listed else None


def _judge_uptake(seconds: float, half_life: float, notes: Notes) -> None:
    minutes = round(seconds / 60)
    if seconds > 12 * half_life:
        raise SuvUnavailable("uptake_time_implausible", minutes=minutes)
    if not reference_time.is_plausible_uptake(seconds):
        notes.add(caution("uptake_time_to_confirm", minutes=minutes), needs="administered_at")


def _note_decay_within_frame(inputs: SuvInputs, half_life: float, notes: Notes) -> None:
    durations = [d for d in inputs.frame_duration_s.value or () if d]
    if durations:
        notes.add(caution("decay_within_frame", percent=f"{50 * log(2) * max(durations) / half_life:.1f}"))


def positive(value: float | None) -> float | None:
    return value if value is not None and isfinite(value) and value > 0 else None
