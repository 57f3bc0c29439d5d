"""Many files in one request body, without a form parser: for each file a head, its label, its bytes.

Head: label length (unsigned 32 bit) and file size (unsigned 64 bit), both big-endian. The body simply ends after
the last file. A file is read from the connection while it is being stored.
"""

import io
import struct
from collections.abc import Iterator
from typing import BinaryIO

CONTENT_TYPE = "application/x-prrt-files"
HEAD = struct.Struct(">IQ")
MAX_LABEL_BYTES = 4096
BUFFER_BYTES = 1 << 20  # a server copies what it has received at every read, so few large reads are cheap


class BrokenBody(Exception):
    """The body ended inside a file, or its heads make no sense; what came before is whole."""


class FramedFile:
    """Read-only stream over one file of the body."""

    def __init__(self, body: BinaryIO, label: str, size: int) -> None:
        self._body = body
        self._left = size
        self.label = label
        self.size = size

    def read(self, size: int = -1) -> bytes:
        wanted = self._left if size < 0 else min(size, self._left)
        if not wanted:
            return b""
        data = self._body.read(wanted)
        if not data:
            raise BrokenBody("the connection ended inside a file")
        self._left -= len(data)
        return data

    def skip(self) -> None:
        """Read past what nobody took, so that the next file can be read."""
        while self._left:
            self.read(1 << 20)


def read_files(body: BinaryIO, *, max_files: int) -> Iterator[FramedFile]:
    """Yield the files of ``body`` one after another; raises BrokenBody when it ends inside one."""
    count, body = 0, io.BufferedReader(_Unbuffered(body), BUFFER_BYTES)
    while head := _read_exactly(body, HEAD.size, may_end=True):
        label_length, size = HEAD.unpack(head)
        count += 1
        if label_length > MAX_LABEL_BYTES or count > max_files:
            raise BrokenBody("a label is too long, or there are too many files in one body")
        label = _read_exactly(body, label_length).decode("utf-8", "replace")
        file = FramedFile(body, label, size)
        yield file
        file.skip()


class _Unbuffered(io.RawIOBase):
    """The request body in the shape that the standard library's buffer wants."""

    def __init__(self, body: BinaryIO) -> None:
        self._body = body

    def readable(self) -> bool:
        return True

    def readinto(self, target) -> int:
        data = self._body.read(len(target))
        target[: len(data)] = data
        return len(data)


def _read_exactly(body: BinaryIO, size: int, *, may_end: bool = False) -> bytes:
    data = body.read(size)
    if len(data) == size or (may_end and not data):
        return data
    raise BrokenBody("the connection ended inside a head")
