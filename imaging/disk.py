"""Room on the disk of the data: how much is kept free for the database, and whether an error says that none is left.

Files stop coming before the disk is full, so that what people write, and the trail of it, still finds room.
"""

import errno
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

CODE = "disk_full"
FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
POSTGRESQL_FULL = "53100"
SQLITE_FULL, SQLITE_MAY_BE_FULL = 13, {10, 14}  # an error of the disk; a database that could not be opened
NEARLY_NOTHING = 1 << 20


def has_room() -> bool:
    """Is there more left than what is kept for the database?"""
    try:
        return _free() > settings.DISK_RESERVE_BYTES
    except OSError:
        return True  # a folder that cannot be asked says so itself when it is written to


def is_full(error: BaseException | None) -> bool:
    """Does this error, or one that it came from, say that nothing more fits on the disk?"""
    return any(_says_full(one) for one in _chain(error))


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def _says_full(error: BaseException) -> bool:
    if isinstance(error, OSError):
        return error.errno in FULL
    if isinstance(error, sqlite3.Error):
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        return code == SQLITE_FULL or (code in SQLITE_MAY_BE_FULL and _free() < NEARLY_NOTHING)
    return getattr(error, "code", "") == CODE or getattr(error, "pgcode", "") == POSTGRESQL_FULL


def _free() -> int:
    folder = Path(settings.FILE_STORE_DIR)
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize
