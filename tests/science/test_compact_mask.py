"""Outlines on the grid that the viewer draws: the very same voxels, whichever way the scanner's axes run."""

import itertools

import numpy as np
import pytest

from imaging.compact import compact_suv
from imaging.domain.compact_mask import onto
from imaging.domain.errors import MeasurementRefused
from imaging.domain.field_of_view import FieldOfView
from imaging.domain.geometry import index_to_lps, lps_to_index
from imaging.domain.voi import Mask
from imaging.domain.volume import Bounds, Volume

SHAPE = (11, 9, 10)
SPACING = (4.0, 3.0, 5.0)
OFF_TIES = 0.00037  # affines travel rounded to 1e-6: no place may lie where rounding could go both ways


def turned(order, signs, degrees: float = 0.0) -> np.ndarray:
    """An affine whose voxel axes x, y, z run along the body's axes ``order`` with ``signs``, off by some degrees."""
    directions = np.zeros((3, 3))
    for axis, (body, sign) in enumerate(zip(order, signs, strict=True)):
        directions[body, axis] = sign * SPACING[axis]
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    affine = np.eye(4)
    affine[:3, :3] = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]]) @ directions
    affine[:3, 3] = (-17.0, 23.0, -401.0)
    return affine


def region(seed: int = 3) -> Mask:
    voxels = np.random.default_rng(seed).random((4, 3, 5)) < 0.4
    return Mask(Bounds((5, 2, 3), (9, 5, 8)), voxels).trimmed()


def everywhere(volume: Volume) -> FieldOfView:
    ends = index_to_lps(volume.affine, list(itertools.product(*((0, n - 1) for n in volume.shape[::-1]))))
    low, high = ends.min(axis=0), ends.max(axis=0)
    (x, y, _), (width, depth, _) = (low + high) / 2, high - low + 40
    return FieldOfView(float(x), float(y), float(width), float(depth), float(low[2] - 9), float(high[2] + 9))


def compact_grid(volume: Volume, view: FieldOfView) -> tuple[np.ndarray, tuple[int, int, int]]:
    about = compact_suv(volume, view)[0].about
    return np.array(about["affine"]), tuple(about["shape"])


def places(mask: Mask, affine: np.ndarray) -> set[tuple[float, ...]]:
    """Middles of the voxels in mm: what a region is, whatever grid it is written on."""
    z, y, x = np.nonzero(mask.voxels)
    start = mask.bounds.start
    centres = index_to_lps(affine, np.stack([x + start[2], y + start[1], z + start[0]], axis=-1))
    return {tuple(np.round(point + OFF_TIES, 3) + 0.0) for point in centres}


AXES = [
    (order, signs, degrees)
    for order in itertools.permutations(range(3))
    for signs in itertools.product((1, -1), repeat=3)
    for degrees in (0.0, 7.0)
]


@pytest.mark.parametrize(("order", "signs", "degrees"), AXES)
def test_every_voxel_is_where_it_was(order, signs, degrees):
    volume = Volume.of_array(np.ones(SHAPE, np.float32), turned(order, signs, degrees))
    affine, shape = compact_grid(volume, everywhere(volume))
    found = onto(region(), volume.affine, affine, shape)
    assert places(found, affine) == places(region(), volume.affine)
    assert found.voxels.sum() == region().voxels.sum()


def test_the_values_under_the_outline_are_those_that_were_measured():
    """The strongest form: the coded SUV of the compact volume in the moved region are those of the region."""
    rng = np.random.default_rng(5)
    volume = Volume.of_array(rng.random(SHAPE).astype(np.float32) * 20, turned((1, 0, 2), (-1, 1, -1), 4.0))
    upper, lower = compact_suv(volume, everywhere(volume))
    planes = [np.frombuffer(_plain(p.data), np.uint8).reshape(p.about["shape"]).astype(int) for p in (upper, lower)]
    coding = upper.about["coding"]
    suv = coding["suv_max"] * ((256 * planes[0] + planes[1]) / coding["levels"]) ** 2
    found = onto(region(), volume.affine, np.array(upper.about["affine"]), tuple(upper.about["shape"]))
    ours = suv[found.bounds.slices][found.voxels]
    measured = volume.crop(region().bounds)[region().voxels]
    assert np.allclose(np.sort(ours), np.sort(measured), atol=2e-3)


def test_what_the_field_of_view_cuts_away_is_left_out():
    volume = Volume.of_array(np.ones(SHAPE, np.float32), turned((0, 1, 2), (1, 1, 1)))
    view = everywhere(volume)
    low = index_to_lps(volume.affine, (0, 0, 7))[2]
    cut = FieldOfView(view.x_mm, view.y_mm, view.width_mm, view.depth_mm, float(low - 1), view.top_mm)
    affine, shape = compact_grid(volume, cut)
    kept = onto(region(), volume.affine, affine, shape)
    wanted = {place for place in places(region(), volume.affine) if place[2] >= round(float(low), 3)}
    assert places(kept, affine) == wanted and 0 < len(wanted) < region().voxels.sum()
    above = FieldOfView(view.x_mm, view.y_mm, view.width_mm, view.depth_mm, view.bottom_mm, float(low - 20))
    with pytest.raises(MeasurementRefused) as refused:
        onto(
            Mask(Bounds((10, 2, 3), (11, 3, 4)), np.ones((1, 1, 1), bool)), volume.affine, *compact_grid(volume, above)
        )
    assert refused.value.code == "voi_outside_volume"


@pytest.mark.parametrize("change", ["half a voxel", "another spacing", "a turn"])
def test_another_grid_is_refused(change):
    affine = turned((0, 1, 2), (1, 1, 1))
    other = affine.copy()
    if change == "half a voxel":
        other[0, 3] += SPACING[0] / 2
    elif change == "another spacing":
        other[:3, 2] *= 0.9
    else:
        other = turned((0, 1, 2), (1, 1, 1), 10.0)
    assert not np.allclose(lps_to_index(other, index_to_lps(affine, (1, 2, 3))), (1, 2, 3), atol=1e-3)
    with pytest.raises(MeasurementRefused) as refused:
        onto(region(), affine, other, SHAPE)
    assert refused.value.code == "outline_grid_differs"


def _plain(data: bytes) -> bytes:
    import gzip

    return gzip.decompress(data)
