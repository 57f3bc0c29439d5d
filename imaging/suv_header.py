"""The SUV inputs of a series from the headers of its slices.

A value on which the slices do not agree is not chosen among: it counts as missing, so a person has to enter it, and a
caution names it; an SUV that would need it is refused (``domain.activity``). Only times and frame durations may differ
from slice to slice.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, time
from typing import Any

from imaging.domain.errors import Caution
from imaging.domain.suv_inputs import Sourced, SuvInputs
from imaging.domain.vocabulary import Tracer, is_sstr
from imaging.instances import ParsedInstance
from imaging.reasons import caution

_SHARED: tuple[tuple[str, str, str, Callable[[Any], Any]], ...] = (
    ("units", "units", "(0054,1001)", str),
    ("suv_type", "suv_type", "(0054,1006)", str),
    ("decay_correction", "decay_correction", "(0054,1102)", str),
    ("corrected_image", "corrected_image", "(0028,0051)", tuple),
    ("body_weight_kg", "body_weight_kg", "(0010,1030)", float),
    ("body_height_m", "body_height_m", "(0010,1020)", float),
    ("sex", "sex", "(0010,0040)", str),
    ("tracer", "tracer", "(0054,0016)", str),
    ("nuclide", "nuclide", "(0054,0300)", str),
    ("half_life_s", "half_life_s", "(0018,1075)", float),
    ("injected_activity_bq", "total_dose", "(0018,1074)", float),
    ("administration_count", "administrations", "(0054,0016)", int),
    ("administered_at", "administered_at", "(0018,1078)", datetime.fromisoformat),
    ("administered_time", "administered_time", "(0018,1072)", time.fromisoformat),
    ("series_at", "series_at", "(0008,0031)", datetime.fromisoformat),
    ("ge_decay_reference_at", "ge_decay_at", "(0009,100D)", datetime.fromisoformat),
    ("philips_suv_factor", "philips_suv_factor", "(7053,1000)", float),
    ("philips_activity_factor", "philips_activity_factor", "(7053,1009)", float),
)


def suv_inputs(instances: Sequence[ParsedInstance]) -> tuple[SuvInputs, list[Caution]]:
    """``instances`` in the order of the volume. What is absent stays out; nothing is guessed here."""
    values: dict[str, Any] = {}
    differing = {}
    for name, field, tag, convert in _SHARED:
        found = {getattr(instance, field) for instance in instances}
        if len(found) > 1:
            differing[name] = f"{name.replace('_', ' ')} {tag}"
        elif (value := found.pop()) not in (None, ""):
            values[name] = Sourced(convert(value), f"header {tag}")
    values |= _per_slice(instances) | _derived(instances)
    warnings = [caution("header_values_differ", names=", ".join(differing.values()))] if differing else []
    if (tracer := values.get("tracer")) and not is_sstr(tracer.value):
        warnings += _other_tracer(tracer.value, instances[0].radiopharmaceutical)
    return SuvInputs(**values, differing=frozenset(differing)), warnings


def _other_tracer(tracer: str, text: str) -> list[Caution]:
    """One that is not in the list goes by its text; where there is none, nothing is known about it."""
    if tracer != Tracer.OTHER:
        return [caution("tracer_not_sstr", tracer=tracer, which="not a")]
    return [caution("tracer_not_sstr", tracer=text, which="not known as a")] if text else []


def _per_slice(instances: Sequence[ParsedInstance]) -> dict[str, Any]:
    moments = [datetime.fromisoformat(i.acquired_at) if i.acquired_at else None for i in instances]
    durations = [i.frame_duration_ms / 1000 if i.frame_duration_ms else None for i in instances]
    found = {}
    if any(moments):
        found["acquired_at"] = Sourced(_collapse(moments), "header (0008,0032)")
    if any(durations):
        found["frame_duration_s"] = Sourced(_collapse(durations), "header (0018,1242)")
    return found


def _derived(instances: Sequence[ParsedInstance]) -> dict[str, Any]:
    found = next((instance.image_type for instance in instances if instance.is_derived_pet), None)
    return {"image_type": Sourced(found, "header (0008,0008)")} if found else {}


def _collapse(values: list[Any]) -> tuple[Any, ...]:
    """One item where all slices agree."""
    return (values[0],) if len(set(values)) == 1 else tuple(values)
