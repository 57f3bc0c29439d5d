"""The sandbox: whatever a file does to its reader, this process stays whole and every other file is read."""

import dataclasses
import os
import struct
import subprocess
import sys
import time
import zlib

import psutil
import pytest

from imaging import sandbox
from imaging.instances import FileRefusal, ParsedInstance, ParsedObject
from imaging.reasons import FILE_CODES
from tests.imaging.dicom_files import pet_slice, pixels, to_bytes, write, write_series
from tests.imaging.recompress import recompress

BOOT = "import sys; sys.path[:0] = {path!r}; from tests.imaging.broken_reader import main; main({descriptor})"


@pytest.fixture
def broken_reader(monkeypatch):
    """A child whose reader misbehaves on files that ask for it."""
    monkeypatch.setattr(sandbox, "_BOOT", BOOT)
    monkeypatch.setattr(sandbox, "_current", None)
    monkeypatch.setattr(sandbox, "WALL_SECONDS", 1.0)
    yield
    if sandbox._current is not None:
        sandbox._current._control.close()
        sandbox._current._process.wait(10)


def outcomes(paths):
    return [found.code if isinstance(found, FileRefusal) else "read" for found in sandbox.parse_files(paths)]


def image(found: ParsedInstance) -> dict:
    return dataclasses.asdict(found)


def test_one_outcome_per_file_in_order(tmp_path):
    files = write_series(tmp_path, 70)
    (tmp_path / "note.txt").write_text("not an image")
    order = [*files[:40], tmp_path / "note.txt", *files[40:]]
    found = list(sandbox.parse_files(order))
    assert [f.sop_uid for f in found if isinstance(f, ParsedInstance)] == [f"2.25.7777.3.{k + 1}" for k in range(70)]
    assert found[40] == FileRefusal("not_dicom")


def test_only_regular_files_are_opened(tmp_path):
    write(tmp_path / "real.dcm", pet_slice())
    (tmp_path / "link.dcm").symlink_to(tmp_path / "real.dcm")
    os.mkfifo(tmp_path / "pipe.dcm")
    names = ["link.dcm", "pipe.dcm", "absent.dcm", "real.dcm"]
    refused = ["not_a_regular_file", "not_a_regular_file", "file_unreadable"]
    assert outcomes(tmp_path / name for name in names) == [*refused, "read"]
    assert outcomes([tmp_path]) == ["not_a_regular_file"]


@pytest.mark.parametrize(
    ("word", "code"),
    [
        ("DIE", "parser_crash"),
        ("HANG", "parser_timeout"),
        ("NONSENSE", "parser_crash"),
        ("ENDLESS", "parser_crash"),
        ("OTHER FIELDS", "parser_crash"),
        ("MEMORY", "memory_limit"),
        ("WRITE", "dicom_damaged"),
        ("FORK", "dicom_damaged"),
    ],
)
def test_a_dead_child_costs_one_file(tmp_path, broken_reader, word, code):
    files = write_series(tmp_path, 40)
    files[17].write_bytes(word.encode() + b"\0" * 200)
    found = outcomes(files)
    if word == "FORK" and os.geteuid() == 0:
        pytest.skip("the limit on processes does not bind root")
    assert found[17] == code
    assert found[:17] + found[18:] == ["read"] * 39


def test_the_child_has_a_clean_environment_and_no_files_of_ours(tmp_path, broken_reader, monkeypatch):
    monkeypatch.setenv("SECRET_KEY", "canary-of-the-environment")
    probe = tmp_path / "probe.dcm"
    probe.write_bytes(b"LOOK" + b"\0" * 200)
    (found,) = sandbox.parse_files([probe])
    environment, descriptors, folder, core, modules = found.detail.split("|")
    assert "SECRET" not in environment and "DJANGO" not in environment
    assert int(descriptors) <= 6
    assert folder in {"", "(deleted)"} and core == "(0, 0)"
    assert modules == "", "the child must not load the web framework"


def test_no_process_is_left_when_the_batch_ends(tmp_path):
    mine = psutil.Process()
    others = set(mine.children(recursive=True))

    def left() -> set:
        return set(mine.children(recursive=True)) - others

    assert outcomes(write_series(tmp_path, 3)) == ["read"] * 3
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline and len(left()) > 1:
        time.sleep(0.05)
    assert len(left()) <= 1  # the starter, which has read no file


def test_a_starter_that_was_killed_is_replaced(tmp_path):
    files = write_series(tmp_path, 2)
    assert outcomes(files) == ["read"] * 2
    sandbox._current._process.kill()
    sandbox._current._process.wait()
    assert outcomes(files) == ["read"] * 2


KILLED = """
import os, signal, sys
from imaging import sandbox
assert len(list(sandbox.parse_files(sys.argv[1:]))) == 1
print(sandbox._current._process.pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_the_starter_ends_when_its_parent_is_killed(tmp_path):
    file = write(tmp_path / "a.dcm", pet_slice())
    done = subprocess.run([sys.executable, "-c", KILLED, str(file)], capture_output=True, text=True, check=False)
    starter, deadline = int(done.stdout), time.monotonic() + 5
    while time.monotonic() < deadline and _is_running(starter):
        time.sleep(0.05)
    assert not _is_running(starter)


def _is_running(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


# --- bombs -----------------------------------------------------------------------------------------
def gigabyte_of_zeros() -> bytes:
    raw = to_bytes(pet_slice(), has_meta=False)
    packer = zlib.compressobj(1, zlib.DEFLATED, -15)
    body = packer.compress(raw) + b"".join(packer.compress(b"\0" * (1 << 20)) for _ in range(1024)) + packer.flush()
    return to_bytes(pet_slice(), "1.2.840.10008.1.2.1.99")[: -len(raw)] + body


def deep_sequences() -> bytes:
    data = to_bytes(pet_slice(), "1.2.840.10008.1.2")
    cut = data.index(struct.pack("<HH", 0x0010, 0x0010))
    return data[:cut] + struct.pack("<HHIHHI", 0x0008, 0x1140, 0xFFFFFFFF, 0xFFFE, 0xE000, 0xFFFFFFFF) * 200


def wide_sequence() -> bytes:
    data = to_bytes(pet_slice(), "1.2.840.10008.1.2")
    cut = data.index(struct.pack("<HH", 0x0010, 0x0010))
    item = struct.pack("<HHIHHI", 0xFFFE, 0xE000, 12, 0x0009, 0x1000, 4) + b"abcd"
    return data[:cut] + struct.pack("<HHI", 0x0008, 0x1140, 0xFFFFFFFF) + item * 600_000


def huge_rle() -> bytes:
    return to_bytes(pet_slice(Rows=20000, Columns=20000), "1.2.840.10008.1.2.5")


def four_gigabytes_declared() -> bytes:
    data = to_bytes(pet_slice())
    place = data.rindex(b"\xe0\x7f\x10\x00OW") + 8
    return (data[:place] + struct.pack("<I", 0xFFFFFFFE) + data[place + 4 :])[:2048]


@pytest.mark.parametrize(
    ("make", "codes"),
    [
        (gigabyte_of_zeros, {"inflates_too_large"}),
        (deep_sequences, {"nesting_too_deep"}),
        (wide_sequence, {"too_many_elements"}),
        (huge_rle, {"image_size"}),
        (four_gigabytes_declared, {"file_truncated"}),
    ],
)
def test_bombs_are_refused_in_bounded_time_and_memory(tmp_path, make, codes):
    bomb, good = tmp_path / "bomb.dcm", write(tmp_path / "good.dcm", pet_slice())
    bomb.write_bytes(make())
    assert outcomes([good]) == ["read"]
    before, start = psutil.Process().memory_info().rss, time.monotonic()
    first, second = outcomes([bomb, good])
    assert first in codes and second == "read"
    # The promise: the wall limit once for the group and once for each of its two files, on however busy a machine.
    assert time.monotonic() - start < 3 * sandbox.WALL_SECONDS
    assert psutil.Process().memory_info().rss - before < 64 << 20


# --- compressed images -----------------------------------------------------------------------------
@pytest.mark.parametrize("is_signed", [True, False])
@pytest.mark.parametrize(
    "name", ["RLELossless", "JPEGLosslessProcess14", "JPEGLosslessProcess14_1", "JPEGLSLossless", "JPEG2000Lossless"]
)
def test_lossless_syntaxes_give_back_the_integers(tmp_path, name, is_signed):
    file, expected = compressed(tmp_path, name, is_signed)
    (found,) = sandbox.parse_files([file])
    assert found.is_compressed
    assert list(sandbox.decode_frames([(file, image(found))])) == [expected]


WRONG_LAYOUTS = [
    {"rows": 48},
    {"rows": 12},
    {"columns": 10},
    {"rows": 20, "columns": 24},
    {"bits_allocated": 8, "bits_stored": 8},
    {"bits_allocated": 32, "bits_stored": 32},
]


@pytest.mark.parametrize("layout", WRONG_LAYOUTS)
@pytest.mark.parametrize(
    "name", ["JPEGLosslessProcess14", "JPEGLosslessProcess14_1", "JPEGLSLossless", "JPEG2000Lossless"]
)
def test_a_codestream_of_another_size_or_depth_is_refused(tmp_path, name, layout):
    file, _ = compressed(tmp_path, name, True)
    (found,) = sandbox.parse_files([file])
    (refusal,) = sandbox.decode_frames([(file, {**image(found), **layout})])
    assert refusal == FileRefusal("pixels_disagree_with_header")


@pytest.mark.parametrize("layout", [*WRONG_LAYOUTS[:3], *WRONG_LAYOUTS[4:]])
def test_run_length_data_of_another_length_are_refused(tmp_path, layout):
    file, _ = compressed(tmp_path, "RLELossless", True)
    (found,) = sandbox.parse_files([file])
    (refusal,) = sandbox.decode_frames([(file, {**image(found), **layout})])
    assert isinstance(refusal, FileRefusal) and refusal.code == "dicom_damaged"


def test_a_truncated_codestream_is_refused_not_padded(tmp_path):
    """Of run-length data it shows at import, since all of them are counted."""
    for name in ("RLELossless", "JPEGLosslessProcess14_1", "JPEGLSLossless", "JPEG2000Lossless"):
        file, _ = compressed(tmp_path, name, True)
        (whole,) = sandbox.parse_files([file])
        file.write_bytes(file.read_bytes()[: whole.pixel_offset + (whole.size - whole.pixel_offset) // 2])
        (found,) = sandbox.parse_files([file])
        assert isinstance(found, FileRefusal) == (name == "RLELossless"), name
        (answer,) = sandbox.decode_frames([(file, image(whole))])
        assert isinstance(answer, FileRefusal), name


def test_big_endian_and_deflated_slices(tmp_path):
    file = tmp_path / "deflated.dcm"
    raw = to_bytes(pet_slice(), has_meta=False)
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    head = to_bytes(pet_slice(), "1.2.840.10008.1.2.1.99")[: -len(raw)]
    file.write_bytes(head + packer.compress(raw) + packer.flush())
    (found,) = sandbox.parse_files([file])
    assert list(sandbox.decode_frames([(file, image(found))])) == [pixels(0).tobytes()]


def compressed(folder, name, is_signed):
    values = pixels(0, dtype="<i2" if is_signed else "<u2")
    values = (values - 15000).astype(values.dtype) if is_signed else values
    plain = write(folder / "plain.dcm", pet_slice(PixelRepresentation=int(is_signed), PixelData=values.tobytes()))
    return recompress(plain, folder / f"{name}.dcm", name), values.tobytes()


# --- public corpora --------------------------------------------------------------------------------
def test_the_public_malformed_files_each_have_an_outcome(shared_data):
    files = sorted((shared_data / "malformed").rglob("*.dcm"))
    start = time.monotonic()
    found = dict(zip(files, sandbox.parse_files(files), strict=True))
    assert len(found) >= 70 and time.monotonic() - start < 30
    for file, outcome in found.items():
        assert isinstance(outcome, ParsedInstance) or outcome.code in FILE_CODES, file.name
        assert not (isinstance(outcome, FileRefusal) and outcome.code in {"parser_crash", "parser_timeout"}), file.name


def test_the_public_series_are_read(shared_data):
    files = sorted((shared_data / "ibsi-suv-dro" / "DRO_0_0").rglob("*"))
    found = list(sandbox.parse_files(file for file in files if file.is_file()))
    assert [type(one) for one in found].count(ParsedInstance) == 20
    assert [one.kind for one in found if isinstance(one, ParsedObject)] == ["rtstruct"]
    assert len(found) == 22 and FileRefusal("not_dicom") in found


def test_a_child_that_dies_over_a_comparison_costs_one_file(tmp_path, broken_reader):
    deadly, good = tmp_path / "deadly", write(tmp_path / "good.dcm", pet_slice())
    deadly.write_bytes(b"DIE" + bytes(200))
    found = list(sandbox.read_digests([good, deadly, good]))
    assert found[1] == FileRefusal("parser_crash") and found[0] == found[2]
    assert found[0]["00101030"][0] == "PatientWeight"
