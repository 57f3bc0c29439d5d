"""PET and CT on their own grids show the same point of the patient at the same pixel."""

from functools import cache

import numpy as np
import pytest

from imaging.domain import voi
from imaging.domain.errors import MeasurementRefused
from imaging.domain.field_of_view import FieldOfView, crop_bounds
from imaging.domain.fusion import CT_WINDOW, PET_WINDOW
from imaging.domain.geometry import index_to_lps
from imaging.domain.keyslices import key_slices
from imaging.domain.marks import CROSSHAIR_GAP_PIXELS, OUTLINE_RGB
from imaging.domain.palettes import NAMES, palette
from imaging.domain.reslice import Plane, sample
from imaging.domain.volume import Volume

VIEW = FieldOfView(0.0, 10.0, 300.0, 220.0, -460.0, -140.0)


def ball_volume(
    centre, radius, inside, outside, *, shape, spacing, origin, axes=None, slopes=None, uid="1.2"
) -> Volume:
    affine = np.eye(4)
    affine[:3, :3] = (np.eye(3) if axes is None else np.asarray(axes)) * spacing
    affine[:3, 3] = origin
    z, y, x = np.indices(shape)
    points = index_to_lps(affine, np.stack([x, y, z], axis=-1))
    values = np.where(((points - centre) ** 2).sum(axis=-1) <= radius**2, inside, outside).astype(float)
    slopes = np.ones(shape[0]) if slopes is None else slopes
    stored = np.rint(values / slopes[:, None, None]).astype(np.int32)
    return Volume.of_series(
        stored, slopes=slopes, intercepts=0, factor=1, affine=affine, unit="1", frame_of_reference_uid=uid
    )


CENTRE = np.array([30.0, -20.0, -300.0])


@cache
def pet() -> Volume:
    slopes = np.random.default_rng(5).uniform(0.001, 0.003, 90)
    place = {"shape": (90, 72, 72), "spacing": (4.5, 4.5, 4.0), "origin": (-159.0, -150.0, -480.0)}
    return ball_volume(CENTRE, 25, 12.0, 0.5, slopes=slopes, **place)


def ct(**changes) -> Volume:
    place = {"shape": (90, 150, 150), "spacing": (2.2, 2.2, 4.0), "origin": (-170.0, -160.0, -470.0)}
    return ball_volume(CENTRE, 25, 150.0, -70.0, **(place | changes))


CT = ct()


def by_kind(found, plane):
    return {s.kind: s for s in found.slices if s.plane == plane}


def middle_of(mask: np.ndarray) -> np.ndarray:
    return np.argwhere(mask).mean(axis=0)


@pytest.mark.parametrize("plane", ["axial", "coronal"])
@pytest.mark.parametrize(
    "turned",
    [
        None,
        [[-1, 0, 0], [0, 1, 0], [0, 0, 1]],  # rows run to the right
        [[np.cos(0.1), -np.sin(0.1), 0], [np.sin(0.1), np.cos(0.1), 0], [0, 0, 1]],  # head holder not straight
    ],
)
def test_the_same_point_lies_at_the_same_pixel_of_pet_and_ct(plane, turned):
    origin = (-170.0, -160.0, -470.0) if turned is None or turned[0][0] > 0 else (170.0, -160.0, -470.0)
    found = by_kind(
        key_slices(pet(), ct(axes=turned, origin=origin), CENTRE, field_of_view=VIEW, has_crosshair=False), plane
    )
    hot, dense = found["pet"].rgb[..., 0] < 128, found["ct"].rgb[..., 0] > 128
    assert found["pet"].rgb.shape == found["ct"].rgb.shape == found["fused"].rgb.shape
    np.testing.assert_allclose(middle_of(hot), middle_of(dense), atol=0.8)
    radius = np.sqrt(dense.sum() / np.pi) * found["ct"].mm_per_pixel
    assert radius == pytest.approx(25, abs=1.5)


def test_right_is_left_front_is_up_and_the_head_is_up():
    found = key_slices(pet(), CT, CENTRE, field_of_view=VIEW, has_crosshair=False)
    axial = by_kind(found, "axial")["pet"].rgb
    coronal = by_kind(found, "coronal")["pet"].rgb
    row, column = middle_of(axial[..., 0] < 128)
    assert column == pytest.approx((CENTRE[0] - (0 - 150)) / 1.5, abs=1)
    assert row == pytest.approx((CENTRE[1] - (10 - 110)) / 1.5, abs=1)
    row, column = middle_of(coronal[..., 0] < 128)
    assert column == pytest.approx((CENTRE[0] - (0 - 150)) / 1.5, abs=1)
    assert row == pytest.approx((-140 - CENTRE[2]) / 1.5, abs=1)
    assert axial.shape == (147, 200, 3) and coronal.shape == (214, 200, 3)


def test_grey_and_colour_are_those_of_the_windows():
    found = by_kind(key_slices(pet(), CT, CENTRE, field_of_view=VIEW, has_crosshair=False), "axial")
    row, column = (round(v) for v in middle_of(found["pet"].rgb[..., 0] < 128))
    share = 12.0 / (PET_WINDOW[1] - PET_WINDOW[0])
    assert found["pet"].rgb[row, column].tolist() == [255 - round(255 * share)] * 3
    grey = round(255 * (150 - CT_WINDOW[0]) / (CT_WINDOW[1] - CT_WINDOW[0]))
    assert found["ct"].rgb[row, column].tolist() == [grey] * 3
    expected = 0.2 * grey + 0.8 * palette("even_heat")[round(255 * share)].astype(float)
    np.testing.assert_allclose(found["fused"].rgb[row, column], expected, atol=1)


def test_the_pixel_of_the_hottest_voxel_shows_its_own_value():
    random = np.random.default_rng(8)
    stored = random.integers(0, 8000, (20, 30, 30)).astype(np.uint16)
    affine = np.diag([4.0, 3.0, 5.0, 1.0])
    volume = Volume.of_series(
        stored, slopes=random.uniform(5e-4, 2e-3, 20), intercepts=0.1, factor=1, affine=affine, unit="1"
    )
    k, j, i = 7, 11, 19
    point = index_to_lps(affine, (i, j, k))
    found = key_slices(
        volume, None, point, field_of_view=FieldOfView(57.0, 43.0, 100.0, 80.0, 0.0, 90.0), has_crosshair=False
    )
    value = float(volume.slice_suv(k)[j, i])
    level = 255 - round(255 * min(value / 15, 1))
    for name in ("axial", "coronal"):
        shown = by_kind(found, name)["pet"].rgb[..., 0]
        first, down = (57.0 - 50, 43.0 - 40 if name == "axial" else 90.0)
        column = int((point[0] - first) / 1.5)
        row = int((point[1] - down) / 1.5) if name == "axial" else int((down - point[2]) / 1.5)
        assert shown[row, column] == level


def test_interpolation_equals_scipy_where_one_slope_holds():
    from scipy import ndimage

    random = np.random.default_rng(9)
    volume = Volume.of_array(random.normal(size=(12, 14, 16)).astype(np.float32), np.diag([2.0, 3.0, 4.0, 1.0]))
    plane = Plane(np.array([-3.1, 4.2, 9.0]), np.array([0.9, 0.1, 0.2]), np.array([-0.1, 0.8, 0.3]), 20, 24)
    found, inside = sample(volume, plane)
    index = [np.broadcast_to(v, (20, 24)) for v in plane.indices(volume.affine)][::-1]
    expected = ndimage.map_coordinates(volume.stored, index, order=1, mode="nearest")
    np.testing.assert_allclose(found, np.where(inside, expected, 0), atol=1e-5)
    assert inside.any() and not inside.all()


def test_slices_with_different_slopes_are_mixed_as_suv():
    volume = Volume.of_series(
        np.array([[[100]], [[100]]], np.uint16), slopes=[0.01, 0.03], intercepts=0, factor=1, affine=np.eye(4), unit="1"
    )
    value, _ = sample(volume, Plane(np.array([0, 0, 0.5]), np.array([1.0, 0, 0]), np.array([0, 1.0, 0]), 1, 1))
    assert value[0, 0] == pytest.approx(2.0)


def test_outline_surrounds_the_region_and_the_cross_leaves_the_middle_free():
    volume = pet()
    mask = voi.sphere(volume, CENTRE, 20.0)
    plain = by_kind(key_slices(volume, CT, CENTRE, field_of_view=VIEW, has_crosshair=False), "axial")["pet"].rgb
    lined = by_kind(key_slices(volume, CT, CENTRE, field_of_view=VIEW, outline=mask, has_crosshair=False), "axial")[
        "pet"
    ].rgb
    edge = (lined == OUTLINE_RGB).all(axis=-1)
    assert edge.any() and (lined[~edge] == plain[~edge]).all()
    distance = np.hypot(*((np.argwhere(edge) - middle_of(edge)) * 1.5).T)
    assert (distance > 15).all() and (distance < 28).all()
    crossed = by_kind(key_slices(volume, CT, CENTRE, field_of_view=VIEW), "axial")["pet"].rgb
    changed = (crossed != plain).any(axis=-1)
    row, column = (round(v) for v in middle_of(plain[..., 0] < 128))
    gap = CROSSHAIR_GAP_PIXELS - 2
    assert changed.any() and not changed[row - gap : row + gap, column - gap : column + gap].any()


def test_a_region_elsewhere_leaves_no_outline():
    volume = pet()
    mask = voi.sphere(volume, CENTRE + (0, 0, 100), 20.0)
    axial = by_kind(key_slices(volume, None, CENTRE, field_of_view=VIEW, outline=mask), "axial")["pet"].rgb
    assert not (axial == OUTLINE_RGB).all(axis=-1).any()


@pytest.mark.parametrize(
    ("other", "why"),
    [(None, "no_ct"), (ct(origin=(-170.0, -160.0, 200.0)), "ct_elsewhere")],
)
def test_without_a_ct_there_the_pet_is_shown_alone(other, why):
    found = key_slices(pet(), other, CENTRE, field_of_view=VIEW)
    assert found.without_ct == why
    assert {s.kind for s in found.slices} == {"pet"}


def test_beyond_the_ct_is_air_and_beyond_the_pet_is_no_uptake():
    wide = FieldOfView(0.0, 10.0, 700.0, 220.0, -460.0, -140.0)
    found = by_kind(key_slices(pet(), CT, CENTRE, field_of_view=wide, has_crosshair=False), "axial")
    assert (found["ct"].rgb[:, :100] == 0).all() and (found["fused"].rgb[:, :100] == 0).all()
    assert (found["pet"].rgb[:, :100] == 255).all()


def test_refused_by_name():
    with pytest.raises(MeasurementRefused, match="pet_ct_frames_differ"):
        key_slices(pet(), ct(uid="9.9"), CENTRE, field_of_view=VIEW)
    with pytest.raises(MeasurementRefused, match="point_outside_images"):
        key_slices(pet(), CT, (0, 0, 500), field_of_view=VIEW)


def test_the_crop_holds_the_voxels_of_the_field_of_view():
    volume = pet()
    bounds = crop_bounds(volume, VIEW)
    for axis, (low, high) in enumerate([(-150.0, 150.0), (-100.0, 120.0), (-460.0, -140.0)]):
        at = volume.affine[axis, 3] + volume.spacing[axis] * np.arange(volume.shape[2 - axis])
        inside = np.flatnonzero((at >= low) & (at <= high))
        assert (bounds.start[2 - axis], bounds.stop[2 - axis]) == (inside[0], inside[-1] + 1)
    with pytest.raises(MeasurementRefused, match="point_outside_images"):
        crop_bounds(volume, FieldOfView(9e3, 0, 10, 10, 0, 10))


# --- colours -------------------------------------------------------------------------------------------------------
def lightness(rgb: np.ndarray) -> np.ndarray:
    """CIE 1976 L* of sRGB colours."""
    share = rgb / 255
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    y = linear @ np.array([0.2126729, 0.7151522, 0.0721750])
    return np.where(y > (6 / 29) ** 3, 116 * np.cbrt(y) - 16, y * (29 / 3) ** 3)


def test_every_palette_has_256_colours():
    for name in NAMES:
        assert palette(name).shape == (256, 3) and palette(name).dtype == np.uint8
    with pytest.raises(KeyError):
        palette("rainbow")


def test_lightness_of_even_heat_rises_evenly_and_that_of_hot_iron_does_not():
    even, iron = lightness(palette("even_heat")), lightness(palette("hot_iron"))
    np.testing.assert_allclose(even, np.linspace(0, 100, 256), atol=0.6)
    assert np.ptp(np.diff(iron[::16])) > 5 * np.ptp(np.diff(even[::16]))


def test_hot_iron_is_the_palette_of_the_standard():
    import pydicom
    from pydicom.data import get_palette_files

    standard = pydicom.dcmread(get_palette_files("hotiron.dcm")[0])
    for channel, name in enumerate(("Red", "Green", "Blue")):
        table = np.frombuffer(standard[f"{name}PaletteColorLookupTableData"].value, np.uint8)
        np.testing.assert_array_equal(palette("hot_iron")[:, channel], table)
