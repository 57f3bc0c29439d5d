"""Rows made once a run that come back byte by byte; the demonstration, whose files never left. SQLite only."""

import sqlite3
from collections.abc import Callable
from unittest import mock

from django.core.management import call_command
from django.db import connection


class KeptRows:
    """What a function makes of an empty database, made for the first test that asks and copied for the others."""

    def __init__(self) -> None:
        self._copies: dict[Callable[[], object], sqlite3.Connection] = {}

    def bring(self, make: Callable[[], object]) -> None:
        if make in self._copies:
            put_back(self._copies[make])
        else:
            make()
            self._copies[make] = copy_of_all()


def copy_of_all() -> sqlite3.Connection:
    copy = sqlite3.connect(":memory:", check_same_thread=False)
    connection.ensure_connection()
    connection.connection.backup(copy)
    return copy


def put_back(copy: sqlite3.Connection) -> None:
    connection.ensure_connection()
    copy.backup(connection.connection)


class KeptDemo:
    """Copies of the database in memory: ``loaded``, and ``unread``, taken while loading."""

    def __init__(self) -> None:
        self._copies: dict[str, sqlite3.Connection] = {}

    def bring(self, name: str) -> None:
        """The test's database holds what it held then."""
        if not self._copies:
            self._load()
        put_back(self._copies[name])

    def _load(self) -> None:
        from demo import loading
        from demo.management.commands import load_demo

        published = next(iter(loading.CASES))
        read_scan = loading.Loader.read_scan

        def and_keep_what_was_before(loader, case, spec):
            if case.case_number == published and spec is case.scans[-1]:
                self._copies["unread"] = copy_of_all()
            return read_scan(loader, case, spec)

        last = dict(sorted(loading.CASES.items(), key=lambda item: item[0] == published))
        with (
            mock.patch.object(load_demo, "CASES", last),
            mock.patch.object(loading.Loader, "read_scan", and_keep_what_was_before),
        ):
            call_command("load_demo", inline=True)
        self._copies["loaded"] = copy_of_all()
