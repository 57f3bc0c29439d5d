"""What a person must decide before images enter a chart, asked by the files themselves.

No question contradicts an identity, so any one person with the right may answer it; codes and sentences are
``reasons.QUESTIONS``. What is asked and what was answered stand in the header of the series' row.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from imaging.domain.activity import is_nuclide_contradicted
from imaging.domain.reference_time import injected_after_scan_s
from imaging.domain.suv_inputs import SuvInputs

if TYPE_CHECKING:
    from imaging.assemble import AssembledSeries

CLOCK_ERROR_S = 3600
SAME_WEIGHT_KG = 0.5  # one console rounds to whole kilograms
WEIGHTS, DERIVED = "ask_weights", "ask_derived"
PHILIPS = frozenset({"philips_suv_factor", "philips_activity_factor"})

Test = Callable[["AssembledSeries"], bool]


def _refused(code: str, *, only_pet: bool = False) -> Test:
    return lambda series: (
        series.refusal is not None and series.refusal.code == code and (not only_pet or series.kind == "pet")
    )


def _of_inputs(test: Callable[[SuvInputs], bool]) -> Test:
    return lambda series: series.suv_inputs is not None and test(series.suv_inputs)


def _is_derived(series: "AssembledSeries") -> bool:
    return any(i.is_derived_pet for _, i in series.slices) and not _refused("projection_image")(series)


ASKED: tuple[tuple[str, Test], ...] = (
    ("ask_series_split", lambda series: series.is_split),
    ("ask_missing_slices", _refused("missing_slices")),
    ("ask_slices_at_one_place", _refused("duplicate_slices")),
    ("ask_single_slice", _refused("single_slice", only_pet=True)),
    ("ask_projection", _refused("projection_image", only_pet=True)),
    (DERIVED, _is_derived),
    (WEIGHTS, _of_inputs(lambda inputs: "body_weight_kg" in inputs.differing)),
    ("ask_administrations", lambda series: any(i.administrations > 1 for _, i in series.slices)),
    ("ask_injection_time", _of_inputs(lambda inputs: 0 < injected_after_scan_s(inputs) <= CLOCK_ERROR_S)),
    ("ask_nuclide", _of_inputs(is_nuclide_contradicted)),
    ("ask_philips_factor", _of_inputs(lambda i: i.units.value == "CNTS" and not PHILIPS.isdisjoint(i.differing))),
)


def raised_by(series: "AssembledSeries", other_weights: frozenset[float] = frozenset()) -> list[str]:
    """``other_weights``: body weights that series of the same study state, each in all its slices."""
    found = [code for code, is_raised in ASKED if is_raised(series)]
    own = series.body_weight_kg
    if own and WEIGHTS not in found and any(abs(own - other) > SAME_WEIGHT_KG for other in other_weights):
        found.append(WEIGHTS)
    return found


def open_of(header: dict[str, Any]) -> list[str]:
    """Codes of what the header of a series' row asks and nobody has answered."""
    answered = header.get("answered", [])
    return [code for code in header.get("questions", []) if code not in answered]


def carried_over(header: dict[str, Any], answered: list[str]) -> dict[str, Any]:
    """The header with what was answered before late slices came: it is not asked again."""
    return header | {"answered": answered} if answered else header
