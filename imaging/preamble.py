"""The first 128 bytes of a DICOM file may be anything, a program too. In the store they are zeros.

The digest of a file is that of what is stored. So an object is here already whatever stands before it.
"""

import io
from typing import Protocol

SIZE = 128
MARK = b"DICM"
HEAD = SIZE + len(MARK)
TIFF = (b"II*\0", b"MM\0*")
CODE = "preamble_not_empty"


class Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


def is_foreign(head: bytes) -> bool:
    """A TIFF may share a file with DICOM, as the standard says; nothing else has business there."""
    return head[SIZE:HEAD] == MARK and any(head[:SIZE]) and not head.startswith(TIFF)


class Emptied:
    """A stream whose foreign preamble reads as zeros; ``was_foreign``: it had one; ``head``: its first bytes."""

    def __init__(self, stream: Readable) -> None:
        self._stream = stream
        self.head = _first(stream, HEAD)
        self.was_foreign = is_foreign(self.head)
        self._rest_of_head = io.BytesIO(bytes(SIZE) + MARK if self.was_foreign else self.head)

    def read(self, size: int, /) -> bytes:
        return self._rest_of_head.read(size) or self._stream.read(size)


def _first(stream: Readable, size: int) -> bytes:
    found = b""
    while len(found) < size and (chunk := stream.read(size - len(found))):
        found += chunk
    return found
