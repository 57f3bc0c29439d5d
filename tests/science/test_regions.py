"""Merge, subtract, dilate, erode and split, against counts made voxel by voxel."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imaging.domain import regions
from imaging.domain.errors import MeasurementRefused
from imaging.domain.geometry import index_to_lps
from imaging.domain.voi import Mask
from imaging.domain.volume import Bounds, Volume

SHAPE = (12, 14, 16)
AFFINE = np.array([[4.0, 0, 0, -30], [0, 2.5, 0, -20], [0, 0, 3.0, -10], [0, 0, 0, 1]])
VOLUME = Volume.of_array(np.ones(SHAPE, np.int16), AFFINE)


def whole(mask: Mask) -> np.ndarray:
    return mask.over(Bounds((0, 0, 0), SHAPE))


def blob(seed: int, share: float = 0.3) -> Mask:
    random = np.random.default_rng(seed)
    start = tuple(int(n) for n in random.integers(0, 5, 3))
    bounds = Bounds(start, tuple(a + int(n) for a, n in zip(start, random.integers(3, 7, 3), strict=True)))
    voxels = random.random(bounds.shape) < share
    voxels[1, 1, 1] = True
    return Mask(bounds, voxels)


def centres(voxels: np.ndarray) -> np.ndarray:
    z, y, x = np.nonzero(voxels)
    return index_to_lps(AFFINE, np.stack([x, y, z], axis=-1))


@settings(max_examples=40)
@given(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1))
def test_merge_and_subtract_are_set_operations(first, second):
    a, b = blob(first), blob(second)
    np.testing.assert_array_equal(whole(regions.merge(a, b)), whole(a) | whole(b))
    if (whole(a) & ~whole(b)).any():
        np.testing.assert_array_equal(whole(regions.subtract(a, b)), whole(a) & ~whole(b))


@settings(max_examples=40)
@given(st.integers(0, 2**32 - 1), st.floats(0.5, 11))
def test_dilation_holds_the_centres_within_the_distance_and_no_other(seed, by_mm):
    mask = blob(seed, 0.1)
    everywhere = centres(np.ones(SHAPE, bool))
    gaps = np.linalg.norm(everywhere[:, None] - centres(whole(mask))[None], axis=-1).min(axis=1)
    expected = (gaps <= by_mm * (1 + 1e-9)).reshape(SHAPE)
    np.testing.assert_array_equal(whole(regions.dilate(VOLUME, mask, by_mm)), expected)


@settings(max_examples=40)
@given(st.integers(0, 2**32 - 1), st.floats(0.5, 6))
def test_erosion_leaves_the_centres_farther_than_the_distance_from_all_outside(seed, by_mm):
    mask = blob(seed, 0.95)
    padded = np.pad(whole(mask), 4)
    index = np.argwhere(np.ones(padded.shape, bool))
    places = index_to_lps(AFFINE, index[:, ::-1] - 4.0)
    outside = places[~padded.ravel()]
    inside = places[padded.ravel()]
    gaps = np.linalg.norm(inside[:, None] - outside[None], axis=-1).min(axis=1)
    expected = np.zeros(padded.size, bool)
    expected[padded.ravel()] = gaps > by_mm * (1 + 1e-9)
    expected = expected.reshape(padded.shape)[4:-4, 4:-4, 4:-4]
    if not expected.any():
        with pytest.raises(MeasurementRefused):
            regions.erode(VOLUME, mask, by_mm)
        return
    np.testing.assert_array_equal(whole(regions.erode(VOLUME, mask, by_mm)), expected)


def test_a_dilation_that_meets_the_edge_of_the_images_says_so():
    middle = Mask(Bounds((5, 6, 7), (7, 8, 9)), np.ones((2, 2, 2), bool))
    assert not regions.dilate(VOLUME, middle, 8).is_clipped
    assert regions.dilate(VOLUME, middle, 18).is_clipped


def two_spots(seam: float) -> tuple[Volume, Mask]:
    """Two hot voxels with a ramp between them that is ``seam`` in its middle."""
    values = np.zeros(SHAPE, np.float32)
    values[6, 7, 3:12] = [10, 9, 8, 7, seam, 7, 7.5, 8, 9]
    return Volume.of_array(values, AFFINE), Mask(Bounds((6, 7, 3), (7, 8, 12)), np.ones((1, 1, 9), bool))


def test_split_by_seeds_cuts_at_the_coldest_place_between_them():
    volume, mask = two_spots(5.0)
    first, second = regions.split_by_seeds(volume, mask, (6, 7, 3), (6, 7, 11))
    assert whole(first)[6, 7].nonzero()[0].tolist() in ([3, 4, 5, 6], [3, 4, 5, 6, 7])
    assert not (whole(first) & whole(second)).any()
    np.testing.assert_array_equal(whole(first) | whole(second), whole(mask))


@settings(max_examples=30)
@given(st.integers(0, 2**32 - 1))
def test_a_split_loses_no_voxel_and_each_part_has_its_seed(seed):
    random = np.random.default_rng(seed)
    volume = Volume.of_array(random.uniform(1, 9, SHAPE).astype(np.float32), AFFINE)
    mask = blob(seed, 0.8)
    places = np.argwhere(whole(mask))
    a, b = (tuple(int(n) for n in places[i]) for i in random.choice(len(places), 2, replace=False))
    first, second = regions.split_by_seeds(volume, mask, a, b)
    assert whole(first)[a] and whole(second)[b]
    np.testing.assert_array_equal(whole(first) ^ whole(second), whole(mask))


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (lambda m: regions.merge(), "voi_empty"),
        (lambda m: regions.subtract(m, m), "voi_empty"),
        (lambda m: regions.erode(VOLUME, m, 30), "voi_empty"),
        (lambda m: regions.dilate(VOLUME, m, 0), "radius_invalid"),
        (lambda m: regions.dilate(VOLUME, m, float("nan")), "radius_invalid"),
        (lambda m: regions.split_by_seeds(VOLUME, m, (0, 0, 0), (3, 3, 3)), "seed_outside_region"),
        (lambda m: regions.split_by_seeds(VOLUME, m, (3, 3, 3), (3, 3, 3)), "seeds_are_one"),
    ],
)
def test_refused_by_name(call, code):
    with pytest.raises(MeasurementRefused) as refused:
        call(Mask(Bounds((2, 2, 2), (8, 8, 8)), np.ones((6, 6, 6), bool)))
    assert refused.value.code == code
