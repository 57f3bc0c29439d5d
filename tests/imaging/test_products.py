"""Files for pages: what a page reads back from them is what the volume holds."""

import gzip
import io
import json

import numpy as np
import pytest
from PIL import Image

from imaging.compact import compact_ct, compact_suv
from imaging.domain.field_of_view import FieldOfView
from imaging.domain.geometry import lps_to_index
from imaging.domain.keyslices import key_slices
from imaging.domain.mip import rotating_mip
from imaging.domain.volume import Volume
from imaging.products import METHOD_VERSION, QUICK, SMALL, key_slice_files, mip_sprite, mip_still

VIEW = FieldOfView(0.0, 0.0, 120.0, 90.0, -200.0, -90.0)


@pytest.fixture(autouse=True)
def _own_store():
    """Nothing here is stored."""


def pet(axes=((3.0, 0, 0), (0, 3.0, 0), (0, 0, 4.0)), origin=(-90.0, -75.0, -210.0), top=90.0) -> Volume:
    random = np.random.default_rng(4)
    suv = random.uniform(0, 3, (34, 52, 60))
    suv[:, :8] = suv[:, -8:] = suv[:, :, :8] = suv[:, :, -8:] = 0
    suv[20, 30, 33] = top
    slopes = random.uniform(0.5, 2, 34) * 4e-3
    affine = np.eye(4)
    affine[:3, :3], affine[:3, 3] = axes, origin
    stored = np.rint(suv / slopes[:, None, None]).astype(np.uint16)
    return Volume.of_series(stored, slopes=slopes, intercepts=0, factor=1, affine=affine, unit="g/ml{SUVbw}")


def ct(spacing=2.0) -> Volume:
    random = np.random.default_rng(6)
    affine = np.diag([spacing, spacing, 5.0, 1.0])
    affine[:3, 3] = (-100.0, -90.0, -215.0)
    hu = random.integers(-1100, 3000, (30, 90, 100)).astype(np.int16)
    return Volume.of_array(hu, affine, "[hnsf'U]")


def opened(product) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(product.data)).convert("RGB"))


def unpacked(product) -> np.ndarray:
    return np.frombuffer(gzip.decompress(product.data), np.uint8).reshape(product.about["shape"])


@pytest.mark.parametrize("encoding", [QUICK, SMALL])
def test_every_frame_comes_back_from_the_sprite_unchanged(encoding):
    mip = rotating_mip(pet())
    product = mip_sprite(mip, encoding=encoding)
    sheet, about = opened(product), product.about
    assert (sheet[..., 0] == sheet[..., 1]).all() and (sheet[..., 0] == sheet[..., 2]).all()
    w, h = about["tile_width"], about["tile_height"]
    assert sheet.shape[:2] == (4 * h, 9 * w)
    for k in range(about["frames"]):
        top, left = k // about["tiles_across"] * h, k % about["tiles_across"] * w
        np.testing.assert_array_equal(sheet[top : top + h, left : left + w, 0], mip.frames[k])
    assert about["coding"] == {"code": "sqrt", "suv_max": 64.0, "levels": 255}


def test_a_sprite_with_few_frames_has_no_empty_tiles():
    about = mip_sprite(rotating_mip(pet(), frames=4)).about
    assert (about["frames"], about["tiles_across"]) == (4, 4)


def test_the_still_is_the_front_view_in_true_proportions():
    mip = rotating_mip(pet())
    product = mip_still(mip)
    grey = opened(product)[..., 0]
    height_mm, width_mm = 34 * 4.0, mip.frames.shape[2] * 3.0
    assert grey.shape[0] / grey.shape[1] == pytest.approx(height_mm / width_mm, rel=0.03)
    assert (grey.shape[1], grey.shape[0]) == (product.about["width"], product.about["height"])
    row, column = np.unravel_index(int(mip.frames[0].argmax()), mip.frames[0].shape)
    darkest = np.unravel_index(int(grey.argmin()), grey.shape)
    np.testing.assert_allclose(darkest, ((row + 0.5) * 4 / 3 - 0.5, column), atol=1)
    assert grey[0, 0] > 240


def test_suv_can_be_read_from_the_two_planes_at_its_place():
    volume = pet()
    upper, lower = compact_suv(volume, VIEW)
    words = unpacked(upper).astype(int) * 256 + unpacked(lower)
    coding, affine = upper.about["coding"], np.array(upper.about["affine"])
    suv = coding["suv_max"] * (words / coding["levels"]) ** 2
    corner = np.rint(lps_to_index(volume.affine, affine[:3, 3])).astype(int)[::-1]
    shape = upper.about["shape"]
    there = volume.crop(volume.everything)[tuple(slice(a, a + n) for a, n in zip(corner, shape, strict=True))]
    np.testing.assert_allclose(suv, there, atol=0.001 * np.sqrt(coding["suv_max"] / 64), rtol=1e-3)
    assert coding["suv_max"] == pytest.approx(90, rel=1e-3), "nothing saturates"
    assert tuple(shape) == (28, 31, 41)


def test_the_upper_plane_alone_is_a_picture():
    volume = pet(top=12.0)
    upper = compact_suv(volume, VIEW)[0]
    shown = 64 * ((unpacked(upper) + 0.5) / 256) ** 2
    words = unpacked(compact_suv(volume, VIEW)[1])
    exact = 64 * ((unpacked(upper).astype(int) * 256 + words) / 65535) ** 2
    assert np.abs(shown - exact).max() < 0.12


@pytest.mark.parametrize(
    ("axes", "origin"),
    [
        (((-3.0, 0, 0), (0, -3.0, 0), (0, 0, -4.0)), (87.0, 78.0, -78.0)),
        (((0, 3.0, 0), (3.0, 0, 0), (0, 0, 4.0)), (-90.0, -75.0, -210.0)),
        (((3.0, 0, 0), (0, 0, 4.0), (0, -3.0, 0)), (-90.0, -75.0, -60.0)),
    ],
)
def test_planes_run_left_back_and_up_whatever_the_scanner_did(axes, origin):
    volume = pet(axes, origin)
    upper, lower = compact_suv(volume, FieldOfView(0, 0, 1e4, 1e4, -1e4, 1e4))
    affine = np.array(upper.about["affine"])
    assert (np.diag(affine)[:3] > 0).all() and np.allclose(affine[:3, :3], np.diag(np.diag(affine)[:3]))
    words = unpacked(upper).astype(int) * 256 + unpacked(lower)
    place = affine @ np.array([*np.unravel_index(int(words.argmax()), words.shape)[::-1], 1])
    np.testing.assert_allclose(place[:3], (volume.affine @ (33, 30, 20, 1))[:3], atol=1e-6)


@pytest.mark.parametrize(("spacing", "thin"), [(2.0, 1), (0.98, 2)])
def test_ct_numbers_are_kept_to_five_units_inside_the_range(spacing, thin):
    volume = ct(spacing)
    product = compact_ct(volume, VIEW)
    hu = -1024 + 10 * unpacked(product).astype(int)
    affine = np.array(product.about["affine"])
    assert affine[0, 0] == pytest.approx(thin * spacing)
    k, j, i = 7, 11, 17
    x, y, z = np.rint(lps_to_index(volume.affine, (affine @ (i, j, k, 1))[:3])).astype(int)
    assert hu[k, j, i] == pytest.approx(np.clip(volume.stored[z, y, x], -1024, 1526), abs=5)
    assert hu.min() == -1024 and hu.max() == 1526


def test_key_slices_say_what_they_show():
    made = key_slices(pet(), ct(), (0.0, 0.0, -150.0), field_of_view=VIEW, has_crosshair=False)
    files = {p.name: p for p in key_slice_files(made)}
    assert set(files) == {f"{plane}-{kind}.webp" for plane in ("axial", "coronal") for kind in ("pet", "ct", "fused")}
    for product, picture in zip(files.values(), made.slices, strict=True):
        assert opened(product).shape == picture.rgb.shape
        assert (product.about["height"], product.about["width"]) == picture.rgb.shape[:2]
        assert json.loads(product.about_json())["product_method"] == METHOD_VERSION
    assert files["axial-ct.webp"].about["window"] == [-160.0, 240.0]
    assert files["coronal-pet.webp"].about["position_mm"] == 0.0


def test_the_same_scan_gives_the_same_bytes():
    def all_of_it():
        mip = rotating_mip(pet())
        made = key_slices(pet(), ct(), (0.0, 0.0, -150.0), field_of_view=VIEW)
        products = [mip_sprite(mip), mip_still(mip), *key_slice_files(made), *compact_suv(pet(), VIEW)]
        return [(p.name, p.sha256, p.about_json()) for p in [*products, compact_ct(ct(), VIEW)]]

    assert all_of_it() == all_of_it()
