"""The database itself refuses to change or delete what is only ever added, whoever asks.

On SQLite ``INSERT OR REPLACE`` deletes without asking a trigger: a row that is there already is refused as well.
Whoever owns the database can take a trigger away: then the chains still tell (``manage.py verify_chain``).
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from django.db import connection, transaction

PREFIX = "append_only_"
_FUNCTION = """
CREATE OR REPLACE FUNCTION append_only_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END $$
"""
Keys = tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Guarded:
    """Tables that are guarded together, each with the columns by which a row could be replaced.

    ``is_due``: whether the migration that guards them has run.
    """

    tables: dict[str, Keys]
    is_due: Callable[[], bool]

    def protect(self) -> None:
        """Make every trigger anew."""
        self.unprotect()
        _run(self._made(connection.vendor))

    def unprotect(self) -> None:
        """Take every trigger away; those that are not there are passed over."""
        _run(self._dropped(connection.vendor))

    def protect_again(self, using: str = "default", **_kwargs) -> None:
        """After every migration: on SQLite a table that is made anew has lost its triggers without a word."""
        if using == connection.alias and self.is_due() and self.unprotected():
            self.protect()

    def unprotected(self) -> list[str]:
        """Names of triggers that should be there and are not, or are switched off."""
        wanted = {name for table in self.tables for name in _names(connection.vendor, table)}
        return sorted(wanted - set(_present()))

    @contextmanager
    def lifted(self) -> Iterator[None]:
        """For tests that empty or tamper with their own database."""
        self.unprotect()
        try:
            yield
        finally:
            self.protect()

    def _made(self, vendor: str) -> list[str]:
        if vendor == "postgresql":
            return [_FUNCTION, *(text for table in self.tables for text in _postgresql(table))]
        return [text for table, keys in self.tables.items() for text in _sqlite(table, keys)]

    def _dropped(self, vendor: str) -> list[str]:
        if vendor == "postgresql":
            return [f"DROP TRIGGER IF EXISTS {name} ON {t}" for t in self.tables for name in _names(vendor, t)]
        return [f"DROP TRIGGER IF EXISTS {name}" for table in self.tables for name in _names(vendor, table)]


def _are_there(*tables: str) -> bool:
    return set(tables) <= set(connection.introspection.table_names())


TRAIL = Guarded(
    {
        "patients_auditevent": (("id",),),
        "patients_accessevent": (("id",),),
        "patients_trailseal": (("sequence",), ("hash",)),
    },
    is_due=lambda: _are_there("patients_accessevent", "patients_trailseal"),
)


@contextmanager
def all_lifted(*groups: Guarded) -> Iterator[None]:
    with ExitStack() as stack:
        for group in groups:
            stack.enter_context(group.lifted())
        yield


def _present() -> list[str]:
    query = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    if connection.vendor == "postgresql":
        query = "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled IN ('O', 'A')"
    with connection.cursor() as cursor:
        cursor.execute(query)
        return [name for (name,) in cursor.fetchall()]


def _names(vendor: str, table: str) -> list[str]:
    events = ("update", "delete", "insert") if vendor == "sqlite" else ("change", "truncate")
    return [f"{PREFIX}{table}_{event}" for event in events]


def _postgresql(table: str) -> list[str]:
    change, truncate = _names("postgresql", table)
    refuse = "EXECUTE FUNCTION append_only_refuse()"
    return [
        f"CREATE TRIGGER {change} BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW {refuse}",
        f"CREATE TRIGGER {truncate} BEFORE TRUNCATE ON {table} FOR EACH STATEMENT {refuse}",
    ]


def _sqlite(table: str, keys: Keys) -> list[str]:
    update, delete, insert = _names("sqlite", table)
    refuse = f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
    same = " OR ".join("(" + " AND ".join(f"{name} = NEW.{name}" for name in key) + ")" for key in keys)
    there = f"EXISTS (SELECT 1 FROM {table} WHERE {same})"  # noqa: S608  (names from the tables of a group)
    return [
        f"CREATE TRIGGER {update} BEFORE UPDATE ON {table} {refuse}",
        f"CREATE TRIGGER {delete} BEFORE DELETE ON {table} {refuse}",
        f"CREATE TRIGGER {insert} BEFORE INSERT ON {table} WHEN {there} {refuse}",
    ]


def _run(statements: list[str]) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":  # it changes no trigger of a table with checks still to come
            statements = ["SET CONSTRAINTS ALL IMMEDIATE", *statements, "SET CONSTRAINTS ALL DEFERRED"]
        for statement in statements:
            cursor.execute(statement)
