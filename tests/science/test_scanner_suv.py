"""A series that is SUV already, of which a person corrects an input that the scanner calculated with.

Oracle: activity concentration. SUV of the scanner = concentration x body size / activity; the same concentration with
the inputs as they should have been is what BQML images of the same patient would give.
"""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imaging.domain.body_size import size
from imaging.domain.errors import SuvUnavailable
from imaging.domain.suv import Sourced, SuvKind, suv_factors
from tests.science.test_suv_rules import NOON, inputs

TRUE = {
    "body_weight_kg": 62.0,
    "body_height_m": 1.68,
    "sex": "F",
    "injected_activity_bq": 180e6,
    "administered_at": NOON - timedelta(minutes=75),
    "half_life_s": 4080.0,
}
KINDS = {"": SuvKind.BW, "LBMJAMES128": SuvKind.LBM_JAMES, "LBMJANMA": SuvKind.LBM_JANMAHASATIAN, "IBW": SuvKind.IBW}
BQML_PER_STORED = 7.5


def typed(found, **values):
    for name, value in values.items():
        found = found.override(
            name, value.isoformat() if hasattr(value, "isoformat") else str(value), "entered by a person"
        )
    return found


def of_scanner(kind: str, units: str = "GML", **header):
    """A header in SUV, and the factor that its scanner must have used from the header's own values."""
    by_activity = suv_factors(inputs(**header)).by_kind
    base = SuvKind.BSA if units == "CM2ML" else KINDS[kind]
    return inputs(units=units, suv_type=kind, **header), by_activity[base]


@pytest.mark.parametrize("decay", ["START", "ADMIN", "NONE"])
@pytest.mark.parametrize(("kind", "units"), [*((kind, "GML") for kind in KINDS), ("", "CM2ML")])
@pytest.mark.parametrize("names", [[name] for name in TRUE] + [list(TRUE)], ids="+".join)
def test_the_suv_is_that_of_the_corrected_inputs(decay, kind, units, names):
    """Concentration = scanner's SUV / scanner's factor; corrected SUV = concentration x corrected factor."""
    corrections = ("NORM", "ATTN") if decay == "NONE" else ("NORM", "ATTN", "DECY")
    header = {"decay_correction": decay, "corrected_image": corrections}
    stated, scanners = of_scanner(kind, units, **header)
    values = {name: TRUE[name] for name in names}
    wanted = suv_factors(typed(inputs(**header), **values)).by_kind
    found = suv_factors(typed(stated, **values))
    for one in SuvKind:
        expected = pytest.approx([f / s for f, s in pairs(wanted[one], scanners)], rel=1e-12)
        assert as_list(found.by_kind[one], len(expected.expected)) == expected, one
    if as_list(found.by_kind[KINDS[kind] if units == "GML" else SuvKind.BSA], 1) != [1.0]:
        assert "scanner_suv_converted" in codes(found)


def pairs(one, other):
    length = max(len(f) if isinstance(f, tuple) else 1 for f in (one, other))
    return zip(as_list(one, length), as_list(other, length), strict=True)


def as_list(factor, length):
    return list(factor) if isinstance(factor, tuple) else [factor] * length


def codes(found) -> set[str]:
    return {note.code for note in found.warnings}


@given(st.sets(st.sampled_from(sorted(TRUE))))
def test_confirming_what_the_header_says_changes_nothing(names):
    stated = inputs(units="GML")
    as_is = {name: getattr(stated, name).value for name in names}
    found = suv_factors(typed(stated, **as_is))
    assert found.by_kind == suv_factors(stated).by_kind and found.by_kind[SuvKind.BW] == 1.0
    assert not codes(found) & {"scanner_suv_converted", "scanner_input_not_used"}


@pytest.mark.parametrize("name", ["body_weight_kg", "injected_activity_bq", "administered_at", "half_life_s"])
def test_what_the_header_does_not_say_cannot_be_converted_and_that_is_said(name):
    """The scanner knew some value; nobody can say which."""
    found = suv_factors(typed(inputs(units="GML", nuclide=None, tracer=None, **{name: None}), **{name: TRUE[name]}))
    assert found.by_kind[SuvKind.BW] == 1.0
    assert "scanner_input_not_used" in codes(found)


def test_lean_mass_follows_the_weight_that_was_given_where_the_header_has_none():
    found = suv_factors(typed(inputs(units="GML", body_weight_kg=None), body_weight_kg=62.0)).by_kind
    mass = size(SuvKind.LBM_JAMES, 62.0, 1.75, "M")
    assert found[SuvKind.LBM_JAMES] == pytest.approx(mass / 62_000)


@pytest.mark.parametrize(
    "header", [{"body_weight_kg": 7e4}, {"administered_at": NOON + timedelta(hours=1)}, {"injected_activity_bq": -1.0}]
)
def test_what_the_scanner_cannot_have_used_leaves_no_suv(header):
    name = next(iter(header))
    with pytest.raises(SuvUnavailable) as refused:
        suv_factors(typed(inputs(units="GML", **header), **{name: TRUE[name]}))
    assert refused.value.code == "scanner_input_unusable"


def test_a_correction_given_twice_is_counted_from_the_header():
    once = typed(inputs(units="GML"), body_weight_kg=62.0)
    twice = typed(typed(inputs(units="GML"), body_weight_kg=99.0), body_weight_kg=62.0)
    assert suv_factors(twice).by_kind == suv_factors(once).by_kind
    assert suv_factors(typed(twice, body_weight_kg=70.0)).by_kind[SuvKind.BW] == 1.0


def test_the_stored_inputs_still_say_what_the_header_stated():
    given_inputs = typed(inputs(units="GML"), **TRUE)
    again = type(given_inputs).from_dict(given_inputs.to_dict())
    assert again == given_inputs
    assert again.as_stated().body_weight_kg == Sourced(70.0, "header")
    assert suv_factors(again).by_kind == suv_factors(given_inputs).by_kind


# --- Philips: two private factors -----------------------------------------------------------------


def philips(**changes):
    """Stored counts of 7.5 Bq/mL each; the SUV factor is the one of the header's own values."""
    to_suv = suv_factors(inputs()).by_kind[SuvKind.BW] * BQML_PER_STORED
    return inputs(units="CNTS", **{"philips_suv_factor": to_suv, "philips_activity_factor": BQML_PER_STORED} | changes)


@pytest.mark.parametrize("names", [[name] for name in TRUE] + [list(TRUE)], ids="+".join)
@pytest.mark.parametrize("has_activity_factor", [True, False])
def test_philips_counts_follow_a_correction_with_either_factor(names, has_activity_factor):
    values = {name: TRUE[name] for name in names}
    stated = philips() if has_activity_factor else philips(philips_activity_factor=None)
    wanted = suv_factors(typed(inputs(), **values)).by_kind
    found = suv_factors(typed(stated, **values))
    for kind in SuvKind:
        assert found.by_kind[kind] == pytest.approx(BQML_PER_STORED * wanted[kind], rel=1e-12), kind


def test_a_philips_suv_factor_made_with_other_values_than_the_header_has_is_not_converted():
    """The header's activity was mistyped and the scanner used the right one: the activity factor knows nothing of it."""
    right = typed(philips(), injected_activity_bq=180e6)
    made_with_right = suv_factors(inputs(injected_activity_bq=180e6)).by_kind[SuvKind.BW] * BQML_PER_STORED
    found = suv_factors(replace(right, philips_suv_factor=Sourced(made_with_right, "header")))
    assert found.by_kind[SuvKind.BW] == pytest.approx(made_with_right, rel=1e-12)


def test_untouched_counts_keep_the_suv_factor():
    found = suv_factors(philips())
    assert found.by_kind[SuvKind.BW] == philips().philips_suv_factor.value


def test_where_the_activity_factor_cannot_be_used_the_suv_factor_is_converted():
    stated = philips(administered_at=None, series_at=None)
    found = suv_factors(typed(stated, body_weight_kg=62.0)).by_kind[SuvKind.BW]
    assert found == pytest.approx(stated.philips_suv_factor.value * 62 / 70, rel=1e-12)
