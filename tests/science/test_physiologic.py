"""What is set apart as physiologic, and what is always asked."""

import dataclasses

import pytest

from imaging.domain.focus_shape import FocusShape
from imaging.domain.physiologic import guess_all

PLAIN = FocusShape(
    centroid_lps=(0.0, 0.0, -500.0),
    left_mm=0.0,
    depth=0.5,
    above_liver_top_mm=-80.0,
    above_liver_middle_mm=0.0,
    above_liver_bottom_mm=90.0,
    extent_mm=(20.0, 20.0, 20.0),
    volume_ml=3.0,
    solidity=0.95,
    bump_ml=0.0,
    suv_max=20.0,
    suv_mean=14.0,
    suv_ratio=4.0,
    in_liver=False,
    liver_around=0.0,
    uncinate_share=0.0,
    holds_spleen=False,
)


def focus(**changes) -> FocusShape:
    """Heights are given as ``height``, mm over the lower end of a liver of 170 mm; ``left`` and ``y`` place it."""
    height, left, y = changes.pop("height", 90.0), changes.pop("left", 0.0), changes.pop("y", 0.0)
    return dataclasses.replace(
        PLAIN,
        centroid_lps=(left, y, -600.0 + height),
        left_mm=left,
        above_liver_bottom_mm=height,
        above_liver_middle_mm=height - 85,
        above_liver_top_mm=height - 170,
        **changes,
    )


def kidney(left: float, **changes) -> FocusShape:
    return focus(**{"left": left, "height": 0.0, "depth": 0.7, "volume_ml": 170.0, "solidity": 0.85, **changes})


def one(shape: FocusShape, *others: FocusShape):
    return guess_all([shape, *others])[0]


def test_a_plain_pair_of_kidneys_is_to_be_confirmed_never_set_apart():
    left, right = guess_all([kidney(65.0), kidney(-65.0)])
    assert (left.organ, right.organ) == ("left kidney", "right kidney")
    for guess in (left, right):
        assert guess.is_plain_organ and guess.must_ask
        assert "cannot always be told" in guess.sentence


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"bump_ml": 2.0}, "stands out"),
        ({"solidity": 0.6}, "stands out"),
        ({"volume_ml": 600.0}, "volume"),
        ({"suv_mean": 5.0}, "hotter than the rest"),
        ({"volume_ml": 400.0}, "larger than its partner"),
    ],
)
def test_a_kidney_with_anything_unusual_is_asked(changes, why):
    found = one(kidney(65.0, **changes), kidney(-65.0))
    assert found.organ == "left kidney"
    assert found.must_ask and not found.is_plain_organ
    assert why in found.sentence


def test_a_lone_kidney_is_asked():
    assert not one(kidney(65.0)).is_plain_organ


def test_the_uncinate_region_is_always_asked_whatever_it_looks_like():
    for share in (0.5, 1.0):
        for ratio in (0.9, 1.5, 8.0):
            found = one(focus(uncinate_share=share, suv_ratio=ratio, left=-16.0, height=5.0, volume_ml=40.0))
            assert (found.organ, found.must_ask) == ("uncinate process", True)


def test_bowel_that_reaches_the_uncinate_region_is_asked():
    loop = {"depth": 0.4, "height": -60.0, "suv_ratio": 1.3, "extent_mm": (95.0, 30.0, 40.0), "solidity": 0.4}
    assert one(focus(**loop)).is_physiologic
    assert one(focus(**loop, uncinate_share=0.1)).must_ask
    assert one(focus(**{**loop, "suv_ratio": 3.0})).must_ask
    assert one(focus(**{**loop, "solidity": 0.9})).must_ask


@pytest.mark.parametrize("where", [{"in_liver": True}, {"liver_around": 0.6}])
def test_a_focus_in_the_liver_is_never_physiologic_even_where_another_organ_would_be(where):
    adrenals = [focus(left=s * 36.0, height=60.0, depth=0.68) for s in (1, -1)]
    kidneys = [kidney(65.0), kidney(-65.0)]
    spleen = focus(left=90.0, height=100.0, depth=0.66, volume_ml=180.0, holds_spleen=True)
    for shapes in (adrenals, kidneys, [spleen]):
        plain = guess_all(shapes)[-1]
        assert plain.is_physiologic or plain.is_plain_organ
        found = guess_all([*shapes[:-1], dataclasses.replace(shapes[-1], **where)])[-1]
        assert (found.organ, found.must_ask, found.is_plain_organ) == ("liver", True, False)


def test_surrounded_by_liver_means_more_than_half_of_the_surround():
    """The front of a right kidney lies against the liver; with a piece of it attached, nearly half of its surround."""
    attached = kidney(-66.0, liver_around=0.45, solidity=0.52, bump_ml=8.8)
    found = one(attached, kidney(65.0))
    assert (found.organ, found.must_ask, found.is_plain_organ) == ("right kidney", True, False)
    assert "stands out of its surface" in found.sentence
    assert one(dataclasses.replace(attached, liver_around=0.5), kidney(65.0)).organ == "liver"


def test_two_large_foci_in_the_place_of_one_kidney_are_both_asked():
    guesses = guess_all([kidney(65.0), kidney(-65.0), kidney(-90.0, volume_ml=70.0, height=30.0)])
    assert [guess.is_plain_organ for guess in guesses] == [True, False, False]


def test_a_pair_of_glands_is_set_apart_a_single_one_and_three_are_asked():
    left, right = (focus(left=s * 55.0, height=430.0) for s in (1, -1))
    assert one(left, right).organ == "salivary gland"
    assert one(left, right).is_physiologic
    assert one(left).must_ask
    beside = focus(left=50.0, height=415.0)
    assert all(guess.must_ask for guess in guess_all([left, right, beside]))


def test_a_hotter_partner_is_no_partner():
    left, right = focus(left=55.0, height=430.0, suv_max=40.0), focus(left=-55.0, height=430.0)
    assert one(left, right).must_ask


def test_adrenals_need_each_other():
    left, right = (focus(left=s * 36.0, height=60.0, depth=0.68) for s in (1, -1))
    assert one(left, right).organ == "adrenal"
    assert one(left, right).is_physiologic
    assert one(left).must_ask


def test_two_large_foci_in_the_place_of_the_bladder_are_both_asked():
    bladder = focus(height=-220.0, volume_ml=180.0, depth=0.4)
    assert one(bladder).is_plain_organ
    assert one(bladder, focus(height=-170.0, volume_ml=2.0, depth=0.4)).is_plain_organ
    mass = focus(height=-170.0, volume_ml=250.0, depth=0.4)
    assert not any(guess.is_plain_organ for guess in guess_all([bladder, mass]))
    assert one(focus(height=-220.0, volume_ml=180.0, depth=0.8)).organ != "bladder"


def test_the_spleen_is_what_holds_its_reference():
    spleen = {"left": 90.0, "height": 100.0, "depth": 0.66, "volume_ml": 180.0, "solidity": 0.9}
    assert one(focus(**spleen, holds_spleen=True)).is_plain_organ
    assert not one(focus(**spleen)).is_plain_organ
    assert not one(focus(**{**spleen, "volume_ml": 1500.0}, holds_spleen=True)).is_plain_organ


def test_a_short_line_is_asked_and_a_long_thin_one_is_a_ureter():
    line = {"left": 40.0, "height": -80.0, "depth": 0.55, "volume_ml": 3.0}
    assert one(focus(**line, extent_mm=(12.0, 12.0, 60.0))).is_physiologic
    assert one(focus(**line, extent_mm=(12.0, 12.0, 28.0))).must_ask
    assert one(focus(**line, extent_mm=(24.0, 20.0, 60.0))).must_ask


def test_what_lies_elsewhere_is_asked_without_a_name():
    found = one(focus(left=-90.0, height=260.0, depth=0.8))
    assert (found.organ, found.must_ask) == ("", True)
