"""Size and depth as a compressed frame states them itself. Decoders trust the header instead, and then read past it."""

import struct
from typing import NamedTuple

_JPEG, _JPEG2000 = b"\xff\xd8", b"\xff\x4f\xff\x51"
_WITHOUT_LENGTH = frozenset({0x01, *range(0xD0, 0xD9)})
_FRAME_HEADERS = frozenset({*range(0xC0, 0xD0), 0xF7}) - {0xC4, 0xC8, 0xCC}  # SOF0-15 and JPEG-LS SOF55
_START_OF_SCAN = 0xDA
_CODING_STYLE, _OF_COMPONENT, _START_OF_TILE = 0xFF52, 0xFF53, 0xFF90


class FrameSize(NamedTuple):
    rows: int
    columns: int
    bits: int
    components: int


def frame_size(stream: bytes) -> FrameSize | None:
    """Of a JPEG, JPEG-LS or JPEG 2000 codestream; None if it is none of these or its header is damaged."""
    try:
        if stream.startswith(_JPEG2000):
            return _of_jpeg2000(stream)
        return _of_jpeg(stream) if stream.startswith(_JPEG) else None
    except (struct.error, IndexError):
        return None


def is_reversible(stream: bytes) -> bool | None:
    """Of a JPEG 2000 codestream: whether its wavelets lose nothing; None if its main header does not say so here."""
    place, found = 2, None
    while len(stream) >= place + 4:
        marker, length = struct.unpack_from(">HH", stream, place)
        if marker == _START_OF_TILE:
            return found
        if marker in {_CODING_STYLE, _OF_COMPONENT}:
            transform = place + (13 if marker == _CODING_STYLE else 10)
            if transform >= len(stream):
                return None
            found = found is not False and stream[transform] == 1
        place += 2 + length
    return None


def _of_jpeg2000(stream: bytes) -> FrameSize:
    width, height, left, top = struct.unpack_from(">4I", stream, 8)
    components, depth = struct.unpack_from(">HB", stream, 40)
    return FrameSize(height - top, width - left, (depth & 0x7F) + 1, components)


def _of_jpeg(stream: bytes) -> FrameSize | None:
    place = 2
    while stream[place] == 0xFF:
        marker = stream[place + 1]
        if marker in _FRAME_HEADERS:
            bits, rows, columns, components = struct.unpack_from(">BHHB", stream, place + 4)
            return FrameSize(rows, columns, bits, components)
        if marker == _START_OF_SCAN:
            return None
        place += 2 if marker in _WITHOUT_LENGTH else 2 + struct.unpack_from(">H", stream, place + 2)[0]
    return None
