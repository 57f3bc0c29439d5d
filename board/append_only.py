"""The database itself refuses to change or delete what was signed, whoever asks.

On SQLite ``INSERT OR REPLACE`` deletes without asking a trigger: a row that is there already is refused as well.
Whoever owns the database can take a trigger away: then the chain still tells (``manage.py verify_chain``).
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction
from django.db.migrations.recorder import MigrationRecorder

SINCE = ("board", "0009_chain_and_triggers")
PREFIX = "append_only_"
# Table, and the columns by which a row could be replaced.
TABLES: dict[str, tuple[tuple[str, ...], ...]] = {
    "board_boarddecision": (("id",), ("supersedes_id",)),
    "board_boarddecision_assessments": (("id",),),
    "board_chainlink": (("sequence",), ("hash",), ("kind", "object_id")),
    "board_decisionfollowup": (("id",),),
    "board_minutes": (("id",), ("meeting_id", "version")),
    "eligibility_assessment": (("id",),),
    "eligibility_changeverdict": (("id",),),
}
_FUNCTION = """
CREATE OR REPLACE FUNCTION append_only_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END $$
"""


def protect() -> None:
    """Make every trigger anew."""
    unprotect()
    _run(_made(connection.vendor))


def unprotect() -> None:
    """Take every trigger away; those that are not there are passed over."""
    _run(_dropped(connection.vendor))


def protect_again(using: str = "default", **_kwargs) -> None:
    """After every migration: on SQLite a table that is made anew has lost its triggers without a word."""
    if using == connection.alias and SINCE in MigrationRecorder(connection).applied_migrations() and unprotected():
        protect()


@contextmanager
def lifted() -> Iterator[None]:
    """For tests that empty or tamper with their own database."""
    unprotect()
    try:
        yield
    finally:
        protect()


def unprotected() -> list[str]:
    """Names of triggers that should be there and are not, or are switched off."""
    wanted = {name for table in TABLES for name in _names(connection.vendor, table)}
    return sorted(wanted - set(_present()))


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


def _made(vendor: str) -> list[str]:
    if vendor == "postgresql":
        return [_FUNCTION, *(text for table in TABLES for text in _postgresql(table))]
    return [text for table, keys in TABLES.items() for text in _sqlite(table, keys)]


def _postgresql(table: str) -> list[str]:
    change, truncate = _names("postgresql", table)
    refuse = "EXECUTE FUNCTION append_only_refuse()"
    return [
        f"CREATE TRIGGER {change} BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW {refuse}",
        f"CREATE TRIGGER {truncate} BEFORE TRUNCATE ON {table} FOR EACH STATEMENT {refuse}",
    ]


def _sqlite(table: str, keys: tuple[tuple[str, ...], ...]) -> list[str]:
    update, delete, insert = _names("sqlite", table)
    refuse = f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
    same = " OR ".join("(" + " AND ".join(f"{name} = NEW.{name}" for name in key) + ")" for key in keys)
    there = f"EXISTS (SELECT 1 FROM {table} WHERE {same})"  # noqa: S608  (names from TABLES above)
    return [
        f"CREATE TRIGGER {update} BEFORE UPDATE ON {table} {refuse}",
        f"CREATE TRIGGER {delete} BEFORE DELETE ON {table} {refuse}",
        f"CREATE TRIGGER {insert} BEFORE INSERT ON {table} WHEN {there} {refuse}",
    ]


def _dropped(vendor: str) -> list[str]:
    if vendor == "postgresql":
        return [f"DROP TRIGGER IF EXISTS {name} ON {t}" for t in TABLES for name in _names(vendor, t)]
    return [f"DROP TRIGGER IF EXISTS {name}" for table in TABLES for name in _names(vendor, table)]


def _run(statements: list[str]) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":  # it changes no trigger of a table with checks still to come
            statements = ["SET CONSTRAINTS ALL IMMEDIATE", *statements, "SET CONSTRAINTS ALL DEFERRED"]
        for statement in statements:
            cursor.execute(statement)
