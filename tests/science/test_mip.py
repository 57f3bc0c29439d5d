"""Head up, patient's right on the left of the image."""

import numpy as np
import pytest

from imaging.domain.errors import MeasurementRefused
from imaging.domain.field_of_view import one_size
from imaging.domain.mip import EXTENT_SUV, coronal_mip, rotating_mip
from imaging.domain.scratch import Scratch
from imaging.domain.suv_code import SqrtCode
from imaging.domain.volume import Volume

AXIAL = np.diag([2.0, 2.0, 3.0, 1.0])


def test_feet_down_and_right_on_the_left():
    values = np.zeros((10, 6, 8), np.int16)
    values[8, 3, 1] = 10  # near the head, patient's right
    image = coronal_mip(Volume.of_array(values, AXIAL), 10)
    assert image.shape == (10, 8)
    assert np.argwhere(image == 255).tolist() == [[1, 1]]


def test_grey_is_linear_and_saturates():
    values = np.zeros((2, 2, 3), np.int16)
    values[0, 0] = (5, 10, 30)
    image = coronal_mip(Volume.of_array(values, AXIAL), 10)
    assert image[1].tolist() == [127, 255, 255]


@pytest.mark.parametrize(
    ("axes", "where"),
    [
        ([[0, 2, 0], [2, 0, 0], [0, 0, 3]], (8, 1, 3)),  # rows run left, columns run back
        ([[2, 0, 0], [0, 0, 2], [0, -3, 0]], (3, 8, 1)),  # coronal slices, rows run to the feet
        ([[-2, 0, 0], [0, -2, 0], [0, 0, -3]], (8, 3, 1)),
    ],
)
def test_other_orientations(axes, where):
    affine = np.eye(4)
    affine[:3, :3] = axes
    values = np.zeros((10, 10, 10), np.int16)
    values[where] = 10
    row, column = np.argwhere(coronal_mip(Volume.of_array(values, affine), 10) == 255)[0]
    x, _, z = affine[:3, :3] @ np.array(where[::-1])
    corners = affine[:3, :3] @ np.array(np.meshgrid([0, 9], [0, 9], [0, 9])).reshape(3, -1)
    step_x, step_z = 2, 3
    assert column == round((x - corners[0].min()) / step_x)
    assert row == round((corners[2].max() - z) / step_z)


# --- rotating ------------------------------------------------------------------------------------------------------
CODE = SqrtCode()
GREY = np.float32(15 / 255)  # one grey level of the usual window


def pet(shape=(40, 50, 60), spacing=(4.0, 4.0, 3.0), seed=3, *, per_slice=True, intercept=0.0) -> Volume:
    """An oval body with noise, cold air with less noise, and hot spots; integers with a slope per slice."""
    random = np.random.default_rng(seed)
    _, y, x = np.indices(shape)
    middle = [(n - 1) / 2 for n in shape]
    oval = ((x - middle[2]) / (shape[2] * 0.36)) ** 2 + ((y - middle[1]) / (shape[1] * 0.3)) ** 2 < 1
    suv = np.where(oval, random.uniform(0.4, 2.0, shape), random.uniform(0, 0.04, shape))
    for _ in range(12):
        k, j, i = (int(random.integers(n // 4, 3 * n // 4)) for n in shape)
        suv[k, j, i] = random.uniform(5, 40)
    slopes = random.uniform(0.5, 2.0, shape[0]) if per_slice else np.ones(shape[0])
    stored = np.rint((suv - intercept) / (slopes[:, None, None] * 2e-3)).clip(0, 65535).astype(np.uint16)
    affine = np.diag([*spacing, 1.0])
    affine[:3, 3] = (-120.0, -90.0, -700.0)
    return Volume.of_series(
        stored, slopes=slopes, intercepts=intercept / 2e-3, factor=2e-3, affine=affine, unit="g/ml{SUVbw}"
    )


def suv_of(volume: Volume) -> np.ndarray:
    return volume.crop(volume.everything)


def columns_shown(volume: Volume, view) -> slice:
    first = round((view.x_mm - view.width_mm / 2 + volume.spacing[0] / 2 - volume.affine[0, 3]) / volume.spacing[0])
    return slice(first, first + round(view.width_mm / volume.spacing[0]))


@pytest.mark.parametrize("intercept", [0.0, -0.5])
def test_the_front_view_is_the_projection_along_the_axis(intercept):
    volume = pet(intercept=intercept)
    found = rotating_mip(volume)
    view = columns_shown(volume, found.field_of_view)
    assert view.start >= 0 and view.stop <= volume.shape[2]
    expected = suv_of(volume).max(axis=1)[::-1, view]
    shown = CODE.decode(found.frames[0])
    seen = expected > 15 / 255
    assert (np.abs(found.frames[0].astype(int) - CODE.encode(expected))[seen] <= 1).all()
    assert (np.abs(shown - expected)[~seen] <= GREY).all()
    hidden = np.delete(suv_of(volume).max(axis=1), np.arange(view.start, view.stop), axis=1)
    assert hidden.size == 0 or hidden.max() < EXTENT_SUV


def test_every_angle_shows_the_hottest_voxel_of_each_slice_at_its_full_height():
    volume = pet()
    found = rotating_mip(volume)
    hottest = CODE.encode(suv_of(volume).max(axis=(1, 2)))[::-1]
    for frame in found.frames:
        np.testing.assert_array_equal(frame.max(axis=1), hottest)


def places(volume: Volume, found, k: int) -> np.ndarray:
    """Pixels from the middle of frame ``k`` for every column of voxels, from its position in mm."""
    view, angle = found.field_of_view, 2 * np.pi * k / len(found.frames)
    x = volume.affine[0, 3] + volume.spacing[0] * np.arange(volume.shape[2]) - view.x_mm
    y = volume.affine[1, 3] + volume.spacing[1] * np.arange(volume.shape[1]) - view.y_mm
    return (x[None, :] * np.cos(angle) + y[:, None] * np.sin(angle)) / volume.spacing[0]


@pytest.mark.parametrize("spacing", [(4.0, 4.0, 3.0), (5.0, 2.0, 3.0)])
def test_each_pixel_is_the_maximum_of_the_voxels_whose_place_rounds_to_it(spacing):
    volume = pet(spacing=spacing)
    found = rotating_mip(volume)
    aside = found.frames.shape[2] // 2
    codes = CODE.encode(np.where(suv_of(volume).max(axis=0) > 15 / 255, suv_of(volume), 0))[::-1]
    for k in range(36):
        exact = places(volume, found, k)
        pixel = np.rint(exact)
        is_inside = (np.abs(pixel) <= aside) & (np.abs(np.abs(exact - pixel) - 0.5) > 1e-3)
        expected = np.zeros_like(found.frames[k])
        np.maximum.at(expected.T, pixel[is_inside].astype(int) + aside, codes[:, is_inside].T)
        midway = (np.abs(pixel) <= aside + 1) & ~is_inside
        if not midway.any():
            np.testing.assert_array_equal(found.frames[k], expected)
        assert (found.frames[k] >= expected).all()


@pytest.mark.parametrize("spacing", [(4.0, 4.0, 3.0), (2.0, 5.0, 3.0), (5.0, 2.0, 3.0), (1.0, 4.5, 6.0)])
def test_true_millimetres_and_no_holes_whatever_the_shape_of_the_pixel(spacing):
    volume = pet(spacing=spacing)
    found = rotating_mip(volume)
    aside, codes = found.frames.shape[2] // 2, CODE.encode(suv_of(volume))[::-1]
    for k in range(36):
        exact = places(volume, found, k)
        reach = 0.5 + spacing[1] / spacing[0] / 2 * abs(np.sin(np.pi * k / 18))  # half of a voxel, half of a pixel
        for pixel in range(found.frames.shape[2]):
            near = np.abs(exact - (pixel - aside)) <= reach + 1e-3
            shown = found.frames[k][:, pixel]
            assert ((shown[:, None] == codes[:, near]).any(axis=1) | (shown == 0)).all()
        for row in found.frames[k] >= CODE.encode(np.array([0.39]))[0]:
            used = np.flatnonzero(row)
            assert row[used[0] : used[-1] + 1].all(), f"hole in frame {k}"


def test_what_is_above_one_grey_level_is_shown_beside_the_body_too():
    values = np.zeros((6, 9, 30), np.float32)
    values[:, 4, [5, 25]] = 2.0
    values[2, 4, 15] = 0.07
    frame = rotating_mip(Volume.of_array(values, AXIAL)).frames[0]
    assert np.unique(frame).tolist() == [0, *CODE.encode(np.array([0.07, 2.0]))]


def test_half_a_turn_further_is_the_mirror_image():
    frames = rotating_mip(pet()).frames
    np.testing.assert_array_equal(frames[18:], frames[:18, :, ::-1])


def test_a_quarter_turn_is_seen_from_the_left_with_the_back_on_the_right():
    values = np.zeros((10, 21, 21), np.uint16)
    values[5, 10, 10] = 5  # middle
    values[5, 16, 10] = 10  # behind it
    values[5, 4, 10] = 20  # before it
    frame = rotating_mip(Volume.of_array(values, AXIAL)).frames[9]
    columns = np.flatnonzero(frame[4])
    assert frame[4][columns].tolist() == [CODE.encode(np.array([s]))[0] for s in (20.0, 5.0, 10.0)]


def test_slices_from_head_to_feet_and_rows_to_the_right_give_the_same_picture():
    volume = pet()
    flipped = Volume.of_array(np.ascontiguousarray(suv_of(volume)[::-1, :, ::-1]), volume.affine.copy())
    flipped.affine[0, 0] *= -1
    flipped.affine[2, 2] *= -1
    flipped.affine[0, 3] += 59 * 4.0
    flipped.affine[2, 3] += 39 * 3.0
    one, other = rotating_mip(volume), rotating_mip(flipped, field_of_view=rotating_mip(volume).field_of_view)
    assert (np.abs(one.frames.astype(int) - other.frames) <= 1).mean() > 0.999


def test_one_field_of_view_gives_one_scale_and_says_what_it_cuts():
    volume = pet()
    own = rotating_mip(volume)
    wide = own.field_of_view.of_size(own.field_of_view.width_mm + 80, 200.0, own.field_of_view.height_mm + 30)
    shown = rotating_mip(volume, field_of_view=wide)
    assert not shown.is_cut
    assert shown.frames.shape == (36, 50, own.frames.shape[2] + 20)
    np.testing.assert_array_equal(shown.frames[:, :40, 10:-10], own.frames)
    assert not shown.frames[:, 40:].any()
    assert rotating_mip(volume, field_of_view=own.field_of_view.of_size(60.0, 60.0, 120.0)).is_cut
    assert one_size([own.field_of_view, wide])[0].width_mm == wide.width_mm


def test_memory_is_used_again_without_a_trace_of_the_last_scan():
    scratch = Scratch()
    first = rotating_mip(pet(seed=1), scratch=scratch).frames.copy()
    rotating_mip(pet(seed=2, shape=(50, 40, 40)), scratch=scratch)
    np.testing.assert_array_equal(rotating_mip(pet(seed=1), scratch=scratch).frames, first)


def test_values_as_floats_or_signed_integers():
    volume = pet(per_slice=False)
    floats = Volume.of_array(suv_of(volume), volume.affine)
    signed = Volume.of_array(np.rint(suv_of(volume)).astype(np.int16), volume.affine)
    assert (np.abs(rotating_mip(floats).frames.astype(int) - rotating_mip(volume).frames) <= 1).all()
    assert rotating_mip(signed).frames.max() == CODE.encode(np.rint(suv_of(volume))).max()


@pytest.mark.parametrize(
    "axes",
    [
        [[2, 0, 0], [0, 0, 2], [0, -3, 0]],  # coronal slices
        [[2, 0, 0], [0, 2, 0.2], [0, -0.1, 3]],  # leaning by more than a degree
    ],
)
def test_slices_that_are_not_axial_are_refused(axes):
    affine = np.eye(4)
    affine[:3, :3] = axes
    with pytest.raises(MeasurementRefused, match="slices_not_axial"):
        rotating_mip(Volume.of_array(np.ones((4, 5, 6), np.uint16), affine))


def test_an_odd_number_of_frames_is_refused():
    with pytest.raises(MeasurementRefused, match="frame_count_invalid"):
        rotating_mip(pet(), frames=35)


def test_an_empty_scan_gives_empty_pictures():
    assert not rotating_mip(Volume.of_array(np.zeros((4, 5, 6), np.uint16), AXIAL)).frames.any()


def test_the_code_never_decreases_and_loses_less_than_half_a_step():
    suv = np.linspace(0, 70, 100_001, dtype=np.float32)
    codes = CODE.encode(suv)
    assert (np.diff(codes.astype(int)) >= 0).all()
    assert codes[0] == 0 and codes[-1] == 255
    inside = suv <= 64
    step = 2 * np.sqrt(suv[inside] * 64) / 255 + 64 / 255**2
    assert (np.abs(CODE.decode(codes[inside]) - suv[inside]) <= 0.51 * step).all()
    assert CODE.encode(np.array([-1.0]))[0] == 0
    words = SqrtCode(64.0, 65535)
    assert (np.abs(words.decode(words.encode(suv[inside])) - suv[inside]) < 0.001).all()
