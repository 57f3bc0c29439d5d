"""A series that the scanner turned into SUV itself, of which a person has corrected an input.

The scanner calculated SUV = c x size / activity with the values of its header. With others it is that SUV x (size now /
size then) x (activity then / activity now), sizes in g or cm2, activity in Bq at the decay reference. Where the header
does not state what was corrected, nobody can say what the scanner used: the SUV stays as it is, with a caution.
"""

from imaging.domain.activity import Factor, Notes, per_activity
from imaging.domain.body_size import size
from imaging.domain.errors import SuvUnavailable, caution
from imaging.domain.suv_inputs import SuvInputs, SuvKind

OF_BODY = frozenset({"body_weight_kg", "body_height_m", "sex"})
OF_ACTIVITY = frozenset({"injected_activity_bq", "administered_at", "administered_time", "half_life_s"})
_UNSTATED = frozenset(
    {"patient_weight_missing", "patient_weight_zero", "patient_height_missing", "patient_sex_missing"}
)


def changed(inputs: SuvInputs) -> frozenset[str]:
    """Inputs of body and activity that a person has given another value than the header's."""
    stated = inputs.as_stated()
    names = {name for name, _ in inputs.replaced} & (OF_BODY | OF_ACTIVITY)
    return frozenset(name for name in names if getattr(inputs, name).value != getattr(stated, name).value)


def by_activity(inputs: SuvInputs, notes: Notes) -> Factor:
    """Activity that the scanner used / activity as it is now, at the decay reference; one factor, or one per slice.

    Raises ``SuvUnavailable`` where the header states something that no scanner can have used.
    """
    names, stated = changed(inputs) & OF_ACTIVITY, inputs.as_stated()
    if not names:
        return 1.0
    if all(getattr(stated, name).value is None for name in names):
        _say_unused(names, notes)
        return 1.0
    try:
        now, _ = per_activity(inputs, Notes(inputs.confirmed))
        then, _ = per_activity(stated, Notes(inputs.confirmed))
    except SuvUnavailable as refusal:
        raise SuvUnavailable("scanner_input_unusable", found=_words(names)) from refusal
    _say_converted(names, notes)
    return _quotient(now, then)


def size_then(base: SuvKind, inputs: SuvInputs, notes: Notes) -> float | None:
    """Body size that the scanner used for ``base``, in g or cm2; None where nothing of it was corrected, or not stated.

    Raises ``SuvUnavailable`` where the header states one that no scanner can have used.
    """
    names, stated = changed(inputs) & OF_BODY, inputs.as_stated()
    if not names:
        return None
    try:
        then = size(base, stated.body_weight_kg.value, stated.body_height_m.value, stated.sex.value)
    except SuvUnavailable as refusal:
        if refusal.code not in _UNSTATED:
            raise SuvUnavailable("scanner_input_unusable", found=_words(names)) from refusal
        _say_unused(names, notes)
        return None
    now = size(base, inputs.body_weight_kg.value, inputs.body_height_m.value, inputs.sex.value)
    if now != then:
        _say_converted(names, notes)
    return then


def _quotient(one: Factor, other: Factor) -> Factor:
    if not isinstance(one, tuple) and not isinstance(other, tuple):
        return one / other
    length = max(len(factor) for factor in (one, other) if isinstance(factor, tuple))
    first, second = (factor if isinstance(factor, tuple) else (factor,) * length for factor in (one, other))
    return tuple(a / b for a, b in zip(first, second, strict=True))


def _say_converted(names: frozenset[str], notes: Notes) -> None:
    notes.add(caution("scanner_suv_converted", found=_words(names)))


def _say_unused(names: frozenset[str], notes: Notes) -> None:
    notes.add(caution("scanner_input_not_used", found=_words(names)))


def _words(names: frozenset[str]) -> str:
    return ", ".join(sorted(_WORDS[name] for name in names if name != "administered_time") or ["time of injection"])


_WORDS = {
    "body_weight_kg": "body weight",
    "body_height_m": "body height",
    "sex": "sex",
    "injected_activity_bq": "injected activity",
    "administered_at": "time of injection",
    "half_life_s": "half-life",
}
