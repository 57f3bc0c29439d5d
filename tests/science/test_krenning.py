"""KRENNING-PET/1.0 against its test vectors."""

from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imaging.domain import krenning
from imaging.domain.errors import MeasurementRefused
from imaging.domain.krenning import propose, relations_for

VECTORS = [
    ("1.40", "below", "1", "1"),
    ("1.65", "below", "1", "1"),
    ("1.66", "below", "2", "1"),
    ("3.00", "below", "2", "1"),
    ("4.49", "below", "2", "1"),
    ("4.50", "equal", "2", "2"),
    ("5.50", "equal", "2", "2"),
    ("5.51", "above", "3", "3"),
    ("9.09", "above", "3", "3"),
    ("22.0", "above", "3", "3"),
    ("22.01", "above", "4", "4"),
]


def scored(lesion, scale="KR-ORIG", liver="5.0", spleen="20", blood_pool="1.5", **options):
    given_values = [None if value is None else D(value) for value in (lesion, liver, spleen, blood_pool)]
    return propose(*given_values, scale=scale, **options)


@pytest.mark.parametrize(("lesion", "relation", "modified", "original"), VECTORS)
def test_vector(lesion, relation, modified, original):
    for scale, text in (("KR-MOD", modified), ("KR-ORIG", original)):
        found = scored(lesion, scale)
        assert (found.relation, found.text, found.scale) == (relation, text, scale)
        assert (found.score_low, found.score_high) == (int(text), int(text))
        assert found.method_version == "KRENNING-PET/1.0"


@pytest.mark.parametrize("scale", krenning.SCALES)
def test_not_visible_is_zero(scale):
    found = scored(None, scale, visible=False)
    assert (found.relation, found.text) == ("none", "0")


def test_without_blood_pool():
    found = scored("3.00", "KR-MOD", blood_pool=None)
    assert (found.relation, found.text, found.score_low, found.score_high) == ("below", "1 or 2", 1, 2)
    assert scored("3.00", "KR-ORIG", blood_pool=None).text == "1"


@pytest.mark.parametrize("scale", krenning.SCALES)
def test_without_spleen(scale):
    found = scored("30.0", scale, spleen=None)
    assert (found.relation, found.text, found.score_low, found.score_high) == ("above", "3 or more", 3, 4)


@pytest.mark.parametrize(
    ("liver", "baseline", "follow_up"),
    [
        ("4.8", ("above", "3"), ("above", "3")),
        ("8.27", ("equal", "2"), ("above", "3")),
        ("10.43", ("below", "1"), ("equal", "2")),
    ],
)
def test_seed_vectors(liver, baseline, follow_up):
    for lesion, expected in (("9.09", baseline), ("11.47", follow_up)):
        found = scored(lesion, liver=liver, spleen="17")
        assert (found.relation, found.text) == expected


def test_borderline_is_a_relation_that_changes_with_the_tolerance():
    found = scored("5.40")
    assert found.is_borderline
    assert found.by_tolerance == {"0": "above", "0.10": "equal", "0.20": "equal", "0.30": "equal"}
    assert not scored("9.09").is_borderline
    assert not scored("3.00").is_borderline
    assert scored("3.60").is_borderline


def test_default_tolerance_is_ten_percent_and_recorded():
    assert scored("5.50").inputs["tolerance"] == "0.10"
    assert scored("5.50", tolerance=D("0.05")).relation == "above"


def test_noise_band_replaces_the_tolerance():
    assert scored("6.9", liver_sd=D("1")).relation == "equal"
    assert scored("7.1", liver_sd=D("1")).relation == "above"
    assert scored("6.9", liver_sd=D("1")).inputs["liver_sd"] == "1"


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"same_unit": False}, "uptake_units_differ"),
        ({"same_scan": False}, "references_from_another_scan"),
        ({"liver": None, "is_in_liver": True}, "liver_reference_unusable"),
        ({"is_liver_usable": False, "is_in_liver": True}, "liver_reference_unusable"),
        ({"liver": None}, "liver_reference_missing"),
        ({"is_liver_usable": False}, "liver_reference_missing"),
        ({"scale": "KR-3"}, "krenning_scale_unknown"),
        ({"tolerance": D("-0.1")}, "tolerance_invalid"),
        ({"tolerance": D("NaN")}, "tolerance_invalid"),
        ({"spleen": "NaN"}, "uptake_not_finite"),
        ({"liver": "-1"}, "uptake_not_finite"),
    ],
)
def test_refused_by_name(options, code):
    with pytest.raises(MeasurementRefused) as refused:
        scored("9.09", **options)
    assert refused.value.code == code


def test_no_uptake_value():
    with pytest.raises(MeasurementRefused) as refused:
        scored(None)
    assert refused.value.code == "lesion_uptake_missing"


def test_binary_floats_are_not_accepted():
    with pytest.raises(TypeError):
        propose(9.09, D("5"))
    assert krenning.exact(0.1) == D("0.1")


@given(st.decimals("0.01", "90", places=2), st.decimals("0.5", "15", places=2), st.decimals("0.01", "9", places=2))
def test_a_factor_common_to_all_changes_nothing(lesion, liver, factor):
    spleen, blood_pool = D("17"), D("1.2")
    one = propose(lesion, liver, spleen, blood_pool, scale="KR-MOD")
    other = propose(lesion * factor, liver * factor, spleen * factor, blood_pool * factor, scale="KR-MOD")
    assert (one.relation, one.text, one.is_borderline) == (other.relation, other.text, other.is_borderline)


@given(st.decimals("0.01", "90", places=2), st.decimals("0.5", "15", places=2))
def test_the_relation_always_fits_the_score(lesion, liver):
    for scale in krenning.SCALES:
        found = propose(lesion, liver, None, None, scale=scale)
        assert found.relation in relations_for(scale, found.score_low, found.score_high)


@pytest.mark.parametrize(
    ("scale", "low", "high", "relations"),
    [
        ("KR-ORIG", 0, 1, {"none", "below"}),
        ("KR-ORIG", 2, 2, {"equal"}),
        ("KR-ORIG", 3, 3, {"above"}),
        ("KR-ORIG", 4, 4, {"above"}),
        ("KR-MOD", 2, 2, {"below", "equal"}),
        ("KR-MOD", 3, None, {"above"}),
        ("KR-ORIG", None, None, {"none", "below", "equal", "above"}),
    ],
)
def test_what_a_readers_score_leaves_open(scale, low, high, relations):
    assert relations_for(scale, low, high) == relations


def test_a_score_without_a_known_scale_means_nothing():
    with pytest.raises(MeasurementRefused):
        relations_for("", 2, 2)
