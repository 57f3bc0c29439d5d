"""A test that commits has its rows swept away afterwards, by what costs little on each engine."""

import re
from unittest import mock

from django.db.backends.base.operations import BaseDatabaseOperations

from board.append_only import lifted

_sweep = BaseDatabaseOperations.execute_sql_flush


def swept():
    """While it is entered, tables are emptied although rows of some may not be deleted."""
    return mock.patch.object(BaseDatabaseOperations, "execute_sql_flush", _empty)


def _empty(operations, statements) -> None:
    if statements and operations.connection.vendor == "postgresql" and _may_leave_triggers_out(operations.connection):
        return _sweep(operations, _of_rows_only(operations.connection, statements))
    with lifted():
        return _sweep(operations, statements)


def _may_leave_triggers_out(connection) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SHOW is_superuser")
        return cursor.fetchone() == ("on",)


def _of_rows_only(connection, statements) -> list[str]:
    """TRUNCATE makes the files of a hundred tables anew, 0.7 s each time; most tests leave rows in few of them."""
    tables = re.findall(r'"(\w+)"', " ".join(statements))
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(f"SELECT '{one}' WHERE EXISTS (SELECT 1 FROM \"{one}\")" for one in tables))
        filled = [name for (name,) in cursor.fetchall()]
    return ["SET LOCAL session_replication_role = replica", *(f'DELETE FROM "{one}"' for one in filled)]
