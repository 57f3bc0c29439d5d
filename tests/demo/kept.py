"""The demonstration, loaded once a run: its rows come back byte by byte, its files never left."""

import sqlite3
from unittest import mock

from django.core.management import call_command
from django.db import connection


class KeptDemo:
    """Copies of the database in memory: ``loaded``, and ``unread``, taken while loading. SQLite only."""

    def __init__(self) -> None:
        self._copies: dict[str, sqlite3.Connection] = {}

    def bring(self, name: str) -> None:
        """The test's database holds what it held then."""
        if not self._copies:
            self._load()
        connection.ensure_connection()
        self._copies[name].backup(connection.connection)

    def _load(self) -> None:
        from demo import loading
        from demo.management.commands import load_demo

        published = next(iter(loading.CASES))
        read_scan = loading.Loader.read_scan

        def and_keep_what_was_before(loader, case, spec):
            if case.case_number == published and spec is case.scans[-1]:
                self._keep("unread")
            return read_scan(loader, case, spec)

        last = dict(sorted(loading.CASES.items(), key=lambda item: item[0] == published))
        with (
            mock.patch.object(load_demo, "CASES", last),
            mock.patch.object(loading.Loader, "read_scan", and_keep_what_was_before),
        ):
            call_command("load_demo", inline=True)
        self._keep("loaded")

    def _keep(self, name: str) -> None:
        copy = sqlite3.connect(":memory:", check_same_thread=False)
        connection.ensure_connection()
        connection.connection.backup(copy)
        self._copies[name] = copy
