"""Distances to an edge and to a region are those of the whole array, though only a box of it is looked at."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from imaging.domain.splitting import Rule, edge_distance, is_near, split

SPACING = (3.0, 2.0, 2.5)


@settings(max_examples=60)
@given(st.integers(0, 2**32 - 1), st.floats(0.02, 0.9), st.floats(0.5, 9))
def test_distances_are_those_of_the_whole_array(seed, share, reach_mm):
    voxels = np.random.default_rng(seed).random((9, 10, 11)) < share
    voxels[:2], voxels[:, 8:] = False, False
    whole = ndimage.distance_transform_edt(np.pad(voxels, 1), sampling=SPACING)[1:-1, 1:-1, 1:-1]
    np.testing.assert_allclose(edge_distance(voxels, SPACING), whole, rtol=1e-6)
    if voxels.any():
        gap = ndimage.distance_transform_edt(~voxels, sampling=SPACING).astype(np.float32)
        np.testing.assert_array_equal(is_near(voxels, SPACING, reach_mm), gap <= reach_mm)


def test_nothing_has_no_inside_and_nothing_near():
    nothing = np.zeros((4, 4, 4), bool)
    assert not edge_distance(nothing, SPACING).any()
    assert not is_near(nothing, SPACING, 5).any()


@settings(max_examples=30)
@given(st.integers(0, 2**32 - 1))
def test_a_split_shares_out_every_voxel_once(seed):
    random = np.random.default_rng(seed)
    field = ndimage.gaussian_filter(random.random((12, 14, 16)), 1.5).astype(np.float32)
    voxels = field > np.quantile(field, 0.4)
    found = split(field, voxels, SPACING, Rule(1.05, 3))
    np.testing.assert_array_equal(sum(part.astype(int) for part in found), voxels.astype(int))
    assert [part[field == field[part].max()].any() for part in found] == [True] * len(found)


def test_a_part_that_does_not_stand_out_stays():
    field = np.array([[[9, 8.5, 9, 3, 8]]], np.float32)
    voxels = np.ones(field.shape, bool)
    assert len(split(field, voxels, SPACING, Rule(1.4, 1))) == 2
    assert len(split(field, voxels, SPACING, Rule(4.0, 1))) == 1
    assert len(split(field, voxels, SPACING, Rule(1.4, 2))) == 1
