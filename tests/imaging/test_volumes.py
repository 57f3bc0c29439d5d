"""Re-opening a series from its manifest: equal to pydicom's pixels in every syntax, refused when a file is not whole."""

import json
import zlib

import numpy as np
import pydicom
import pytest

from imaging import sandbox, store, volumes
from imaging.assemble import assemble
from imaging.domain.errors import VolumeUnavailable
from imaging.folder import read_folder
from imaging.models import Series, SuvResult
from imaging.reasons import SeriesRefused
from tests.imaging.dicom_files import pet_slice, pixels, to_bytes, write, write_series
from tests.imaging.recompress import recompress

SYNTAXES = ["RLELossless", "JPEGLosslessProcess14_1", "JPEGLSLossless", "JPEG2000Lossless"]


def series_of(folder):
    (series,) = read_folder(folder).series
    return series


def manifest_of(folder) -> dict:
    return json.loads(json.dumps(series_of(folder).manifest()))


def expected(count):
    return np.stack([pixels(k) for k in range(count)])


def test_integers_and_slopes_in_volume_order(tmp_path):
    for k in range(6):
        write(tmp_path / f"{9 - k}.dcm", pet_slice(k, RescaleSlope=str(1 + k), RescaleIntercept=str(-k)))
    values = volumes.load_from_manifest(manifest_of(tmp_path))
    assert values.stored.dtype == np.int16 and np.array_equal(values.stored, expected(6))
    assert values.slopes.tolist() == [1, 2, 3, 4, 5, 6] and values.intercepts.tolist() == [0, -1, -2, -3, -4, -5]
    volume = values.volume(0.5, "g/ml{SUVbw}")
    assert volume.slice_suv(3)[2, 1] == pytest.approx((pixels(3)[2, 1] * 4 - 3) * 0.5)
    assert volume.affine[:3, 3].tolist() == [-40, -48, 0] and volume.frame_of_reference_uid == "2.25.7777.9"


def test_equal_to_pydicom_on_the_public_series(shared_data):
    folder = shared_data / "sts-petct" / "dicom" / "STS_001" / "PET" / "image"
    values = volumes.load_from_manifest(manifest_of(folder))
    slices = sorted(map(pydicom.dcmread, folder.glob("*.dcm")), key=lambda ds: ds.ImagePositionPatient[2])
    assert np.array_equal(values.stored, np.stack([ds.pixel_array for ds in slices]))
    assert values.slopes.tolist() == [float(ds.RescaleSlope) for ds in slices]


@pytest.mark.parametrize("name", SYNTAXES)
def test_compressed_slices_come_through_the_child(tmp_path, name):
    mixed = tmp_path / "mixed"
    for k in range(4):
        file = compressed_slice(tmp_path, name, k)
        mixed.mkdir(exist_ok=True)
        (mixed / f"{k}.dcm").write_bytes(file.read_bytes())
    write(mixed / "plain.dcm", pet_slice(4))
    assert np.array_equal(volumes.load_from_manifest(manifest_of(mixed)).stored, expected(5))


def compressed_slice(folder, name, k):
    return recompress(write(folder / f"plain{k}.dcm", pet_slice(k)), folder / f"packed{k}.dcm", name)


def test_big_endian_and_deflated_slices(tmp_path):
    big = pet_slice(0, PixelData=pixels(0).astype(">i2").tobytes())
    write(tmp_path / "a.dcm", big, "1.2.840.10008.1.2.2")
    raw = to_bytes(pet_slice(1), has_meta=False)
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    head = to_bytes(pet_slice(1), "1.2.840.10008.1.2.1.99")[: -len(raw)]
    (tmp_path / "b.dcm").write_bytes(head + packer.compress(raw) + packer.flush())
    write(tmp_path / "c.dcm", pet_slice(2), "1.2.840.10008.1.2")
    assert np.array_equal(volumes.load_from_manifest(manifest_of(tmp_path)).stored, expected(3))


@pytest.mark.parametrize("is_signed", [True, False])
def test_overlays_in_unused_bits_do_not_reach_the_values(tmp_path, is_signed):
    true = [(pixels(k) % 2000 - (1000 if is_signed else 0)).astype("<i2") for k in range(3)]
    for k, values in enumerate(true):
        dirty = ((values & 0x0FFF) | 0xF000 * (np.indices(values.shape).sum(0) % 2)).astype("<u2")
        layout = {"BitsStored": 12, "HighBit": 11, "PixelRepresentation": int(is_signed)}
        write(tmp_path / f"{k}.dcm", pet_slice(k, PixelData=dirty.tobytes(), **layout))
    assert np.array_equal(volumes.load_from_manifest(manifest_of(tmp_path)).stored, np.stack(true))


@pytest.mark.parametrize("layout", [(8, "u1"), (32, "<u4")])
def test_other_depths(tmp_path, layout):
    bits, dtype = layout
    for k in range(3):
        data = (pixels(k) % 250).astype(dtype).tobytes()
        changes = {"BitsAllocated": bits, "BitsStored": bits, "HighBit": bits - 1, "PixelRepresentation": 0}
        write(tmp_path / f"{k}.dcm", pet_slice(k, PixelData=data, **changes))
    assert np.array_equal(volumes.load_from_manifest(manifest_of(tmp_path)).stored, expected(3) % 250)


def test_a_buffer_is_used_again(tmp_path):
    write_series(tmp_path, 4)
    manifest, buffer = manifest_of(tmp_path), volumes.ReusableBuffer()
    first = volumes.load_from_manifest(manifest, buffer).stored
    second = volumes.load_from_manifest(manifest, buffer).stored
    assert np.shares_memory(first, second) and np.array_equal(second, expected(4))
    assert not np.shares_memory(first, volumes.load_from_manifest(manifest).stored)


@pytest.mark.parametrize("harm", ["cut", "gone"])
def test_a_file_that_is_no_longer_whole_gives_no_volume(tmp_path, harm):
    files = write_series(tmp_path, 4)
    manifest = manifest_of(tmp_path)
    if harm == "cut":
        files[2].write_bytes(files[2].read_bytes()[:-100])
    else:
        files[2].unlink()
    with pytest.raises(SeriesRefused) as refusal:
        volumes.load_from_manifest(manifest)
    assert refusal.value.code == "pixels_unreadable" and isinstance(refusal.value, VolumeUnavailable)


def test_a_broken_codestream_gives_no_volume(tmp_path, monkeypatch):
    monkeypatch.setattr(volumes.sandbox, "WALL_SECONDS", 1.0)  # its decoder never ends and is stopped from outside
    for k in range(3):
        file = compressed_slice(tmp_path / "..", "JPEGLSLossless", k)
        (tmp_path / f"{k}.dcm").write_bytes(file.read_bytes())
    whole = (tmp_path / "1.dcm").read_bytes()
    (tmp_path / "1.dcm").write_bytes(whole[:-120])
    with pytest.raises(SeriesRefused) as refusal:
        volumes.load_from_manifest(manifest_of(tmp_path))
    assert refusal.value.code == "pixels_unreadable"


def test_no_geometry_no_volume_but_the_slices_can_be_read(tmp_path):
    write_series(tmp_path, 5)
    (tmp_path / "003.dcm").unlink()
    manifest = manifest_of(tmp_path)
    with pytest.raises(SeriesRefused) as refusal:
        volumes.load_from_manifest(manifest)
    assert refusal.value.code == "missing_slices" and "between" in refusal.value.message
    assert volumes.read_slices(manifest).shape == (4, 24, 20)


# --- the store -------------------------------------------------------------------------------------
@pytest.fixture
def stored(settings, tmp_path):
    """A series whose files, manifest and packed volume lie in a store."""
    settings.FILE_STORE_DIR = tmp_path / "store"

    def make(blobs) -> Series:
        keys = [store.put_bytes(blob).sha256 for blob in blobs]
        found = list(sandbox.parse_files(store.path(key) for key in keys))
        (series,) = assemble(zip(keys, found, strict=True))
        packed = volumes.pack(volumes.load_from_manifest(series.manifest()))
        manifest = json.dumps(series.manifest()).encode()
        return Series(manifest_sha256=store.put_bytes(manifest).sha256, volume_sha256=store.put_bytes(packed).sha256)

    return make


def test_a_stored_series_in_suv(stored):
    series = stored([to_bytes(pet_slice(k)) for k in (2, 0, 1)])
    result = SuvResult(factors={"bw": 0.001, "lbm_james": [0.001, 0.002, 0.003], "ibw": None})
    volume = volumes.load_volume(series, result)
    assert volume.unit == "g/ml{SUVbw}" and volume.shape == (3, 24, 20)
    assert volume.slice_suv(1)[5, 6] == pytest.approx(pixels(1)[5, 6] * 2.5 * 0.001)
    per_slice = volumes.load_volume(series, result, kind="lbm_james")
    assert per_slice.slice_suv(2)[5, 6] == pytest.approx(pixels(2)[5, 6] * 2.5 * 0.003)
    with pytest.raises(VolumeUnavailable):
        volumes.load_volume(series, result, kind="ibw")


def test_compressed_series_are_decoded_once(stored, tmp_path, monkeypatch):
    files = [compressed_slice(tmp_path, "JPEG2000Lossless", k) for k in range(3)]
    series = stored([file.read_bytes() for file in files])

    def never(*_):
        raise AssertionError("the packed volume should have been read")

    monkeypatch.setattr(volumes.sandbox, "decode_frames", never)
    assert np.array_equal(volumes.load_stored(series).stored, expected(3))


def test_a_packed_volume_that_is_empty_or_damaged_is_refused(stored, tmp_path):
    files = [compressed_slice(tmp_path, "JPEG2000Lossless", k) for k in range(3)]
    series = stored([file.read_bytes() for file in files])
    for content in (b"", b"x" * 100):
        damaged = Series(manifest_sha256=series.manifest_sha256, volume_sha256=store.put_bytes(content).sha256)
        with pytest.raises(SeriesRefused, match="pixels_unreadable"):
            volumes.load_stored(damaged)


def test_packing_is_lossless(tmp_path):
    rng = np.random.default_rng(5)
    values = volumes.StoredValues(
        rng.integers(-32768, 32767, (7, 30, 31)).astype("<i2"),
        rng.random(7),
        rng.random(7),
        rng.random((4, 4)),
        "1.2.3",
    )
    back = volumes.unpack(volumes.pack(values))
    for name in ("stored", "slopes", "intercepts", "affine"):
        assert (
            np.array_equal(getattr(back, name), getattr(values, name))
            and getattr(back, name).dtype == getattr(values, name).dtype
        )
    assert back.frame_of_reference_uid == "1.2.3"
    with pytest.raises(SeriesRefused):
        volumes.unpack(b"x" * 100)


def test_a_series_without_manifest_is_refused():
    with pytest.raises(SeriesRefused):
        volumes.load_stored(Series())


@pytest.mark.parametrize("is_packed", [False, True])
def test_near_a_place_only_its_slices_are_read_on_the_grid_of_the_whole(stored, tmp_path, is_packed):
    files = [write(tmp_path / f"{k}.dcm", pet_slice(k)) for k in range(7)]
    if is_packed:
        files = [recompress(file, tmp_path / f"{file.stem}-packed.dcm", "JPEG2000Lossless") for file in files]
    series = stored([file.read_bytes() for file in files])
    whole = volumes.load_stored(series)
    for first, last in ((0, 0), (2, 4), (6, 6)):
        middle, reach = (first + last) / 2, (last - first) / 2
        near = [((0, 0, whole.affine[2, 3] + middle * whole.affine[2, 2]), reach * abs(whole.affine[2, 2]))]
        part = volumes.load_stored(series, None, near)
        read = slice(first, last + 1)
        assert np.array_equal(part.stored[read], whole.stored[read])
        assert not part.stored[:first].any() and not part.stored[last + 1 :].any()
        assert np.array_equal(part.affine, whole.affine) and np.array_equal(part.slopes, whole.slopes)
    ends = [((0, 0, whole.affine[2, 3] + k * whole.affine[2, 2]), 0.0) for k in (5, 1)]
    part = volumes.load_stored(series, None, ends)
    assert [bool(plane.any()) for plane in part.stored] == [k in {1, 5} for k in range(7)]
    assert np.array_equal(part.stored[[1, 5]], whole.stored[[1, 5]])
    assert not volumes.load_stored(series, None, [((0, 0, 9e4), 5.0)]).stored.any()
