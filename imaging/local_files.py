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
    """A readable stream that raises ``Unusable`` instead of giving half of one state and half of another."""

    def __init__(self, path: Path) -> None:
        self.label = path.name
        self._opened = sandbox.open_regular(path)
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
