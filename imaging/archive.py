"""A ZIP read entry by entry, counting real bytes. Names inside it are labels, never paths.

Nothing the archive says about itself is believed: sizes and ratios are measured while unpacking, and an entry that
breaks a rule is refused alone, so that its neighbours still arrive.
"""

import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath, PureWindowsPath
from typing import IO

from imaging.refused import Refused

MAX_FILES = 20_000
MAX_FILE_BYTES = 256 << 20
MAX_TOTAL_BYTES = 4 << 30
MAX_RATIO = 100
MAX_DIRECTORY_BYTES = 8 << 20
ARCHIVE_FREE_BYTES = 64 << 20
RATIO_FREE_BYTES = 1 << 20  # small files of zeros compress well without being an attack
ZIP_MAGICS = (b"PK\x03\x04", b"PK\x05\x06")
ARCHIVE_MAGIC = (*ZIP_MAGICS, b"\x1f\x8b", b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\x07", b"BZh", b"\xfd7zXZ\x00")
DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, OverflowError, NotImplementedError)
END_RECORD = struct.Struct("<4s4H2LH")
LOCATOR_64, END_RECORD_64 = struct.Struct("<4sLQL"), struct.Struct("<4sQ2H2L4Q")
METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
STOPS = frozenset({"upload_too_large", "too_many_files"})  # these end the archive, not only the entry
ENCRYPTED = 0x1 | 0x40 | 0x2000


@dataclass(frozen=True)
class Entry:
    """One file of the archive: a stream to read now, or the code why it is not read."""

    label: str
    stream: "CountedStream | None" = None
    code: str = ""


class CountedStream:
    """Bytes of one entry as they come out, stopped at the caps."""

    def __init__(self, stream: IO[bytes], packed: int, budget: "Budget"):
        self._stream, self._packed, self._budget = stream, packed, budget
        self._size = 0
        self._head = self._unpack(len(ARCHIVE_MAGIC[0]) + 2)
        if self._head.startswith(ARCHIVE_MAGIC):
            raise Refused("archive_nested")

    def read(self, size: int = 1 << 20, /) -> bytes:
        if self._head:
            chunk, self._head = self._head, b""
            return chunk
        return self._unpack(min(size, 1 << 20) if size > 0 else 1 << 20)

    def _unpack(self, size: int) -> bytes:
        try:
            chunk = self._stream.read(size)
        except DAMAGE as error:
            raise Refused("archive_damaged") from error
        self._size += len(chunk)
        if self._size > MAX_FILE_BYTES or self._size > RATIO_FREE_BYTES + MAX_RATIO * self._packed:
            raise Refused("archive_bomb")
        self._budget.take(len(chunk))
        return chunk


@dataclass
class Budget:
    """What one import may still unpack, and the archive at hand: many small entries are a bomb as a large one is."""

    files: int = MAX_FILES
    size: int = MAX_TOTAL_BYTES
    of_archive: int = 0

    def begin(self, packed: int) -> None:
        self.of_archive = ARCHIVE_FREE_BYTES + MAX_RATIO * packed

    def take(self, size: int) -> None:
        self.of_archive -= size
        if self.of_archive < 0:
            raise Refused("archive_bomb")
        self.size -= size
        if self.size < 0:
            raise Refused("upload_too_large")

    def take_file(self) -> None:
        self.files -= 1
        if self.files < 0:
            raise Refused("too_many_files")


def entries(archive: IO[bytes], budget: Budget) -> Iterator[Entry]:
    """Every file of the archive once, in its order. Raises Refused where the whole must stop."""
    _check_directory(archive)
    try:
        opened = zipfile.ZipFile(archive)
    except DAMAGE as error:
        raise Refused("archive_damaged") from error
    packed_left = _length(archive)
    budget.begin(packed_left)
    seen: set[str] = set()
    with opened:
        for info in opened.infolist():
            if info.is_dir():
                continue
            budget.take_file()
            packed_left -= info.compress_size
            yield from _entry(opened, info, seen, packed_left, budget)


def _entry(opened, info, seen: set[str], packed_left: int, budget: Budget) -> Iterator[Entry]:
    label = info.filename
    if code := _objection(info, seen, packed_left):
        yield Entry(label, code=code)
        return
    seen.add(label.casefold())
    try:
        with opened.open(info) as stream:
            yield Entry(label, stream=CountedStream(stream, info.compress_size, budget))
    except Refused as refusal:
        if refusal.code in STOPS:
            raise
        yield Entry(label, code=refusal.code)
    except (RuntimeError, *DAMAGE):
        yield Entry(label, code="archive_damaged")


def _objection(info: zipfile.ZipInfo, seen: set[str], packed_left: int) -> str:
    rules = {
        "archive_encrypted": info.flag_bits & ENCRYPTED,
        "archive_method": info.compress_type not in METHODS,
        "archive_link": stat.S_IFMT(info.external_attr >> 16) not in {0, stat.S_IFREG},
        "archive_unsafe_name": _is_unsafe(info.filename) or _is_unsafe(info.orig_filename),
        "archive_name_twice": info.filename.casefold() in seen,
        "archive_bomb": packed_left < 0,  # entries sharing their packed bytes claim more than the archive holds
    }
    return next((code for code, is_broken in rules.items() if is_broken), "")


def _is_unsafe(name: str) -> bool:
    windows = PureWindowsPath(name)
    parts = {*PurePosixPath(name).parts, *windows.parts}
    return "\0" in name or name.startswith(("/", "\\")) or bool(windows.drive) or ".." in parts or len(name) > 1024


def _check_directory(archive: IO[bytes]) -> None:
    """Refuse a table of contents that is itself the attack, before it is read into memory."""
    before = END_RECORD_64.size + LOCATOR_64.size
    archive.seek(max(0, _length(archive) - before - END_RECORD.size - 0xFFFF))
    tail = archive.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) - at < END_RECORD.size:
        raise Refused("archive_damaged")
    if _directory_size(tail, at) > MAX_DIRECTORY_BYTES:
        raise Refused("too_many_files")


def _directory_size(tail: bytes, at: int) -> int:
    """By the end record, or by that of ZIP64 before it, which `zipfile` believes instead."""
    locator = at - LOCATOR_64.size
    if locator < END_RECORD_64.size or not tail.startswith(b"PK\x06\x07", locator):
        return int(END_RECORD.unpack_from(tail, at)[5])
    return int(END_RECORD_64.unpack_from(tail, locator - END_RECORD_64.size)[8])


def _length(archive: IO[bytes]) -> int:
    archive.seek(0, 2)
    return archive.tell()
