"""Outlines as bytes: nothing is lost, equal outlines are equal bytes, damage and other frames are refused."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as budget
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from imaging import masks, store
from imaging.domain import grids
from imaging.domain.errors import ImagingRefusal
from imaging.domain.voi import Mask
from imaging.domain.volume import Bounds, Volume

AFFINE = np.array([[4.0, 0, 0, -64], [0, 4.0, 0, -64], [0, 0, 4.0, -400], [0, 0, 0, 1]])


def volume(shape=(12, 32, 32), affine=AFFINE, frame="1.2.3") -> Volume:
    return Volume.of_series(
        np.zeros(shape, np.int16), slopes=np.ones(shape[0]), intercepts=np.zeros(shape[0]), factor=1.0,
        affine=affine, unit="g/ml{SUVbw}", frame_of_reference_uid=frame,
    )  # fmt: skip


def solid(start=(2, 3, 4), stop=(5, 8, 9)) -> Mask:
    bounds = Bounds(start, stop)
    voxels = np.random.default_rng(1).random(bounds.shape) < 0.7
    voxels[0, 0, 0] = voxels[-1, -1, -1] = True
    return Mask(bounds, voxels)


def refused(code: str, call, *args) -> None:
    with pytest.raises(ImagingRefusal) as refusal:
        call(*args)
    assert refusal.value.code == code


@st.composite
def random_masks(draw) -> Mask:
    size = draw(st.tuples(*(st.integers(1, 6) for _ in range(3))))
    start = draw(st.tuples(st.integers(0, 6), st.integers(0, 26), st.integers(0, 26)))
    voxels = draw(arrays(bool, size))
    voxels[draw(st.integers(0, size[0] - 1)), 0, 0] = True
    stop = tuple(a + n for a, n in zip(start, size, strict=True))
    return Mask(Bounds(start, stop), voxels, draw(st.booleans()))


@given(random_masks())
@budget(max_examples=60)
def test_what_comes_out_is_what_went_in(mask):
    found = masks.unpack(masks.pack(mask, volume()))
    wanted = mask.trimmed()
    assert (found.mask.bounds, found.mask.is_clipped) == (wanted.bounds, wanted.is_clipped)
    assert np.array_equal(found.mask.voxels, wanted.voxels)
    assert (found.shape, found.frame_of_reference_uid) == ((12, 32, 32), "1.2.3")
    assert np.array_equal(found.affine, AFFINE)


@given(random_masks())
@budget(max_examples=30)
def test_equal_outlines_are_equal_bytes_however_large_their_box(mask):
    whole = np.zeros((12, 32, 32), bool)
    z, y, x = (slice(a, b) for a, b in zip(mask.bounds.start, mask.bounds.stop, strict=True))
    whole[z, y, x] = mask.voxels
    wide = Mask(Bounds((0, 0, 0), (12, 32, 32)), whole, mask.is_clipped)
    assert masks.pack(mask, volume()) == masks.pack(wide, volume())
    assert masks.pack(masks.unpack(masks.pack(mask, volume())).mask, volume()) == masks.pack(mask, volume())


def test_another_grid_or_frame_is_another_outline():
    here = masks.pack(solid(), volume())
    moved = AFFINE.copy()
    moved[0, 3] += 1
    assert len({here, masks.pack(solid(), volume(affine=moved)), masks.pack(solid(), volume(frame="1.2.4"))}) == 3


@given(st.data())
@budget(max_examples=60)
def test_damaged_bytes_are_never_taken_for_an_outline_of_other_size(data):
    whole = masks.pack(solid(), volume())
    cut = data.draw(st.integers(0, len(whole) - 1))
    refused("outline_unreadable", masks.unpack, whole[:cut])


@pytest.mark.parametrize(
    "bad", [b"", b"PRRM", b"not an outline at all", b"PRRM\xff\xff\xff\x7f{}", b"PRRM\x02\0\0\0[]x"]
)
def test_other_bytes_are_refused(bad):
    refused("outline_unreadable", masks.unpack, bad)


def rewritten(**changes) -> bytes:
    """The outline with another header, as a damaged or foreign writer would leave it."""
    import json
    import struct

    whole = masks.pack(solid(), volume())
    size = struct.unpack_from("<4sI", whole)[1]
    about = json.dumps(json.loads(whole[8 : 8 + size]) | changes).encode()
    return struct.pack("<4sI", b"PRRM", len(about)) + about + whole[8 + size :]


@pytest.mark.parametrize(
    "changes",
    [
        {"stop": [5, 8, 29]},
        {"stop": [5, 8, 8]},
        {"stop": [10**6, 10**6, 10**6]},
        {"start": [-2, 3, 4]},
        {"start": [9, 3, 4]},
        {"shape": [4, 32, 32]},
        {"affine": [[1, 0], [0, 1]]},
        {"affine": [[4, 0, 0, "x"], [0, 4, 0, 0], [0, 0, 4, 0], [0, 0, 0, 1]]},
        {"frame_of_reference_uid": 7},
        {"format": "prrt-outline/2"},
    ],
    ids=lambda changes: next(iter(changes)),
)  # fmt: skip
def test_a_header_that_does_not_fit_its_voxels_is_refused(changes):
    refused("outline_unreadable", masks.unpack, rewritten(**changes))


@pytest.mark.django_db
def test_a_stored_outline_that_rotted_is_refused(tmp_path, settings):
    """One digit of its place changed on disk: still well-formed, but not what was stored."""
    settings.FILE_STORE_DIR = tmp_path
    sha256 = masks.keep(solid(), volume())
    assert masks.load(sha256).mask.bounds == solid().bounds
    path = store.path(sha256)
    path.chmod(0o600)
    path.write_bytes(path.read_bytes().replace(b"-64.0", b"-44.0", 1))
    refused("outline_unreadable", masks.load, sha256)
    refused("outline_unreadable", masks.load, "0" * 64)
    refused("outline_unreadable", masks.load, "../../etc/passwd")


def test_on_its_own_grid_an_outline_is_as_it_was():
    stored = masks.unpack(masks.pack(solid(), volume()))
    placed = masks.place(stored, volume())
    assert (placed.method, placed.warnings) == (grids.EXACT, ())
    assert np.array_equal(placed.mask.voxels, solid().voxels)
    without = masks.unpack(masks.pack(solid(), volume(frame="")))
    assert masks.place(without, volume(frame="")).method == grids.EXACT, "one series, no frame of reference in it"


def test_on_another_grid_it_is_resampled_and_says_so():
    finer = AFFINE @ np.diag([0.5, 0.5, 1, 1])
    placed = masks.place(masks.unpack(masks.pack(solid(), volume())), volume((12, 64, 64), finer))
    assert placed.method == grids.NEAREST
    assert [note.code for note in placed.warnings] == ["outline_resampled"]
    assert placed.mask.voxels.sum() == pytest.approx(4 * solid().voxels.sum(), rel=0.35)


def test_slices_added_below_move_the_index_and_not_the_place():
    lower = AFFINE.copy()
    lower[2, 3] -= 8
    placed = masks.place(masks.unpack(masks.pack(solid(), volume())), volume((14, 32, 32), lower))
    assert placed.method == grids.EXACT and placed.mask.bounds.start == (4, 3, 4)
    assert np.array_equal(placed.mask.voxels, solid().voxels)


@pytest.mark.parametrize("shape", [(12, 32, 32), (10, 32, 32)])
def test_another_frame_of_reference_is_another_patient_position(shape):
    """Scanners give every patient the same grid: the numbers of the grid prove nothing."""
    stored = masks.unpack(masks.pack(solid(), volume()))
    refused("frame_of_reference_differs", masks.place, stored, volume(shape, frame="1.2.4"))
    refused("frame_of_reference_unknown", masks.place, stored, volume(shape, frame=""))


def test_nothing_of_it_in_the_images_is_refused():
    far = AFFINE.copy()
    far[2, 3] += 1000
    stored = dataclasses.replace(masks.unpack(masks.pack(solid(), volume())), affine=far)
    refused("voi_outside_volume", masks.place, stored, volume())
