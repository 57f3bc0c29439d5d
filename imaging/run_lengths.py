"""Run-length data state no size (PS3.5 annex G), so it is counted what they unpack to; nothing is unpacked for it."""

import struct
from itertools import pairwise
from typing import Any

from imaging.header import Unusable

HEAD = struct.Struct("<16I")
NO_OPERATION = 128


def check_run_lengths(frame: bytes, image: dict[str, Any]) -> None:
    """One segment for each byte of a pixel, and each of them one byte for every pixel; else ``Unusable``."""
    if len(frame) < HEAD.size:
        raise Unusable("dicom_damaged", "run lengths")
    count, *starts = HEAD.unpack_from(frame)
    if count != image["bits_allocated"] // 8:
        raise Unusable("pixels_disagree_with_header")
    bounds = [*starts[:count], len(frame)]
    if bounds[0] < HEAD.size or bounds != sorted(bounds):
        raise Unusable("dicom_damaged", "run lengths")
    expected = image["rows"] * image["columns"]
    for start, end in pairwise(bounds):
        if unpacked_length(frame[start:end], expected) != expected:
            raise Unusable("pixels_disagree_with_header")


def unpacked_length(segment: bytes, most: int) -> int:
    """Bytes that a segment unpacks to; counting ends beyond ``most``. A last byte without its data is padding."""
    place, length, end = 0, 0, len(segment)
    while place < end and length <= most:
        head = segment[place]
        if head > NO_OPERATION:
            place += 2
            length += 257 - head if place <= end else 0
        elif head < NO_OPERATION:
            length += min(head + 1, end - place - 1)
            place += head + 2
        else:
            place += 1
    return length
