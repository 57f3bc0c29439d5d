"""Order of slices, affine, gaps, tilt."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imaging.domain import geometry
from imaging.domain.errors import VolumeUnavailable
from imaging.domain.geometry import index_to_lps, planes_near

from .reference import load, shared

AXIAL = [1, 0, 0, 0, 1, 0]


def column(depths) -> list:
    return [(-100.0, -120.0, float(d)) for d in depths]


def stack(depths, **changes):
    given_values = {"orientation": AXIAL, "pixel_spacing": [4, 5], "rows": 8, "cols": 9} | changes
    return geometry.stack(column(depths), **given_values)


def refusal(*args, **kwargs) -> VolumeUnavailable:
    with pytest.raises(VolumeUnavailable) as refused:
        stack(*args, **kwargs)
    return refused.value


def test_pixel_spacing_is_between_rows_then_between_columns():
    found = stack([0, 3, 6])
    assert found.spacing == (5, 4, 3)
    np.testing.assert_allclose(geometry.index_to_lps(found.affine, (2, 1, 1)), (-90, -116, 3))


def test_slices_are_ordered_by_position():
    assert stack([6, 0, 3]).order == (1, 2, 0)
    assert stack([-6, 0, -3]).order == (0, 2, 1)


@given(st.permutations(range(6)))
def test_the_order_of_the_files_never_changes_the_volume(order):
    depths = [3.27 * k for k in order]
    found = stack(depths)
    np.testing.assert_allclose(found.affine, stack(sorted(depths)).affine)
    assert [depths[k] for k in found.order] == sorted(depths)


@given(st.tuples(*[st.floats(-400, 400)] * 3))
def test_there_and_back(point):
    tilted = geometry.stack([(0, 0, 0), (0, 0.2, 3), (0, 0.4, 6)], [0.8, 0.6, 0, -0.6, 0.8, 0], [2, 3], 8, 8).affine
    np.testing.assert_allclose(geometry.index_to_lps(tilted, geometry.lps_to_index(tilted, point)), point, atol=1e-9)


def test_coronal_slices():
    found = geometry.stack([(0, 9, 0), (0, 0, 0), (0, 4.5, 0)], [1, 0, 0, 0, 0, -1], [2, 2], 8, 8)
    assert found.order == (1, 2, 0)
    np.testing.assert_allclose(geometry.index_to_lps(found.affine, (0, 3, 2)), (0, 9, -6))


def test_slightly_uneven_slices_are_used_and_said():
    found = stack([0, 3.27, 6.46, 9.75, 13.02])
    assert [note.code for note in found.warnings] == ["uneven_slices"]


def test_the_real_uneven_series_is_usable():
    found = load(shared("sts001-wholebody-ge", "FDG_PET", "image")).geometry
    assert [note.code for note in found.warnings] == ["uneven_slices"]
    assert found.spacing == pytest.approx((4.6875, 4.6875, 3.27), abs=1e-3)


def test_slices_a_tenth_of_a_millimetre_off_either_way_are_used():
    depths = [3 * k + (0.1 if k % 2 else -0.1) for k in range(11)]
    assert [note.code for note in stack(depths).warnings] == ["uneven_slices"]


def test_rounding_of_positions_is_not_a_warning():
    assert stack([0, 3.333, 6.667, 10.0]).warnings == ()


def test_uneven_slices_beyond_the_limit_are_refused():
    assert refusal([0, 3, 6.4, 9, 12]).code == "uneven_slices"


def test_a_missing_slice_is_refused_and_named():
    refused = refusal([0, 3, 6, 12, 15])
    assert refused.code == "missing_slices"
    assert "between 6.00 and 12.00 mm" in refused.message


def test_many_missing_slices_stay_one_short_sentence():
    depths = [k * 3.0 for k in range(80) if k % 4 != 1 or k > 60]
    assert len(refusal(depths).message) < 300


def test_fewer_slices_than_announced_are_refused():
    assert refusal([0, 3, 6], expected=4).code == "missing_slices"


def test_a_duplicate_slice_is_refused_and_named():
    refused = refusal([0, 3, 3, 6])
    assert refused.code == "duplicate_slices"
    assert "3.00 mm" in refused.message


@given(st.integers(1, 18))
def test_any_inner_gap_is_found(missing):
    depths = [3.27 * k for k in range(20) if k != missing]
    assert refusal(depths).code == "missing_slices"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"orientation": [1, 0, 0, 0, 0.9, 0]}, "orientation_invalid"),
        ({"orientation": [1, 0, 0, 0.3, 0.954, 0]}, "orientation_invalid"),
        ({"orientation": []}, "orientation_invalid"),
        ({"orientation": [AXIAL, AXIAL, [0, 1, 0, -1, 0, 0]]}, "orientation_differs"),
        ({"pixel_spacing": [0, 4]}, "pixel_spacing_invalid"),
        ({"pixel_spacing": [4]}, "pixel_spacing_invalid"),
        ({"pixel_spacing": [float("nan"), 4]}, "pixel_spacing_invalid"),
    ],
)
def test_bad_geometry_is_refused_by_name(changes, code):
    assert refusal([0, 3, 6], **changes).code == code


def test_no_position_and_one_slice():
    assert refusal([0, float("nan"), 6]).code == "position_missing"
    assert refusal([0]).code == "single_slice"


def test_tilted_stack_is_said_and_keeps_true_positions():
    found = geometry.stack([(0, 0.5 * k, 3.0 * k) for k in range(4)], AXIAL, [2, 2], 8, 8)
    assert [note.code for note in found.warnings] == ["slices_tilted"]
    np.testing.assert_allclose(geometry.index_to_lps(found.affine, (0, 0, 3)), (0, 1.5, 9))


@settings(max_examples=60)
@given(st.integers(0, 2**32 - 1))
def test_planes_near_are_those_that_reach_into_a_sphere_on_any_grid(seed):
    random = np.random.default_rng(seed)
    axes = np.linalg.qr(random.normal(size=(3, 3)))[0] * random.uniform(1, 6, 3)
    affine = np.eye(4)
    affine[:3, :3], affine[:3, 3] = axes, random.uniform(-300, 300, 3)
    shape = (9, 8, 7)
    spheres = [(index_to_lps(affine, random.uniform(-4, 12, 3)), float(random.uniform(0, 15))) for _ in range(2)]
    index = np.argwhere(np.ones(shape, bool))
    places = index_to_lps(affine, index[:, ::-1])
    reached = {
        int(k) for centre, reach in spheres for k in index[np.linalg.norm(places - centre, axis=1) <= reach][:, 0]
    }
    assert reached <= {plane for run in planes_near(affine, shape[0], spheres) for plane in run}


def test_planes_near_leaves_out_the_others_and_takes_all_where_nothing_is_said():
    affine = np.diag([4.0, 4.0, 5.0, 1.0])
    assert planes_near(affine, 100, [((0, 0, 250), 10.0)]) == [range(48, 53)]
    assert planes_near(affine, 100, [((0, 0, -900), 10.0)]) == []
    assert planes_near(affine, 100, [((0, 0, float("nan")), 10.0)]) == [range(100)]
