"""PostgreSQL: every table as text by COPY, all in one transaction that sees one moment. No other program is needed.

The tables are made by the migrations that the backup names, not copied: so a backup can be read by any later version of
PostgreSQL, and what is put back has the constraints of the code that reads it.
"""

import gzip
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor

from board.append_only import GUARDED
from board.keeping.manifest import BadBackup

PACKED = ".copy.gz"


class Snapshot:
    def __init__(self, cursor, parts: list[Path]):
        self._cursor, self.parts = cursor, parts
        self.sequences: dict[str, int] = {}

    def rows(self, query: str) -> list[tuple]:
        self._cursor.execute(query)
        return self._cursor.fetchall()

    def tables(self) -> list[str]:
        found = self.rows("SELECT tablename FROM pg_tables WHERE schemaname = current_schema() ORDER BY tablename")
        return [name for (name,) in found]


@contextmanager
def taken(folder: Path) -> Iterator[Snapshot]:
    own = connection.Database.connect(**connection.get_connection_params())
    with closing(own):
        own.set_session(isolation_level="REPEATABLE READ", readonly=True)
        with own.cursor() as cursor:
            snapshot = Snapshot(cursor, [])
            named = "SELECT sequencename, last_value FROM pg_sequences WHERE schemaname = current_schema()"
            for table in snapshot.tables():
                snapshot.parts.append(_write(cursor, table, folder))
            snapshot.sequences = {name: value for name, value in snapshot.rows(named) if value is not None}
            yield snapshot


def _write(cursor, table: str, folder: Path) -> Path:
    path = folder / f"{table}{PACKED}"
    with gzip.open(path, "wb", compresslevel=6) as file:
        cursor.copy_expert(f"COPY {_columns_of(cursor, table)} TO STDOUT", file)
    return path


def _columns_of(cursor, table: str) -> str:
    """Table and columns by name: a later version may have added some in another order."""
    cursor.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_schema = current_schema() AND table_name = %s "
        "AND is_generated = 'NEVER' ORDER BY column_name",
        [table],
    )
    quoted = ", ".join(connection.ops.quote_name(name) for (name,) in cursor.fetchall())
    return f"{connection.ops.quote_name(table)} ({quoted})"


def put_back(folder: Path, manifest) -> None:
    """Into a database that has been found to be empty: tables by migration, then all rows in one transaction."""
    _bring_schema_to(manifest.migrations)
    tables = sorted(manifest.tables)
    if set(connection.introspection.table_names()) != set(tables):
        raise BadBackup("The tables of this database are not those of the backup.")
    with transaction.atomic(), connection.cursor() as cursor:
        for guarded in GUARDED:
            if guarded.is_due():
                guarded.unprotect()
        cursor.execute(f"TRUNCATE {', '.join(map(connection.ops.quote_name, tables))} CASCADE")
        for table in tables:
            with gzip.open(folder / f"{table}{PACKED}", "rb") as file:
                cursor.copy_expert(f"COPY {_columns_of(cursor, table)} FROM STDIN", file)
        for name, value in manifest.sequences.items():
            cursor.execute("SELECT setval(%s::regclass, %s, true)", [connection.ops.quote_name(name), value])
        for guarded in GUARDED:
            if guarded.is_due():
                guarded.protect()


def _bring_schema_to(migrations: list[list[str]]) -> None:
    """Exactly the migrations that the backup had; the newer ones of this version are run after the rows are back."""
    executor = MigrationExecutor(connection)
    wanted = {(app, name) for app, name in migrations if app in executor.loader.migrated_apps}
    applied = set(executor.loader.applied_migrations)
    if applied and not applied <= wanted:
        raise BadBackup("The empty database is newer than the backup. Make an empty one without tables.")
    leaves = [key for key in wanted if not any(child.key in wanted for child in _children(executor, key))]
    executor.migrate(leaves)


def _children(executor, key) -> set:
    return {child for child in executor.loader.graph.node_map[key].children if child.key[0] == key[0]}
