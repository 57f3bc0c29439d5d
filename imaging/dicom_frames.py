"""Frames of a segmentation one at a time, packed (one bit), plain or compressed; never all of them in memory."""

import os
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.encaps import encapsulate, generate_frames

from imaging.dicom import COMPRESSED, DEFLATED, RLE, Source, decompress
from imaging.header import LOSSY_SYNTAXES, UNDEFINED_LENGTH, Unusable
from imaging.instances import BIG_ENDIAN_SYNTAX

MAX_PIXEL_BYTES = 256 << 20
MAX_ENCAPSULATED_BYTES = 64 << 20


class Frames:
    """Iterates over ``image["frames"]`` arrays [y, x] of unsigned integers. Raises ``Unusable``."""

    def __init__(self, source: Source, descriptor: int, image: dict[str, Any]):
        if source.pixels is None:
            raise Unusable("pixel_data_missing")
        if source.syntax == BIG_ENDIAN_SYNTAX:
            raise Unusable("transfer_syntax_unsupported", source.syntax)
        if source.syntax in LOSSY_SYNTAXES:
            raise Unusable("outlines_lossy")
        self._source, self._descriptor, self._image = source, descriptor, image
        self._offset, self._length = source.pixels
        self._voxels = image["rows"] * image["columns"]

    def __iter__(self) -> Iterator[NDArray[Any]]:
        if self._source.syntax in COMPRESSED:
            return self._decompressed()
        bits = self._voxels * self._image["frames"] * self._image["bits_allocated"]
        self._check_length((bits + 7) // 8)
        return self._packed() if self._image["bits_allocated"] == 1 else self._plain()

    def _check_length(self, expected: int) -> None:
        if expected > MAX_PIXEL_BYTES:
            raise Unusable("object_too_large")
        if self._length == UNDEFINED_LENGTH:
            raise Unusable("pixel_data_length")
        if self._offset + self._length > self._source.size:
            raise Unusable("file_truncated")
        if not expected <= self._length < 2 * expected + 16:
            raise Unusable("pixel_data_length")

    def _bytes(self, start: int, stop: int) -> bytes:
        if self._source.syntax == DEFLATED:
            return self._source.content[self._offset + start : self._offset + stop]
        found = os.pread(self._descriptor, stop - start, self._offset + start)
        if len(found) != stop - start:
            raise Unusable("file_truncated")
        return found

    def _packed(self) -> Iterator[NDArray[Any]]:
        """Frames follow each other bit by bit: a frame may begin inside a byte. The lowest bit comes first."""
        for k in range(self._image["frames"]):
            first = k * self._voxels
            content = self._bytes(first // 8, (first + self._voxels + 7) // 8)
            bits = np.unpackbits(np.frombuffer(content, np.uint8), bitorder="little")
            yield self._shaped(bits[first % 8 :][: self._voxels])

    def _plain(self) -> Iterator[NDArray[Any]]:
        dtype = np.dtype(f"<u{self._image['bits_allocated'] // 8}")
        size = self._voxels * dtype.itemsize
        for k in range(self._image["frames"]):
            yield self._shaped(np.frombuffer(self._bytes(k * size, (k + 1) * size), dtype))

    def _decompressed(self) -> Iterator[NDArray[Any]]:
        bits = self._image["bits_allocated"]
        if bits == 1 and self._source.syntax == RLE:  # which knows whole bytes only
            raise Unusable("transfer_syntax_unsupported", self._source.syntax)
        size = self._source.size - self._offset
        if size > MAX_ENCAPSULATED_BYTES:
            raise Unusable("object_too_large")
        image = {**self._image, "bits_allocated": max(bits, 8), "bits_stored": bits, "is_signed": False}
        content, count = os.pread(self._descriptor, size, self._offset), 0
        for frame in generate_frames(content, number_of_frames=self._image["frames"]):
            if count == self._image["frames"]:
                break
            yield self._shaped(decompress(self._source.syntax, encapsulate([frame], has_bot=False), image).ravel())
            count += 1
        if count < self._image["frames"]:
            raise Unusable("file_truncated")

    def _shaped(self, values: NDArray[Any]) -> NDArray[Any]:
        return values.reshape(self._image["rows"], self._image["columns"])
