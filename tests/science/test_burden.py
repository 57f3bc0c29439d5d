"""Numbers per scan: known numbers exactly, unknown ones as ends that hold whatever the unknown turns out to be."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imaging.domain.burden import METHOD_VERSION, burden
from imaging.domain.burden_sums import Item, share_above
from imaging.domain.errors import MeasurementRefused, SuvUnavailable
from imaging.domain.lesion_uptake import Completeness, LesionUptake
from imaging.domain.ratios import Reference, in_sul, ratio, sul_per_suvbw
from imaging.domain.suv import Sourced, SuvInputs, suv_factors
from imaging.domain.voi import Mask
from imaging.domain.volume import Bounds

SUV = "g/ml{SUVbw}"
ABOVE, EQUAL, BELOW, NONE = (frozenset({r}) for r in ("above", "equal", "below", "none"))
COUNT, VOLUME = "fraction_above_liver_by_count", "fraction_above_liver_by_volume"
TV, TLSSE = "sstr_tumour_volume", "total_lesion_sstr_expression"
COLDEST, HOTTEST = "coldest_assessable_lesion", "hottest_lesion"


def lesion(label="L01", maximum=12.0, relation=ABOVE, volume=4.0, **more):
    values = {"mean": 8.0, "volume_ml": volume, "volume_method": "45 % of maximum", "long_axis_mm": 22.0, "unit": SUV}
    return LesionUptake(label, "scan 1", maximum=maximum, relation=relation, **{**values, **more})


def numbers(*lesions, completeness=Completeness.LISTED, references=()):
    return burden(lesions, references, completeness=completeness)


def codes(quantity):
    return {c.code for c in quantity.cautions}


THREE = (lesion("L01", 12.0), lesion("L03", 4.0, BELOW, 8.0, mean=3.0), lesion("L04", 30.0, ABOVE, 4.0, mean=20.0))


def test_all_known():
    found = numbers(*THREE).numbers
    assert found[COUNT].value == pytest.approx(2 / 3) and found[VOLUME].value == pytest.approx(0.5)
    assert (found[COLDEST].value, found[COLDEST].labels, found[COLDEST].unit) == (4.0, ("L03",), SUV)
    assert (found[HOTTEST].value, found[HOTTEST].labels) == (30.0, ("L04",))
    assert (found[TV].value, found[TV].unit) == (16.0, "ml")
    assert found[TLSSE].value == pytest.approx(8 * 4 + 3 * 8 + 20 * 4)
    assert "45 % of maximum" in found[TV].method and numbers(*THREE).method_version == METHOD_VERSION


def test_no_word_of_fdg_or_of_tissue():
    found = numbers(*THREE)
    text = " ".join([*found.numbers, *(q.method for q in found.numbers.values())]).lower()
    assert not any(word in text for word in ("mtv", "tlg", "metabolic", "glycolysis", "redifferentiat"))


@pytest.mark.parametrize("change", [{"relation": None}, {"relation": frozenset({"equal", "above"})}])
def test_an_unknown_relation_opens_the_fraction(change):
    found = numbers(THREE[0], lesion("L02", **change), THREE[1]).numbers[COUNT]
    assert (found.low, found.high) == pytest.approx((1 / 3, 2 / 3)) and found.unknown == ("L02",)
    with pytest.raises(MeasurementRefused, match="quantity_not_known"):
        assert found.value


def test_lesions_nobody_looked_for_open_the_lower_end():
    found = numbers(*THREE, completeness=Completeness.NOT_ASSESSED).numbers
    assert (found[COUNT].low, found[COUNT].high) == (0.0, pytest.approx(2 / 3))
    assert (found[COLDEST].low, found[COLDEST].high) == (0.0, 4.0)
    assert "lesions_not_complete" in codes(found[COUNT]) & codes(found[COLDEST]) & codes(found[VOLUME])
    assert found[HOTTEST].is_known and found[TV].is_known


def test_an_unknown_volume_opens_sums_and_the_fraction_by_volume():
    found = numbers(THREE[0], lesion("L02", relation=BELOW, volume=None)).numbers
    assert (found[TV].low, found[TV].high, found[TV].unknown) == (4.0, None, ("L02",))
    assert (found[TLSSE].low, found[TLSSE].high) == (32.0, None)
    assert (found[VOLUME].low, found[VOLUME].high) == (0.0, 1.0) and found[COUNT].value == 0.5


def test_a_lesion_without_uptake_has_no_sstr_volume_but_counts_in_the_fraction():
    found = numbers(THREE[0], lesion("L02", None, NONE, None, mean=None)).numbers
    assert found[TV].value == 4.0 and found[COUNT].value == 0.5 and found[HOTTEST].value == 12.0
    assert (found[COLDEST].low, found[COLDEST].high, found[COLDEST].unknown) == (0.0, 12.0, ("L02",))
    assert found[VOLUME].low == 0.0


@pytest.mark.parametrize(
    ("axis", "volume", "counts"), [(10.0, 0.2, True), (9.9, 5.0, False), (None, 1.0, True), (None, 0.99, False)]
)
def test_ten_millimetres_or_one_millilitre(axis, volume, counts):
    found = numbers(THREE[0], lesion("L02", 2.0, BELOW, volume, long_axis_mm=axis)).numbers
    assert found[COUNT].value == (0.5 if counts else 1.0) and found[COLDEST].value == (2.0 if counts else 12.0)
    assert ("small_lesions_left_out" in codes(found[COUNT])) is not counts


def test_a_lesion_of_unknown_size_may_or_may_not_count():
    found = numbers(THREE[0], lesion("L02", 2.0, BELOW, None, long_axis_mm=None)).numbers
    assert (found[COUNT].low, found[COUNT].high) == (0.5, 1.0)
    assert (found[COLDEST].low, found[COLDEST].high, found[COLDEST].unknown) == (2.0, 12.0, ("L02",))


def test_peaks_and_maxima_are_not_ranked_against_each_other():
    found = numbers(lesion("L01", 12.0, peak=9.0), lesion("L02", 10.0)).numbers
    assert (found[COLDEST].value, found[COLDEST].labels, found[COLDEST].method) == (10.0, ("L02",), "lowest SUVmax")
    both = numbers(lesion("L01", 12.0, peak=7.0), lesion("L02", 10.0, peak=8.0)).numbers
    assert (both[COLDEST].value, both[COLDEST].labels, both[COLDEST].method) == (7.0, ("L01",), "lowest SUVpeak")


def test_volumes_of_two_methods_are_added_with_their_names_and_never_compared():
    found = numbers(THREE[0], lesion("L02", volume=6.0, volume_method="SUV 10"))
    assert found.numbers[TV].value == 10.0 and "45 % of maximum, SUV 10" in found.numbers[TV].method
    assert "volume_methods_mixed" in codes(found.numbers[TV]) & codes(found.numbers[TLSSE])
    assert found.absent[VOLUME].code == "volume_methods_differ" and "SUV 10" in found.absent[VOLUME].message


def boxed(start, stop):
    bounds = Bounds(start, stop)
    return Mask(bounds, np.ones(bounds.shape, dtype=bool))


def test_shared_voxels_count_once():
    """Two boxes of 8 voxels that share 4; each voxel is 0.5 mL."""
    pair = (
        lesion("L01", 10.0, volume=4.0, mean=6.0, mask=boxed((0, 0, 0), (2, 2, 2))),
        lesion("L02", 10.0, volume=4.0, mean=5.0, mask=boxed((1, 0, 0), (3, 2, 2))),
    )
    found = numbers(*pair)
    assert found.numbers[TV].value == pytest.approx(6.0) and "regions_overlap_once" in codes(found.numbers[TV])
    assert (found.numbers[TLSSE].low, found.numbers[TLSSE].high) == pytest.approx((44 - 20, 44))
    assert found.absent[VOLUME].code == "regions_overlap"
    assert numbers(*reversed(pair)).numbers[TV] == found.numbers[TV]


def test_masks_apart_are_checked_and_missing_masks_are_said():
    apart = (lesion("L01", mask=boxed((0, 0, 0), (2, 2, 2))), lesion("L02", mask=boxed((5, 0, 0), (7, 2, 2))))
    assert not codes(numbers(*apart).numbers[TV])
    assert "overlap_not_checked" in codes(numbers(apart[0], lesion("L02")).numbers[TV])
    assert not codes(numbers(apart[0]).numbers[TV])


def test_ratios_stay_when_suv_is_withheld():
    withheld = [
        lesion("L01", 24000.0, unit="Bq/ml", mean=None),
        lesion("L02", 9000.0, BELOW, unit="Bq/ml", peak=8000.0),
    ]
    references = [Reference("liver", "scan 1", "Bq/ml", 10000.0), Reference("spleen", "scan 1", "Bq/ml", 40000.0)]
    found = burden(withheld, references, completeness=Completeness.NONE)
    assert found.ratios["L01", "liver"].value == pytest.approx(2.4) and found.ratios[
        "L01", "spleen"
    ].value == pytest.approx(0.6)
    assert found.ratios["L02", "liver"].value == pytest.approx(0.8)
    assert found.ratios["L02", "liver"].method == "peak / liver mean"
    assert found.absent[TLSSE].code == "expression_needs_suv"
    assert found.numbers[COUNT].value == 0.5 and found.numbers[TV].value == 8.0


@given(st.floats(0.01, 1e6), st.floats(0.01, 1e5), st.floats(1e-6, 1e4))
def test_a_ratio_does_not_depend_on_the_unit(uptake, mean, factor):
    def found(scale):
        return ratio(lesion(maximum=uptake * scale, unit="x"), Reference("liver", "scan 1", "x", mean * scale)).value

    assert found(factor) == pytest.approx(found(1.0), rel=1e-12)


@pytest.mark.parametrize(
    ("one", "other", "code"),
    [
        (lesion(), Reference("liver", "scan 1", "Bq/ml", 5.0), "units_mixed"),
        (lesion(), Reference("liver", "scan 2", SUV, 5.0), "scans_mixed"),
        (lesion(unit=""), Reference("liver", "scan 1", "", 5.0), "units_mixed"),
        (lesion(), Reference("liver", "scan 1", SUV, None), "reference_mean_missing"),
        (lesion(), Reference("liver", "scan 1", SUV, 0.0), "reference_mean_missing"),
        (lesion(), Reference("liver", "scan 1", SUV, 5.0, "CoV 34 %"), "reference_not_usable"),
        (lesion(maximum=None), Reference("liver", "scan 1", SUV, 5.0), "no_uptake_measured"),
    ],
)
def test_no_ratio(one, other, code):
    with pytest.raises(MeasurementRefused, match=code):
        ratio(one, other)


def test_mixtures_are_refused_as_a_whole():
    with pytest.raises(MeasurementRefused, match="units_mixed"):
        numbers(lesion("L01"), lesion("L02", unit="g/ml{SUVlbm(Janma)}"))
    with pytest.raises(MeasurementRefused, match="scans_mixed"):
        numbers(lesion("L01"), references=[Reference("liver", "scan 2", SUV, 5.0)])
    with pytest.raises(MeasurementRefused, match="lesion_name_repeated"):
        numbers(lesion("L01"), lesion("L01"))
    with pytest.raises(MeasurementRefused, match="uptake_not_finite"):
        lesion(maximum=float("nan"))
    with pytest.raises(ValueError):
        lesion(relation=frozenset({"hot"}))


def test_nothing_to_count_is_refused_by_name():
    assert {r.code for r in numbers().absent.values()} == {"no_lesions"}
    small = numbers(lesion(long_axis_mm=8.0)).absent
    assert small[COUNT].code == small[COLDEST].code == "no_assessable_lesion" and TV not in small


items = st.lists(
    st.builds(Item, st.sampled_from([True, False, None]), st.booleans(), st.sampled_from([0.5, 1.0, 3.0, None])),
    min_size=1,
    max_size=5,
)


@given(items, st.integers(0, 2**32 - 1))
@settings(max_examples=200)
def test_the_ends_hold_whatever_the_unknown_turns_out_to_be(given_items, seed):
    low, high = share_above(given_items)
    rng = np.random.default_rng(seed)
    shares = []
    for truths in product(*[(i.is_above,) if i.is_above is not None else (True, False) for i in given_items]):
        for counted in product(*[(True,) if i.is_sure else (True, False) for i in given_items]):
            weights = [i.weight or float(rng.choice([1e-9, 1.0, 1e9])) for i in given_items]
            total = sum(w for w, c in zip(weights, counted, strict=True) if c)
            above = sum(w for w, c, t in zip(weights, counted, truths, strict=True) if c and t)
            if total:
                shares.append(above / total)
    assert all(low - 1e-9 <= share <= high + 1e-9 for share in shares)
    if shares and all(i.weight is not None for i in given_items):
        assert (min(shares), max(shares)) == pytest.approx((low, high))


def factors(**change):
    values = {
        "units": Sourced("GML", "header"), "suv_type": Sourced("BW", "header"), "corrected_image": Sourced(("ATTN",), "header"),
        "body_weight_kg": Sourced(70.0, "header"), "body_height_m": Sourced(1.70, "header"), "sex": Sourced("M", "header"),
    }  # fmt: skip
    return suv_factors(SuvInputs(**{**values, **change}))


def test_sul_beside_suvbw():
    """Lean mass of a man of 70 kg and 1.70 m after Janmahasatian: 54.44 kg."""
    lean = 9270 * 70 / (6680 + 216 * 70 / 1.7**2)
    assert sul_per_suvbw(factors()) == pytest.approx(lean / 70)
    assert in_sul(10.0, SUV, sul_per_suvbw(factors())) == (pytest.approx(10 * lean / 70), "g/ml{SUVlbm(Janma)}")
    with pytest.raises(SuvUnavailable, match="patient_height_missing"):
        sul_per_suvbw(factors(body_height_m=Sourced()))
    with pytest.raises(MeasurementRefused, match="sul_needs_suvbw"):
        in_sul(10.0, "Bq/ml", sul_per_suvbw(factors()))
