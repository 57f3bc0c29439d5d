"""Segmentations as workstations pack them: frame by frame without loss, or the whole file deflated."""

import zlib
from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.dataset import FileDataset
from pydicom.encaps import encapsulate
from pydicom.pixels import get_encoder
from pydicom.uid import RLELossless

from imaging import sandbox
from imaging.instances import FileRefusal
from imaging.objects import Segmentation
from imaging.outlines import plane_stack
from imaging.reasons import explain
from tests.imaging.dicom_files import to_bytes, write
from tests.imaging.object_files import blob, segmentation
from tests.imaging.recompress import recompress

RLE, JPEG2000_LOSSLESS, JPEG2000 = "1.2.840.10008.1.2.5", "1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.91"
DEFLATED = "1.2.840.10008.1.2.1.99"
SHAPE = (8, 40, 36)  # the encoder wants 32 pixels or more
KINDS = {"FRACTIONAL": 8, "LABELMAP": 8, "LABELMAP16": 16, "BINARY": 1}


def drawn(kind: str) -> np.ndarray:
    """Values that differ from voxel to voxel, so that a frame in another order or byte order is seen."""
    highest = {"FRACTIONAL": 200, "LABELMAP": 3, "LABELMAP16": 300, "BINARY": 1}[kind]
    return blob(shape=SHAPE) * np.random.default_rng(7).integers(1, highest + 1, SHAPE)


def plain(folder: Path, kind: str) -> Path:
    name = kind.removesuffix("16")
    return write(folder / "plain.dcm", segmentation([drawn(kind)], name, bits=max(KINDS[kind], 8)))


def packed(folder: Path, kind: str, syntax: str) -> Path:
    file = dcmread(plain(folder, kind))
    kept = [frame for frame in drawn(kind) if frame.any()]
    content = encapsulate([_encoded(frame, KINDS[kind], syntax) for frame in kept])
    return _save(file, content, syntax, folder / "packed.dcm")


def _save(file: FileDataset, content: bytes, syntax: str, path: Path) -> Path:
    file.PixelData = content
    file["PixelData"].VR, file["PixelData"].is_undefined_length = "OB", True
    file.file_meta.TransferSyntaxUID = syntax
    file.save_as(path)
    return path


def _encoded(frame: np.ndarray, bits: int, syntax: str) -> bytes:
    dtype = {1: bool, 8: np.uint8, 16: np.uint16}[bits]
    if syntax == RLE:
        size = {"rows": frame.shape[0], "columns": frame.shape[1], "bits_allocated": bits, "bits_stored": bits}
        colour = {"samples_per_pixel": 1, "photometric_interpretation": "MONOCHROME2", "pixel_representation": 0}
        encoder = get_encoder(RLELossless)
        return encoder.encode(frame.astype(dtype), encoding_plugin="pydicom", number_of_frames=1, **size, **colour)
    from openjpeg.utils import encode_array

    return encode_array(frame.astype(dtype), bits_stored=bits, photometric_interpretation=2, use_mct=False)


def content(path: Path) -> Segmentation:
    found = sandbox.read_object(path)
    assert isinstance(found, Segmentation), found
    return found


def same_as_plain(found: Segmentation, folder: Path, kind: str) -> bool:
    expected = content(plain(folder, kind))
    assert found.segments == expected.segments and len(found.frames) == len(expected.frames) > 1
    pairs = zip(found.frames, expected.frames, strict=True)
    return all(a.box == b.box and np.array_equal(a.values, b.values) for a, b in pairs)


@pytest.mark.parametrize(
    ("kind", "syntax"),
    [*((kind, RLE) for kind in KINDS if kind != "BINARY"), *((kind, JPEG2000_LOSSLESS) for kind in KINDS)],
)
def test_frames_packed_without_loss_are_those_of_the_plain_file(tmp_path, kind, syntax):
    found = content(packed(tmp_path, kind, syntax))
    assert found.header.transfer_syntax == syntax
    assert same_as_plain(found, tmp_path, kind)


@pytest.mark.parametrize("name", ["JPEGLSLossless", "JPEGLosslessProcess14_1", "JPEG2000Lossless", "RLELossless"])
def test_frames_packed_by_another_maker(tmp_path, name):
    assert same_as_plain(
        content(recompress(plain(tmp_path, "FRACTIONAL"), tmp_path / "y.dcm", name)), tmp_path, "FRACTIONAL"
    )


@pytest.mark.parametrize("kind", KINDS)
def test_a_deflated_segmentation(tmp_path, kind):
    ds = segmentation([drawn(kind)], kind.removesuffix("16"), bits=max(KINDS[kind], 8))
    raw = to_bytes(ds, has_meta=False)
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    path = tmp_path / "seg.dcm"
    path.write_bytes(to_bytes(ds, DEFLATED)[: -len(raw)] + packer.compress(raw) + packer.flush())
    assert same_as_plain(content(path), tmp_path, kind)


def test_a_fractional_one_is_cut_at_half_of_its_full_value_however_it_is_packed(tmp_path):
    found = content(packed(tmp_path, "FRACTIONAL", JPEG2000_LOSSLESS))
    assert plane_stack(found, 1).voxel_count == np.count_nonzero(drawn("FRACTIONAL") >= 100)


@pytest.mark.parametrize("syntax", [RLE, JPEG2000_LOSSLESS])
def test_a_packed_file_that_was_cut_off_is_refused(tmp_path, syntax):
    path = packed(tmp_path, "LABELMAP", syntax)
    path.write_bytes(path.read_bytes()[:-700])
    assert isinstance(sandbox.read_object(path), FileRefusal)


@pytest.mark.parametrize(("rows", "columns"), [(4000, 4000), (20, 36)])
def test_a_frame_of_another_size_than_announced_is_refused(tmp_path, rows, columns):
    file = dcmread(packed(tmp_path, "LABELMAP", JPEG2000_LOSSLESS))
    file.Rows, file.Columns = rows, columns
    file.save_as(tmp_path / "other.dcm")
    assert sandbox.read_object(tmp_path / "other.dcm") == FileRefusal("pixels_disagree_with_header")


@pytest.mark.parametrize(
    ("syntax", "lossy"),
    [("1.2.840.10008.1.2.4.50", None), ("1.2.840.10008.1.2.4.81", None), (JPEG2000, "01"), (JPEG2000_LOSSLESS, "01")],
)
def test_voxels_packed_with_loss_are_not_those_that_were_drawn(tmp_path, syntax, lossy):
    file = dcmread(packed(tmp_path, "LABELMAP", JPEG2000_LOSSLESS))
    file.file_meta.TransferSyntaxUID = syntax
    if lossy:
        file.LossyImageCompression = lossy
    file.save_as(tmp_path / "lossy.dcm")
    assert sandbox.read_object(tmp_path / "lossy.dcm") == FileRefusal("outlines_lossy")
    assert "with loss" in explain("outlines_lossy")


def test_one_bit_has_no_run_lengths(tmp_path):
    file = dcmread(packed(tmp_path, "BINARY", JPEG2000_LOSSLESS))
    file.file_meta.TransferSyntaxUID = RLE
    file.save_as(tmp_path / "rle.dcm")
    assert sandbox.read_object(tmp_path / "rle.dcm") == FileRefusal("transfer_syntax_unsupported", RLE)


@pytest.mark.parametrize("changes", [{"DimensionOrganizationType": "TILED_FULL"}, {"TotalPixelMatrixColumns": 512}])
def test_a_segmentation_of_a_slide_says_what_it_is(tmp_path, changes):
    """TILED_FULL has no groups per frame, which alone would be called a miscount of frames."""
    ds = segmentation([drawn("LABELMAP")], "LABELMAP", PerFrameFunctionalGroupsSequence=None, **changes)
    assert sandbox.read_object(write(tmp_path / "slide.dcm", ds)) == FileRefusal("tiled_segmentation")
    assert "microscope" in explain("tiled_segmentation")
