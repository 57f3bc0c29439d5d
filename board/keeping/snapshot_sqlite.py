"""SQLite: one file, copied by the database itself while people go on working."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from django.db import connection

FILE = "database.sqlite3"
PAGES_AT_ONCE = -1  # in one go: what is written meanwhile would make it begin again


class Snapshot:
    def __init__(self, copy: sqlite3.Connection, parts: list[Path]):
        self._copy, self.parts = copy, parts
        self.sequences: dict[str, int] = {}

    def rows(self, query: str) -> list[tuple]:
        return self._copy.execute(query).fetchall()

    def tables(self) -> list[str]:
        found = self.rows("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
        return [name for (name,) in found if not name.startswith("sqlite_")]


@contextmanager
def taken(folder: Path) -> Iterator[Snapshot]:
    target = folder / FILE
    name = str(connection.settings_dict["NAME"])
    with closing(sqlite3.connect(name, timeout=60)) as live, closing(sqlite3.connect(target)) as copy:
        live.backup(copy, pages=PAGES_AT_ONCE)
        copy.execute("PRAGMA journal_mode=DELETE")
        if copy.execute("PRAGMA integrity_check").fetchone() != ("ok",):
            raise OSError("the copy of the database is not sound")
        yield Snapshot(copy, [target])


def put_back(folder: Path, _manifest) -> None:
    """Over a database that has been found to be empty."""
    connection.close()
    target = Path(connection.settings_dict["NAME"])
    target.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(folder / FILE)) as copy, closing(sqlite3.connect(target, timeout=60)) as live:
        copy.backup(live)
