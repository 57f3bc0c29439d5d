"""Counting what run-length data unpack to, against pydicom's encoder, the standard's steps, and what means harm."""

import random
import struct
import time

import numpy as np
import pytest
from pydicom.pixels import get_encoder
from pydicom.uid import RLELossless

from imaging.header import Unusable
from imaging.run_lengths import NO_OPERATION, check_run_lengths, unpacked_length

IMAGE = {"rows": 24, "columns": 20, "bits_allocated": 16}


def packed(seed: int) -> bytes:
    values = np.random.default_rng(seed).integers(0, 1 + 3**seed, (24, 20)).astype("<u2")
    about = {"bits_stored": 16, "pixel_representation": 0, "samples_per_pixel": 1, "number_of_frames": 1}
    about |= {"photometric_interpretation": "MONOCHROME2", "encoding_plugin": "pydicom"}
    return get_encoder(RLELossless).encode(values, **IMAGE, **about)


@pytest.mark.parametrize("seed", range(8))
def test_what_was_packed_is_as_long_as_it_was(seed):
    check_run_lengths(packed(seed), IMAGE)
    for change in ({"rows": 23}, {"rows": 25}, {"columns": 10}, {"bits_allocated": 8}, {"bits_allocated": 32}):
        with pytest.raises(Unusable, match="pixels_disagree_with_header"):
            check_run_lengths(packed(seed), IMAGE | change)


def test_every_segment_is_counted_as_it_unpacks():
    chance = random.Random(14)
    for _ in range(500):
        segment = bytes(chance.choice((0, 1, 3, 127, 128, 129, 200, 255)) for _ in range(chance.randrange(40)))
        assert unpacked_length(segment, 10_000) == _literally(segment), segment


def _literally(segment: bytes) -> int:
    """Annex G.3.2, step by step, on a list of the bytes."""
    rest, out = list(segment), []
    while rest:
        head = rest.pop(0)
        if head < 128:
            out += rest[: head + 1]
            rest = rest[head + 1 :]
        elif head > 128 and rest:
            out += [rest.pop(0)] * (257 - head)
    return len(out)


@pytest.mark.parametrize(
    "frame",
    [
        b"",
        bytes(63),
        struct.pack("<16I", 2, 64, 10, *[0] * 13) + bytes(40),
        struct.pack("<16I", 2, 0, 64, *[0] * 13) + bytes(40),
        struct.pack("<16I", 2, 64, 4_000_000_000, *[0] * 13) + bytes(40),
    ],
)
def test_a_head_that_points_nowhere_is_damage(frame):
    with pytest.raises(Unusable, match="dicom_damaged"):
        check_run_lengths(frame, IMAGE)


def test_counting_ends_where_it_is_too_much():
    """8 MB would unpack to half a gigabyte; no-operations unpack to nothing, however many."""
    head = struct.pack("<16I", 2, 64, 66, *[0] * 13)
    start = time.process_time()
    for segment in (b"\x81\0" * (4 << 20), bytes([NO_OPERATION]) * 100_000):
        with pytest.raises(Unusable, match="pixels_disagree_with_header"):
            check_run_lengths(head + segment, IMAGE)
    assert unpacked_length(b"\x81\0" * (4 << 20), 480) <= 480 + 128
    assert time.process_time() - start < 2
