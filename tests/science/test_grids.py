"""Masks on a grid of their own: exact where the grids agree, by nearest voxel where they do not, refused where they must."""

import numpy as np
import pytest

from imaging.domain import grids
from imaging.domain.errors import MeasurementRefused
from imaging.domain.geometry import index_to_lps, lps_to_index
from imaging.domain.grids import EXACT, NEAREST, PlaneStack
from imaging.domain.volume import Volume

AFFINE = np.array([[4.0, 0, 0, -60], [0, 3.0, 0, -50], [0, 0, 5.0, 100], [0, 0, 0, 1]])
SHAPE = (10, 30, 32)
AXIAL = (1.0, 0, 0, 0, 1.0, 0)


def volume(affine=AFFINE, shape=SHAPE) -> Volume:
    return Volume.of_array(np.zeros(shape, np.float32), np.asarray(affine, float))


def stack_of(voxels, affine=AFFINE, first=0, **changes) -> PlaneStack:
    """Planes of ``voxels`` [z, y, x] as a file holds them, from slice ``first`` of ``affine``."""
    affine = np.asarray(affine, float)
    lengths = np.linalg.norm(affine[:3, :3], axis=0)
    values = {
        "voxels": voxels,
        "positions": index_to_lps(affine, [[0, 0, first + k] for k in range(len(voxels))]),
        "orientation": (*(affine[:3, 0] / lengths[0]), *(affine[:3, 1] / lengths[1])),
        "pixel_spacing": (lengths[1], lengths[0]),
        "plane_spacing": lengths[2],
    }
    return PlaneStack(**values | changes)


def blob(seed=0, shape=SHAPE) -> np.ndarray:
    return np.random.default_rng(seed).random(shape) < 0.3


def full(placed, shape=SHAPE) -> np.ndarray:
    out = np.zeros(shape, bool)
    out[placed.mask.bounds.slices] = placed.mask.voxels
    return out


def code(call) -> str:
    with pytest.raises(MeasurementRefused) as refused:
        call()
    return refused.value.code


@pytest.mark.parametrize("seed", range(3))
def test_the_same_grid_gives_the_same_voxels(seed):
    placed = grids.place(stack_of(blob(seed)), volume())
    assert np.array_equal(full(placed), blob(seed)) and placed.method == EXACT and not placed.warnings
    assert placed.parameters["largest_grid_offset_mm"] == 0 and not placed.mask.is_clipped


def test_planes_in_any_order_and_with_gaps():
    voxels = blob()
    voxels[3] = False
    keep = [8, 2, 5, 0]
    whole = stack_of(voxels)
    part = PlaneStack(voxels[keep], whole.positions[keep], AXIAL, (3.0, 4.0), 5.0)
    found = full(grids.place(part, volume()))
    assert np.array_equal(found[keep], voxels[keep]) and not found[[1, 3, 4, 6, 7, 9]].any()


def test_a_plane_given_twice_counts_once():
    whole = stack_of(blob())
    twice = PlaneStack(
        np.concatenate([whole.voxels, whole.voxels[:2]]),
        np.concatenate([whole.positions, whole.positions[:2]]),
        AXIAL, (3.0, 4.0), 5.0,
    )  # fmt: skip
    assert twice.volume_ml == whole.volume_ml == pytest.approx(blob().sum() * 0.06)
    assert np.array_equal(full(grids.place(twice, volume())), blob())


def test_slices_a_little_off_an_even_grid_are_the_same_grid():
    """As far as a series may be uneven and still be a volume (0.1 mm), its segmentation is exact."""
    uneven = stack_of(blob())
    shifted = uneven.positions + np.random.default_rng(1).uniform(-0.1, 0.1, (10, 1)) * [0, 0, 1]
    placed = grids.place(stack_of(blob(), positions=shifted), volume())
    assert placed.method == EXACT and np.array_equal(full(placed), blob())
    moved = grids.place(stack_of(blob(), positions=uneven.positions + [0.3, 0, 0]), volume())
    assert moved.method == NEAREST and [w.code for w in moved.warnings] == ["outline_resampled"]


@pytest.mark.parametrize("flip", [(0,), (1,), (2,), (0, 1), (0, 1, 2)])
def test_rows_columns_or_planes_the_other_way_round_are_exact(flip):
    affine, voxels = AFFINE.copy(), blob()
    for axis in flip:
        affine[:3, 3] += affine[:3, axis] * (SHAPE[2 - axis] - 1)
        affine[:3, axis] *= -1
        voxels = np.flip(voxels, axis=2 - axis)
    placed = grids.place(stack_of(voxels, affine), volume())
    assert placed.method == EXACT and np.array_equal(full(placed), blob())


def test_rows_and_columns_exchanged_are_exact():
    affine = AFFINE[:, [1, 0, 2, 3]]
    placed = grids.place(stack_of(blob().transpose(0, 2, 1), affine), volume())
    assert placed.method == EXACT and np.array_equal(full(placed), blob())


def turned(degrees, spacing, origin) -> np.ndarray:
    a, b, c = np.radians(degrees)
    x = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
    y = np.array([[np.cos(b), 0, np.sin(b)], [0, 1, 0], [-np.sin(b), 0, np.cos(b)]])
    z = np.array([[np.cos(c), -np.sin(c), 0], [np.sin(c), np.cos(c), 0], [0, 0, 1]])
    affine = np.eye(4)
    affine[:3, :3] = (x @ y @ z) * spacing
    affine[:3, 3] = origin
    return affine


@pytest.mark.parametrize("seed", range(6))
def test_any_other_grid_takes_the_nearest_voxel(seed):
    """Against a direct look-up of every voxel centre in the other grid."""
    rng = np.random.default_rng(seed)
    affine = turned(rng.uniform(-20, 20, 3), rng.uniform(1.5, 5, 3), [-50, -45, 98] + rng.uniform(-3, 3, 3))
    voxels = blob(seed, (14, 40, 44))
    placed = grids.place(stack_of(voxels, affine), volume())
    z, y, x = np.indices(SHAPE)
    at = np.floor(lps_to_index(affine, index_to_lps(AFFINE, np.stack([x, y, z], axis=-1))) + 0.5).astype(int)
    is_in = ((at >= 0) & (at < [44, 40, 14])).all(axis=-1)
    i, j, k = np.moveaxis(np.where(is_in[..., None], at, 0), -1, 0)
    assert np.array_equal(full(placed), voxels[k, j, i] & is_in) and placed.method == NEAREST


def test_a_fine_ct_grid_keeps_the_volume():
    fine = np.array([[1.0, 0, 0, -60], [0, 1.0, 0, -50], [0, 0, 1.25, 100], [0, 0, 0, 1]])
    z, y, x = np.indices((36, 90, 124))
    ball = ((x - 60) ** 2 + (y - 45) ** 2 + (1.25 * (z - 18)) ** 2) <= 20**2
    stack = stack_of(ball, fine)
    placed = grids.place(stack, volume())
    assert stack.volume_ml == pytest.approx(4 / 3 * np.pi * 8, rel=0.01)
    assert placed.mask.voxels.sum() * volume().voxel_volume_ml == pytest.approx(stack.volume_ml, rel=0.03)


def test_outside_cut_and_empty():
    far = stack_of(blob(), positions=stack_of(blob()).positions + [500, 0, 0])
    assert code(lambda: grids.place(far, volume())) == "voi_outside_volume"
    half = grids.place(stack_of(blob(), positions=stack_of(blob()).positions + [60, 0, 0]), volume())
    assert half.mask.is_clipped and half.method == EXACT
    assert code(lambda: grids.place(stack_of(np.zeros(SHAPE, bool)), volume())) == "voi_empty"
    tiny = PlaneStack(np.ones((1, 1, 1), bool), np.array([[-58.0, -48.5, 102]]), AXIAL, (0.1, 0.1), 0.1)
    assert code(lambda: grids.place(tiny, volume())) == "voi_empty"


@pytest.mark.parametrize(
    "changes",
    [
        {"pixel_spacing": (0.0, 4.0)},
        {"pixel_spacing": (np.nan, 4.0)},
        {"plane_spacing": 0.0},
        {"orientation": (1.0, 0, 0, 1.0, 0, 0)},
        {"orientation": (np.nan, 0, 0, 0, 1.0, 0)},
        {"orientation": (1.0, 0, 0)},
        {"positions": np.zeros((3, 3))},
    ],
)
def test_a_grid_that_is_none(changes):
    assert code(lambda: stack_of(blob(), **changes)) == "outline_grid_invalid"


@pytest.mark.parametrize(
    ("outline", "images", "is_referenced", "expected"),
    [
        ("1.2", "1.2", True, None),
        ("1.2", "1.2", False, None),
        ("1.2", "1.3", True, "frame_of_reference_differs"),
        ("1.2", "1.3", False, "referenced_series_absent"),
        ("", "1.3", True, None),
        ("", "", False, "frame_of_reference_unknown"),
        ("1.2", "", False, "frame_of_reference_unknown"),
    ],
)
def test_the_frame_of_reference_decides(outline, images, is_referenced, expected):
    if expected is None:
        grids.check_frame(outline, images, is_referenced=is_referenced)
    else:
        assert code(lambda: grids.check_frame(outline, images, is_referenced=is_referenced)) == expected


def test_plane_spacing_is_declared_or_the_smallest_gap_or_the_thickness():
    planes = [[0, 0, z] for z in (10, 13, 16, 25)]
    assert grids.plane_spacing(planes, AXIAL, 3.0, 5.0) == 3.0
    assert grids.plane_spacing(planes, AXIAL, 0.0, 5.0) == 3.0
    assert grids.plane_spacing(planes, AXIAL, 9.0, 5.0) == 3.0, "planes nearer than declared"
    assert grids.plane_spacing(planes[2:], AXIAL, 3.0, 5.0) == 3.0, "planes left out because they are empty"
    assert grids.plane_spacing(planes[:1], AXIAL, 0.0, 5.0) == 5.0
    assert grids.plane_spacing(planes[:1], AXIAL, 1.0, 5.0) == 5.0, "declared for one plane"
    assert grids.plane_spacing(planes[:1], AXIAL, 3.0, 0.0) == 3.0
    assert code(lambda: grids.plane_spacing(planes[:1], AXIAL, 0.0, 0.0)) == "outline_grid_invalid"


def test_a_fractional_segmentation_is_cut_at_half_of_its_full_value():
    values = np.array([0, 99, 100, 101, 200], np.uint8)
    assert grids.above_fraction(values, 200).tolist() == [False, False, True, True, True]
    assert grids.above_fraction(np.array([127, 128], np.uint8), 255).tolist() == [False, True]
    assert grids.above_fraction(values, 200, 0.505).tolist() == [False, False, False, True, True]
    assert code(lambda: grids.above_fraction(values, 200, 0.0)) == "threshold_invalid"
