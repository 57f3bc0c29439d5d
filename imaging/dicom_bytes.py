"""The bytes of a file before any DICOM is read: does it look like DICOM at all, and inflating to a limit."""

import os
import struct
import zlib

from imaging.header import Unusable

IMPLICIT, EXPLICIT = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1"
MAX_INFLATED_BYTES = 64 << 20
_FIRST_ELEMENTS = frozenset({0x0000, 0x0001, 0x0005, 0x0008, 0x0012, 0x0013, 0x0014, 0x0016, 0x0018})
_FIRST_VRS = frozenset({b"UL", b"CS", b"UI", b"SH", b"LO", b"DA", b"TM"})


def sniff(content: bytes) -> str:
    """The syntax of a dataset without preamble: its first element must be of group 8, early and short."""
    if len(content) < 8:
        raise Unusable("not_dicom")
    group, element, length = struct.unpack_from("<HHI", content)
    if group == 8 and element in _FIRST_ELEMENTS:
        if length <= 256:
            return IMPLICIT
        if content[4:6] in _FIRST_VRS:
            return EXPLICIT
    raise Unusable("not_dicom")


def inflate(descriptor: int, start: int) -> bytes:
    """All of a deflated dataset, piece by piece, never more than the limit."""
    inflater, inflated = zlib.decompressobj(-zlib.MAX_WBITS), bytearray()
    while not inflater.eof:
        chunk = os.pread(descriptor, 1 << 20, start)
        if not chunk:
            raise Unusable("file_truncated")
        start += len(chunk)
        inflated += inflater.decompress(chunk, MAX_INFLATED_BYTES + 1 - len(inflated))
        if len(inflated) > MAX_INFLATED_BYTES:
            raise Unusable("inflates_too_large")
    return bytes(inflated)
