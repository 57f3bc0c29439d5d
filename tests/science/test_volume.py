"""Integers with slopes: crops, exact statistics, refusals."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from imaging.domain.errors import VolumeUnavailable
from imaging.domain.volume import Bounds, Volume

AFFINE = np.diag([4.0, 5.0, 3.0, 1.0])


def volume(stored, slopes=1.0, intercepts=0.0, factor=1.0) -> Volume:
    return Volume.of_series(
        np.asarray(stored), slopes=slopes, intercepts=intercepts, factor=factor, affine=AFFINE, unit="g/ml{SUVbw}"
    )


def test_every_slice_has_its_own_slope_intercept_and_factor():
    found = volume(np.full((3, 2, 2), 10), slopes=[1, 2, 3], intercepts=[0, 0, 5], factor=[1, 1, 0.1])
    np.testing.assert_allclose(found.crop(Bounds((0, 0, 0), (3, 1, 1))).ravel(), [10, 20, 3.5])


def test_voxel_volume_and_spacing():
    assert volume(np.zeros((2, 2, 2))).voxel_volume_ml == pytest.approx(0.06)
    assert volume(np.zeros((2, 2, 2))).spacing == (4, 5, 3)


@settings(max_examples=80)
@given(
    arrays.arrays(np.int16, arrays.array_shapes(min_dims=3, max_dims=3, max_side=6)),
    st.integers(0, 2**32 - 1),
)
def test_statistics_are_exact(stored, seed):
    random = np.random.default_rng(seed)
    depth = stored.shape[0]
    found = volume(
        stored, random.uniform(0.01, 9, depth), random.uniform(-50, 50, depth), random.uniform(1e-5, 2, depth)
    )
    suv = found.crop(found.everything)
    statistics = found.statistics()
    assert statistics.min == suv.min()
    assert statistics.max == suv.max()
    assert statistics.median == pytest.approx(float(np.median(suv.astype(np.float64))), rel=1e-12)


def test_statistics_never_hold_the_whole_volume_as_floats():
    found = volume(np.zeros((60, 128, 128), np.uint16))
    tracemalloc.start()
    found.statistics()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < found.stored.size * 4


@pytest.mark.parametrize("slope", [0.0, float("nan"), float("inf")])
def test_a_slope_that_is_no_number_is_refused(slope):
    with pytest.raises(VolumeUnavailable) as refused:
        volume(np.zeros((2, 2, 2)), slopes=[1.0, slope])
    assert refused.value.code == "rescale_invalid"


def test_lists_that_do_not_fit_are_refused():
    with pytest.raises(VolumeUnavailable) as refused:
        volume(np.zeros((2, 2, 2)), factor=[1, 2, 3])
    assert refused.value.code == "volume_shape_differs"
