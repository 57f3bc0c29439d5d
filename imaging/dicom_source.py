"""One DICOM file with its header read up to the pixel data; runs inside the sandboxed child, on open descriptors.

Headers are read once, with caps on bytes, elements and nesting that hold while reading; a deflated file is inflated
here, to a limit, before pydicom sees it. ``force`` is never used: a file without preamble must look like DICOM in its
first element.
"""

import io
import os
from collections.abc import Iterator
from typing import Any, NamedTuple, NoReturn

from pydicom.charset import decode_bytes
from pydicom.datadict import dictionary_has_tag, dictionary_VR
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset
from pydicom.filereader import read_dataset
from pydicom.sequence import Sequence
from pydicom.tag import BaseTag

from imaging import dicom_values as read
from imaging.dicom_bytes import EXPLICIT, IMPLICIT, inflate, sniff
from imaging.header import UNDEFINED_LENGTH, Unusable
from imaging.instances import BIG_ENDIAN_SYNTAX
from imaging.object_header import CONTENT_STARTS, OBJECT_CLASSES
from imaging.picture_header import PICTURE_CLASSES

FIRST_READ = 32 << 10
MAX_HEADER_BYTES = 16 << 20
MAX_ELEMENTS = 20_000
MAX_ITEMS = 50_000  # of sequences in what was read, which may reach past the header
MAX_DEPTH = 32
TRAILING_BYTES = 1024
LONG_ELEMENT = 1024
MAX_VALUE_BYTES = 4096  # of what we use; a longer value is no value of its kind
MAX_REMEMBERED_BYTES = 64 << 10
MAX_ID_CHARS = 64
ESCAPE = b"\x1b"  # in a value of seven-bit bytes it may still switch to another character set
ESCAPE_TO_GB2312, GB2312 = "\x1b$)A", "iso_ir_58"

DEFLATED = "1.2.840.10008.1.2.1.99"
RLE = "1.2.840.10008.1.2.5"
COMPRESSED = frozenset({RLE}) | {f"1.2.840.10008.1.2.4.{n}" for n in (50, 51, 57, 70, 80, 81, 90, 91)}
ALLOWED = COMPRESSED | {IMPLICIT, EXPLICIT, DEFLATED, BIG_ENDIAN_SYNTAX}

PET, CT = "1.2.840.10008.5.1.4.1.1.128", "1.2.840.10008.5.1.4.1.1.2"
KINDS = {PET: "pet", CT: "ct", **OBJECT_CLASSES, **PICTURE_CLASSES}
ENHANCED = frozenset(
    {
        "1.2.840.10008.5.1.4.1.1.128.1",
        "1.2.840.10008.5.1.4.1.1.130",
        "1.2.840.10008.5.1.4.1.1.2.1",
        "1.2.840.10008.5.1.4.1.1.2.2",
    }
)
ITEM = b"\xfe\xff\x00\xe0"
BIG_ENDIAN_ITEM = b"\xff\xfe\xe0\x00"
NESTED = b"SQ\0\0"

_PIXEL_TAGS = frozenset({0x7FE00008, 0x7FE00009, 0x7FE00010})


class _Pixels(NamedTuple):
    offset: int
    length: int


class _MoreNeeded(Exception):
    """The header goes on behind what was read of the file."""


class Limits(NamedTuple):
    """How much of a file is read before it is refused, and the tag to stop at (0: the pixels only)."""

    header_bytes: int = MAX_HEADER_BYTES
    elements: int = MAX_ELEMENTS
    stop_at: int = 0


class Source:
    """One file with its header read up to the pixel data. ``content`` is its beginning, or all of it inflated."""

    def __init__(self, content: bytes, start: int, size: int, meta: dict[int, bytes], syntax: str, *, limits: Limits):
        self.content = content
        self.size = size
        self.meta = meta
        self.syntax = syntax
        self.is_little_endian = syntax != BIG_ENDIAN_SYNTAX
        self.pixels: _Pixels | None = None
        self._is_implicit = syntax == IMPLICIT
        self._limits = limits
        self._is_stopped = False
        self._count = 0
        self._stream = io.BytesIO(content)
        self._stream.seek(start)
        self.dataset = self._read()
        self.elements = RawElements(self.dataset, self.is_little_endian, self.dataset.original_character_set)

    def _read(self) -> Dataset:
        dataset = read_dataset(self._stream, self._is_implicit, self.is_little_endian, stop_when=self._stop)
        if dataset.original_encoding[0] != self._is_implicit:
            _refuse("transfer_syntax_contradicted")
        is_at_end = self.pixels is None and not self._is_stopped
        if is_at_end and len(self.content) < self.size:
            raise _MoreNeeded
        if is_at_end and self.size - self._stream.tell() > TRAILING_BYTES:
            _refuse("dicom_damaged", "stray delimiter")
        elements, depth = _extent(dataset)
        if elements > self._limits.elements:
            _refuse("too_many_elements")
        if depth > MAX_DEPTH:
            _refuse("nesting_too_deep")
        is_header = self._limits.elements == MAX_ELEMENTS  # of the content of objects only known places are unfolded
        if is_header and _items_in(self.content, self.is_little_endian) > MAX_DEPTH:
            _check_folded(dataset)
        return dataset

    def _stop(self, tag: BaseTag, vr: str | None, length: int) -> bool:
        """Called by pydicom at every element: holds the caps while reading, and stops at the pixels."""
        if tag in _PIXEL_TAGS:
            self.pixels = _Pixels(self._stream.tell(), length)
            return True
        if tag == self._limits.stop_at:
            self._is_stopped = True
            return True
        self._count += 1
        if self._count > self._limits.elements:
            _refuse("too_many_elements")
        if length > LONG_ELEMENT and length != UNDEFINED_LENGTH:
            end = self._stream.tell() + length
            if end > self.size:
                _refuse("file_truncated")
            if end > len(self.content):
                raise _MoreNeeded
        return False


# Sequences of defined length by their bytes: all slices of a series carry the same ones.
_unfolded: dict[tuple[Any, ...], list["RawElements"]] = {}


class RawElements:
    """Raw values of a dataset; nothing is converted but the sequences that are asked for."""

    def __init__(self, dataset: Dataset, is_little_endian: bool, encodings: Any):
        self._dataset = dataset
        self._raw = dict(zip(map(int, dataset.keys()), dataset.values(), strict=True))
        self._encodings = encodings
        self.is_little_endian = is_little_endian

    def get(self, tag: int) -> bytes | None:
        element = self._raw.get(tag)
        if element is None:
            return None
        return (element.value or b"")[:MAX_VALUE_BYTES] if isinstance(element, RawDataElement) else b""

    def whole(self, tag: int) -> bytes:
        """All bytes of a value, however long; for the content of objects."""
        element = self._raw.get(tag)
        return element.value or b"" if isinstance(element, RawDataElement) else b""

    def each(self, tag: int) -> Iterator["RawElements"]:
        """Items of a sequence of which every one is different: nothing is remembered."""
        if tag in self._raw:
            yield from self._unfold(tag)

    def items(self, tag: int) -> list["RawElements"]:
        element = self._raw.get(tag)
        if element is None:
            return []
        if not isinstance(element, RawDataElement) or len(element.value or b"") > MAX_REMEMBERED_BYTES:
            return self._unfold(tag)
        key = (tag, element.value, element.is_implicit_VR, element.is_little_endian, repr(self._encodings))
        if key not in _unfolded:
            if len(_unfolded) > 64:
                _unfolded.clear()
            _unfolded[key] = self._unfold(tag)
        return _unfolded[key]

    def _unfold(self, tag: int) -> list["RawElements"]:
        value = self._dataset[tag].value
        items = list(value) if isinstance(value, Sequence) else []
        return [RawElements(item, self.is_little_endian, self._encodings) for item in items]

    def text(self, tag: int) -> str:
        return _printable(self._decoded(tag))

    def identifier(self, tag: int) -> str:
        """At most 64 characters; what cannot be seen, or is too long, shows as U+FFFD: it never passes for another."""
        decoded = self._decoded(tag).strip(" \0")
        shown = "".join(c if c.isprintable() else "\ufffd" for c in decoded)
        return shown if len(shown) <= MAX_ID_CHARS else shown[: MAX_ID_CHARS - 1] + "\ufffd"

    def _decoded(self, tag: int) -> str:
        value = self.get(tag) or b""
        if value.isascii() and ESCAPE not in value:
            return value.decode("ascii")
        try:
            return self._read(value, set())
        except (ValueError, LookupError):  # an escape that switches to nothing
            return value.decode("ascii", "replace")

    def person(self, tag: int) -> str:
        """A person name with all its groups; each of its parts begins with the first character set again."""
        value = self.get(tag) or b""
        try:
            return _printable(self._read(value, set(b"^=")))
        except (ValueError, LookupError):
            return _printable(value.decode("ascii", "replace"))

    def _read(self, value: bytes, delimiters: set[int]) -> str:
        """Pydicom takes Python to drop the escape to GB 2312, which leaves it in the text."""
        decoded = decode_bytes(value, self._encodings, delimiters)
        return decoded.replace(ESCAPE_TO_GB2312, "") if GB2312 in self._encodings else decoded


def _printable(decoded: str) -> str:
    return "".join(c for c in decoded if c.isprintable()).strip()


def open_source(descriptor: int, limits: Limits | None = None) -> Source:
    """Read no more of the file than its header needs; more of it only when the header says that it goes on."""
    size, wanted = os.fstat(descriptor).st_size, FIRST_READ
    most = limits.header_bytes if limits else MAX_HEADER_BYTES
    while True:
        content = os.pread(descriptor, wanted, 0)
        if content.count(ITEM) > (limits.elements if limits else MAX_ITEMS):
            _refuse("too_many_elements")  # cheaper than finding out by unfolding them
        is_whole = len(content) == size
        try:
            return _interpret(descriptor, content, size, limits)
        except (Unusable, RecursionError, MemoryError):
            raise
        except _MoreNeeded:
            pass
        except Exception:
            if is_whole:
                raise
        if is_whole or wanted >= most:
            _refuse("header_too_large" if wanted >= most else "file_truncated")
        wanted = min(wanted * 8, most)


def _interpret(descriptor: int, content: bytes, size: int, limits: Limits | None) -> Source:
    start, meta = _read_meta(content, size)
    syntax = read.uid(meta.get(0x00020010)) if meta or start else sniff(content)
    if syntax is None:
        _refuse("transfer_syntax_missing")
    declared = read.uid(meta.get(0x00020002))
    kind = route(declared) if declared is not None else ""
    limits = limits or Limits(stop_at=CONTENT_STARTS.get(kind, 0))
    if syntax not in ALLOWED:
        _refuse("transfer_syntax_unsupported", syntax)
    if syntax == DEFLATED:
        content, start = inflate(descriptor, start), 0
        return Source(content, start, len(content), meta, syntax, limits=limits)
    return Source(content, start, size, meta, syntax, limits=limits)


def _read_meta(content: bytes, size: int) -> tuple[int, dict[int, bytes]]:
    """Where the dataset starts, and the raw file meta information; none in a file without preamble."""
    start = 132 if content[128:132] == b"DICM" else 0
    if start == 0 and content[:2] != b"\2\0":
        return 0, {}
    stream = io.BytesIO(content)
    stream.seek(start)
    meta = read_dataset(stream, False, True, stop_when=_is_not_meta)
    if stream.tell() >= len(content) < size:
        raise _MoreNeeded
    raw = {int(e.tag): e.value or b"" for e in meta.values() if isinstance(e, RawDataElement)}
    if not raw and start == 0:
        _refuse("not_dicom")
    if not raw and start >= size:
        _refuse("file_truncated")
    return stream.tell(), raw


def _is_not_meta(tag: BaseTag, vr: str | None, length: int) -> bool:
    return tag >> 16 != 2


def route(sop_class: str | None) -> str:
    if sop_class is None:
        _refuse("uid_invalid")
    if sop_class in KINDS:
        return KINDS[sop_class]
    if sop_class in ENHANCED:
        _refuse("enhanced_unsupported")
    _refuse("not_used_here", sop_class)


def _extent(dataset: Dataset) -> tuple[int, int]:
    """Elements and depth of what pydicom has already unfolded (sequences of undefined length)."""
    count, depth = len(dataset), 0
    for element in dataset.values():
        if type(element) is DataElement and isinstance(element.value, Sequence):
            for item in element.value:
                inner, below = _extent(item)
                count, depth = count + inner, max(depth, below + 1)
    return count, depth


def _check_folded(dataset: Dataset, room: int = MAX_DEPTH) -> None:
    """Sequences with a length are unfolded when they are asked for; here those that may be too deep."""
    if room < 0:
        _refuse("nesting_too_deep")
    for element in dataset.values():
        if isinstance(element, RawDataElement):
            if not _may_be_deep(element, room):
                continue
            element = Dataset({element.tag: element})[element.tag]  # noqa: PLW2901 - by itself: the rest stays raw
        for item in element.value if isinstance(element.value, Sequence) else ():
            _check_folded(item, room - 1)


def _items_in(data: bytes, is_little_endian: bool) -> int:
    return data.count(ITEM if is_little_endian else BIG_ENDIAN_ITEM)


def _may_be_deep(element: RawDataElement, room: int) -> bool:
    """By counting, which is cheap: a sequence needs an item for each level, and with explicit VR a name for each."""
    value = element.value or b""
    if element.VR not in {"SQ", None} or _items_in(value, element.is_little_endian) < room:
        return False
    if element.VR is None:
        return dictionary_has_tag(element.tag) and dictionary_VR(element.tag) == "SQ"
    return value.count(NESTED) >= room - 1


def _refuse(code: str, detail: str = "") -> NoReturn:
    raise Unusable(code, detail)
