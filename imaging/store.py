"""Files by content: written once under their SHA-256, durable before a row may name them, never overwritten.

A file is written without a name (or under a temporary one), flushed to disk, then linked to ``ab/<sha256>``; the
directory is flushed last. So a name is either absent or complete, whatever stops the machine in between. A batch
pays for each directory once.
"""

import errno
import hashlib
import io
import os
import re
import uuid
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple, Protocol

from django.conf import settings

from imaging import disk

CHUNK_BYTES = 1 << 20
WINDOW = 128  # files held open before they are flushed together
FLUSHERS = 4
MODE = 0o440
_NAME = re.compile(r"[0-9a-f]{64}\Z")
_NO_UNNAMED_FILES = {errno.EOPNOTSUPP, errno.EISDIR, errno.ENOENT, errno.EINVAL}


class StoreError(Exception):
    """Nothing was stored. ``code`` is a key of the reasons catalogue."""

    def __init__(self, code: str):
        super().__init__(code)
        self.code = code


class Stored(NamedTuple):
    sha256: str
    size: int


class Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


class _Pending(NamedTuple):
    descriptor: int
    temporary: Path | None
    stored: Stored


def is_name(text: str) -> bool:
    return _NAME.match(text) is not None


def path(sha256: str) -> Path:
    if not is_name(sha256):
        raise ValueError("not a SHA-256 in lower-case hexadecimal")
    return Path(settings.FILE_STORE_DIR) / sha256[:2] / sha256


def exists(sha256: str) -> bool:
    return path(sha256).is_file()


def open_stored(sha256: str) -> BinaryIO:
    return path(sha256).open("rb")


def put(stream: Readable, *, max_bytes: int) -> Stored:
    """Store one stream; durable when it returns."""
    with batch() as add:
        return add(stream, max_bytes=max_bytes)


def put_bytes(data: bytes) -> Stored:
    with batch() as add:
        return add(io.BytesIO(data), max_bytes=len(data))


@contextmanager
def batch() -> Iterator[Callable[..., Stored]]:
    """``with batch() as add: add(stream, max_bytes=...)``: everything added is durable when the block ends.

    An error inside the block leaves no partial file; what an earlier full window linked stays, complete and unnamed by
    any row.
    """
    pending: list[_Pending] = []

    def add(stream: Readable, *, max_bytes: int) -> Stored:
        if len(pending) >= WINDOW:
            _publish(pending)
        pending.append(_write_unnamed(stream, max_bytes))
        return pending[-1].stored

    try:
        yield add
        _publish(pending)
    finally:
        _discard(pending)


def _write_unnamed(stream: Readable, max_bytes: int) -> _Pending:
    with _explained():
        descriptor, temporary = _open_unnamed(Path(settings.FILE_STORE_DIR))
    digest, size = hashlib.sha256(), 0
    try:
        while chunk := stream.read(CHUNK_BYTES):
            size += len(chunk)
            if size > max_bytes:
                raise StoreError("file_too_large")
            digest.update(chunk)
            if not disk.has_room():
                raise StoreError("disk_full")
            with _explained():
                _write_all(descriptor, chunk)
    except BaseException:
        _drop(descriptor, temporary)
        raise
    return _Pending(descriptor, temporary, Stored(digest.hexdigest(), size))


def _open_unnamed(root: Path) -> tuple[int, Path | None]:
    root.mkdir(parents=True, exist_ok=True)
    try:
        return os.open(root, os.O_TMPFILE | os.O_WRONLY | os.O_CLOEXEC, MODE), None
    except (OSError, AttributeError) as error:
        if isinstance(error, OSError) and error.errno not in _NO_UNNAMED_FILES:
            raise
    incoming = root / "incoming"
    incoming.mkdir(exist_ok=True)
    temporary = incoming / uuid.uuid4().hex
    return os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, MODE), temporary


def _write_all(descriptor: int, chunk: bytes) -> None:
    view = memoryview(chunk)
    while view:
        view = view[os.write(descriptor, view) :]


def _publish(pending: list[_Pending]) -> None:
    """Content first, then names, then directories: the order that survives a power cut."""
    with _explained():
        _flush([item.descriptor for item in pending])
        directories: set[Path] = set()
        for item in pending:
            directories |= _link(item)
        _sync(directories)
    _discard(pending)


def _link(item: _Pending) -> set[Path]:
    """Give the content its name and say which directories must be flushed for it."""
    target = path(item.stored.sha256)
    touched = {target.parent}
    if not target.parent.is_dir():
        target.parent.mkdir(exist_ok=True)
        touched.add(target.parent.parent)
    while not (_named(item, target) or _renewed(item, target)):
        pass  # it was there, and was let go of in between
    return touched


def _named(item: _Pending, target: Path) -> bool:
    try:
        if item.temporary is None:
            root = os.open("/", os.O_RDONLY)
            try:
                os.link(f"/proc/self/fd/{item.descriptor}", target, src_dir_fd=root, follow_symlinks=True)
            finally:
                os.close(root)
        else:
            os.link(item.temporary, target)
    except FileExistsError:
        return False
    return True


def _renewed(item: _Pending, target: Path) -> bool:
    """Put again: nobody may take it for left over while its row is on the way. False where it has just gone."""
    try:
        if target.stat().st_size != item.stored.size:
            raise StoreError("store_damaged")
        os.utime(target)
    except FileNotFoundError:
        return False
    return True


def _sync(directories: Iterable[Path]) -> None:
    opened = []
    try:
        for directory in directories:
            opened.append(os.open(directory, os.O_RDONLY | os.O_DIRECTORY))
        _flush(opened)
    finally:
        for descriptor in opened:
            os.close(descriptor)


def sync_folder(folder: Path) -> None:
    """Names in this folder are on disk when it returns."""
    _sync([folder])


def _flush(descriptors: list[int]) -> None:
    """Return when all are on disk. Asked for together, the file system needs one commit where it else needs many."""
    if len(descriptors) == 1:
        os.fsync(descriptors[0])
        return
    with ThreadPoolExecutor(FLUSHERS) as pool:
        list(pool.map(os.fsync, descriptors))


def _discard(pending: list[_Pending]) -> None:
    for item in pending:
        _drop(item.descriptor, item.temporary)
    pending.clear()


def _drop(descriptor: int, temporary: Path | None) -> None:
    os.close(descriptor)
    if temporary is not None:
        temporary.unlink(missing_ok=True)


@contextmanager
def _explained() -> Iterator[None]:
    """Turn what the disk says into a reason; an error of the sender's stream passes through untouched."""
    try:
        yield
    except OSError as error:
        raise StoreError("disk_full" if disk.is_full(error) else "store_unwritable") from error
