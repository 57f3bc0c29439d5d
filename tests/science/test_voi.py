"""Spheres and iso-contours."""

from unittest.mock import patch

import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import given, settings
from hypothesis import strategies as st

from imaging.domain import segmentation, thresholds, voi
from imaging.domain.errors import MeasurementRefused
from imaging.domain.geometry import index_to_lps
from imaging.domain.volume import Bounds, Volume

AFFINE = np.array([[4.0, 0, 0, -40], [0, 5.0, 0, -50], [0, 0, 3.0, -30], [0, 0, 0, 1]])


def blank(shape=(21, 21, 21)) -> Volume:
    return Volume.of_array(np.ones(shape, np.int16), AFFINE)


def whole(mask: voi.Mask, shape) -> np.ndarray:
    full = np.zeros(shape, dtype=bool)
    full[mask.bounds.slices] = mask.voxels
    return full


@settings(max_examples=60)
@given(st.tuples(*[st.floats(-25, 25)] * 3), st.floats(4, 25), st.floats(-0.3, 0.3))
def test_sphere_holds_the_voxel_centres_within_its_radius(centre, radius, shear):
    affine = AFFINE.copy()
    affine[1, 2] = shear
    volume = Volume.of_array(np.ones((21, 21, 21), np.int16), affine)
    z, y, x = np.meshgrid(*map(np.arange, volume.shape), indexing="ij")
    distance = np.linalg.norm(index_to_lps(affine, np.stack([x, y, z], axis=-1)) - np.asarray(centre), axis=-1)
    found = whole(voi.sphere(volume, centre, radius), volume.shape)
    assert not (found & (distance > radius + 1e-6)).any()
    assert not (~found & (distance < radius - 1e-6)).any()


def test_sphere_past_the_edge_is_cut_and_known():
    assert voi.sphere(blank(), (-40, -50, -30), 12).is_clipped
    assert not voi.sphere(blank(), (0, 0, 0), 12).is_clipped


@pytest.mark.parametrize(
    ("centre", "radius", "code"),
    [
        ((900, 0, 0), 10, "voi_outside_volume"),
        ((2, 2.5, 1.5), 1, "voi_empty"),
        ((0, 0, 0), 0, "radius_invalid"),
        ((0, 0, 0), -3, "radius_invalid"),
        ((0, 0, 0), float("nan"), "radius_invalid"),
        ((float("nan"), 0, 0), 5, "radius_invalid"),
    ],
)
def test_sphere_refused_by_name(centre, radius, code):
    with pytest.raises(MeasurementRefused) as refused:
        voi.sphere(blank(), centre, radius)
    assert refused.value.code == code


def two_spots() -> tuple[Volume, voi.Mask]:
    values = np.ones((21, 21, 21), np.int16)
    values[8:12, 8:12, 6:9] = 10
    values[9, 9, 7] = 20
    values[9, 9, 13:16] = 15
    return Volume.of_array(values, AFFINE), voi.Mask(Bounds((5, 5, 3), (16, 16, 18)), np.ones((11, 11, 15), bool))


def test_iso_contour_is_the_part_that_touches_the_maximum():
    volume, within = two_spots()
    found = segmentation.percent_of_max(volume, within, 41)
    assert found.voxels.sum() == 4 * 4 * 3
    assert segmentation.percent_of_max(volume, within, 100).voxels.sum() == 1


def test_iso_contour_stays_inside_the_search_region():
    volume, _ = two_spots()
    narrow = voi.Mask(Bounds((9, 9, 6), (10, 10, 9)), np.ones((1, 1, 3), bool))
    assert segmentation.iso_contour(volume, narrow, 5).voxels.sum() == 3


def test_iso_contour_ignores_heat_outside_the_mask_in_the_same_box():
    volume, within = two_spots()
    voxels = within.voxels.copy()
    voxels[:, :, 8:] = False
    found = segmentation.percent_of_max(volume, voi.Mask(within.bounds, voxels), 50)
    assert found.bounds.stop[2] <= 9


def test_corner_neighbours_belong_together():
    values = np.ones((5, 5, 5), np.int16)
    values[1, 1, 1] = values[2, 2, 2] = values[3, 3, 3] = 9
    everything = voi.Mask(Bounds((0, 0, 0), (5, 5, 5)), np.ones((5, 5, 5), bool))
    assert segmentation.iso_contour(Volume.of_array(values, AFFINE), everything, 5).voxels.sum() == 3


@given(st.floats(1, 100))
def test_a_share_of_the_maximum_always_holds_the_maximum(percent):
    values = np.random.default_rng(1).integers(1, 30000, (6, 6, 6)).astype(np.uint16)
    volume = Volume.of_series(values, slopes=0.00137, intercepts=0.0, factor=0.31, affine=AFFINE, unit="u")
    everything = voi.Mask(volume.everything, np.ones(volume.shape, bool))
    suv = volume.crop(volume.everything)
    found = segmentation.percent_of_max(volume, everything, percent)
    assert whole(found, volume.shape)[np.unravel_index(suv.argmax(), suv.shape)]


@pytest.mark.parametrize("threshold", [0.0, -1.0, float("nan")])
def test_a_threshold_that_is_no_number_is_refused(threshold):
    volume, within = two_spots()
    with pytest.raises(MeasurementRefused) as refused:
        segmentation.iso_contour(volume, within, threshold)
    assert refused.value.code == "threshold_invalid"


def test_a_threshold_nothing_reaches_is_refused():
    volume, within = two_spots()
    with pytest.raises(MeasurementRefused) as refused:
        segmentation.iso_contour(volume, within, 21)
    assert refused.value.code == "nothing_above_threshold"


@pytest.mark.parametrize("percent", [0, 101, -5])
def test_a_share_outside_the_scale_is_refused(percent):
    volume, within = two_spots()
    with pytest.raises(MeasurementRefused):
        segmentation.percent_of_max(volume, within, percent)


def test_liver_threshold():
    assert segmentation.liver_threshold(5.0, 0.5) == 6.0
    with pytest.raises(MeasurementRefused):
        segmentation.liver_threshold(float("nan"), 0.5)


def test_an_empty_label_is_refused():
    with pytest.raises(MeasurementRefused) as refused:
        voi.from_labels(np.zeros((3, 3, 3), int))
    assert refused.value.code == "voi_empty"


def test_a_hotter_neighbour_outside_the_region_is_not_the_maximum():
    volume, within = two_spots()
    voxels = within.voxels.copy()
    voxels[:, :, :8] = False
    found = segmentation.percent_of_max(volume, voi.Mask(within.bounds, voxels), 50)
    assert found.bounds.start == (9, 9, 13)


def test_a_voxel_that_reads_as_the_threshold_reaches_it():
    volume = Volume.of_array(np.full((3, 3, 3), 2.1, np.float32), AFFINE)
    everything = voi.Mask(volume.everything, np.ones(volume.shape, bool))
    assert segmentation.iso_contour(volume, everything, 2.1).voxels.sum() == 27


def any_volume(seed: int, dtype=np.uint16, shape=(8, 9, 10)) -> Volume:
    random = np.random.default_rng(seed)
    limits = np.iinfo(dtype)
    stored = random.integers(limits.min, limits.max, shape, dtype=dtype, endpoint=True)
    slopes, factor = random.uniform(1e-4, 3, shape[0]), float(random.uniform(1e-5, 2))
    return Volume.of_series(
        stored, slopes=slopes, intercepts=random.uniform(-5, 5, shape[0]), factor=factor, affine=AFFINE, unit="u"
    )


@settings(max_examples=150)
@given(st.integers(0, 2**32 - 1), st.sampled_from([np.uint16, np.int16, np.uint8, np.int32, np.uint32]))
def test_a_threshold_on_integers_is_the_threshold_on_float32(seed, dtype):
    volume = any_volume(seed, dtype)
    suv = volume.crop(volume.everything)
    positive = suv[suv > 0]
    threshold = float(np.random.default_rng(seed).choice(positive)) if positive.size else 1.0
    first = thresholds.stored_thresholds(volume, threshold)
    by_integer = volume.stored.astype(np.int64) >= first[:, None, None]
    np.testing.assert_array_equal(by_integer, suv >= np.float32(threshold))
    np.testing.assert_array_equal(thresholds.reaches(volume, volume.everything, threshold), by_integer)
    with patch.object(thresholds, "_SMALL_BOX", 0):
        np.testing.assert_array_equal(thresholds.reaches(volume, volume.everything, threshold), by_integer)


@given(st.integers(0, 2**32 - 1))
def test_the_highest_value_is_found_on_the_integers(seed):
    volume = any_volume(seed)
    voxels = np.random.default_rng(seed).random(volume.shape) < 0.2
    voxels[3, 3, 3] = True
    assert thresholds.highest(volume, volume.everything, voxels) == volume.crop(volume.everything)[voxels].max()


@pytest.mark.parametrize("percent", segmentation.PERCENTS)
@pytest.mark.parametrize("seed", range(20))
def test_growing_is_simpleitk_connected_threshold(seed, percent):
    from scipy import ndimage

    random = np.random.default_rng(seed)
    smooth = ndimage.gaussian_filter(random.random((18, 40, 40)), 1.5)
    stored = np.rint(60000 * (smooth - smooth.min()) / np.ptp(smooth)).astype(np.uint16)
    slopes = random.uniform(1e-4, 2e-4, 18)
    volume = Volume.of_series(stored, slopes=slopes, intercepts=0.0, factor=1.7, affine=AFFINE, unit="u")
    within = voi.box(volume, Bounds((2, 5, 5), (16, 35, 33)))
    seed_at = segmentation.hottest_index(volume, within)
    threshold = segmentation.share_of_max(volume, within, percent)
    found = segmentation.grow(volume, within, seed_at, threshold)
    image = sitk.GetImageFromArray(volume.crop(within.bounds))
    at = [i - a for i, a in zip(seed_at, within.bounds.start, strict=True)][::-1]
    full = sitk.ConnectedThresholdImageFilter.FullConnectivity
    grown = sitk.ConnectedThreshold(image, [at], float(np.float32(threshold)), 1e9, 1, full)
    np.testing.assert_array_equal(found.over(within.bounds), sitk.GetArrayFromImage(grown) > 0)


def test_growing_from_a_point_cannot_leave_its_search_sphere():
    volume = Volume.of_array(np.full((21, 21, 21), 7, np.int16), AFFINE)
    found = segmentation.grow_from(volume, (0, 0, 0), search_radius_mm=20, threshold_suv=5)
    np.testing.assert_array_equal(whole(found, volume.shape), whole(voi.sphere(volume, (0, 0, 0), 20), volume.shape))


def test_growing_from_a_point_by_share_takes_the_hottest_of_the_sphere():
    volume, _ = two_spots()
    point = index_to_lps(AFFINE, (8, 8, 9))
    found = segmentation.grow_from(volume, point, search_radius_mm=12, percent=41)
    assert whole(found, volume.shape)[9, 9, 7]


def test_a_box_takes_every_hot_voxel_connected_or_not():
    volume, within = two_spots()
    assert segmentation.above(volume, within, 9).voxels.sum() == 4 * 4 * 3 + 3


@pytest.mark.parametrize(
    ("seed", "threshold", "code"),
    [
        ((0, 0, 0), 5, "seed_outside_region"),
        ((20, 20, 20), 5, "seed_outside_region"),
        ((6, 6, 4), 5, "seed_below_threshold"),
        ((9, 9, 7), -1, "threshold_invalid"),
    ],
)
def test_growing_refused_by_name(seed, threshold, code):
    volume, within = two_spots()
    with pytest.raises(MeasurementRefused) as refused:
        segmentation.grow(volume, within, seed, threshold)
    assert refused.value.code == code


def test_a_box_outside_the_images_is_refused_and_one_across_the_edge_is_cut():
    with pytest.raises(MeasurementRefused):
        voi.box(blank(), Bounds((30, 0, 0), (35, 5, 5)))
    assert voi.box(blank(), Bounds((-2, 0, 0), (5, 5, 5))).is_clipped
