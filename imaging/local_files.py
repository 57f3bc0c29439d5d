"""Files of a folder, each read once and as it stood: what is no file, is gone or changes is refused by name."""

import os
from collections.abc import Iterator
from pathlib import Path

from imaging import sandbox
from imaging.header import Unusable
from imaging.instances import FileRefusal


def files_under(path: Path) -> Iterator[Path]:
    """``path`` itself, or all below it in order. Links to folders, and folders that cannot be read, are named too."""
    if not path.is_dir():
        yield path
        return
    unread: list[str] = []
    for folder, folders, names in os.walk(path, onerror=lambda error: unread.append(error.filename)):
        folders.sort()
        links = [name for name in folders if os.path.islink(os.path.join(folder, name))]
        yield from (Path(folder) / name for name in sorted([*names, *links]))
    yield from map(Path, unread)


class LocalFile:
    """A readable stream that raises ``Unusable`` instead of giving half of one state and half of another.

    Nor does it give what lies outside of ``root``, the folder or file that was asked for.
    """

    def __init__(self, path: Path, root: Path) -> None:
        self.label = path.name
        self._opened = _open_within(root, path)
        self._before = self._state()

    def read(self, size: int, /) -> bytes:
        if isinstance(self._opened, FileRefusal):
            raise Unusable(self._opened.code)
        try:
            data = os.read(self._opened, size)
        except OSError as error:
            raise Unusable("file_unreadable") from error
        if not data and self._state() != self._before:
            raise Unusable("file_changed")
        return data

    def close(self) -> None:
        if isinstance(self._opened, int):
            os.close(self._opened)

    def _state(self) -> tuple[int, int] | None:
        if isinstance(self._opened, FileRefusal):
            return None
        found = os.fstat(self._opened)
        return found.st_size, found.st_mtime_ns


def _open_within(root: Path, path: Path) -> int | FileRefusal:
    descriptor = sandbox.open_regular(path)
    if isinstance(descriptor, int) and (objection := _objection(descriptor, root)):
        os.close(descriptor)
        return objection
    return descriptor


def _objection(descriptor: int, root: Path) -> FileRefusal | None:
    """By what was opened, not by its path: a folder on the way may have become a link since it was listed."""
    if os.fstat(descriptor).st_nlink > 1:
        return FileRefusal("hard_link")
    place = Path(os.readlink(f"/proc/self/fd/{descriptor}"))
    is_there = place.is_relative_to(os.path.realpath(root)) and _disk(place.parent) == _disk(root)
    return None if is_there else FileRefusal("outside_folder")


def _disk(path: Path) -> int | None:
    """Of a folder, or of the one a file is in: some file systems give their files another number."""
    try:
        return os.stat(path if path.is_dir() else path.parent).st_dev
    except OSError:
        return None
