"""Empty databases with all their tables, made once a run by the product's migrations.

What would migrate a database of its own copies one of these instead: the lanes, and tests that start processes.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
SQLITE, POSTGRES = "PRRT_TEST_TEMPLATE", "PRRT_TEST_TEMPLATE_DATABASE"


@contextmanager
def templates(scratch: Path, database_url: str | None) -> Iterator[dict[str, str]]:
    """What the environment of the lanes says of them; the one on the server is dropped afterwards."""
    file, name = scratch / "template.sqlite3", f"prrt_template_{os.getpid()}"
    urls = {SQLITE: f"sqlite:///{file}"}
    if database_url:
        _on_server(database_url, f'CREATE DATABASE "{name}"')
        urls[POSTGRES] = f"{database_url.rpartition('/')[0]}/{name}"
    try:
        making = [_migrate(scratch, url) for url in urls.values()]
        codes = [process.wait() for process in making]
        if any(codes):
            raise SystemExit("The tables could not be made; what failed is above.")
        yield dict(zip(urls, (str(file), name), strict=False))
    finally:
        if database_url:
            _on_server(database_url, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def copy_to(database: Path) -> bool:
    """All tables in a new file of SQLite, so that "migrate" has nothing left to do. False: nobody made a template."""
    template = os.environ.get(SQLITE)
    if template:
        database.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(template, database)
    return bool(template)


def _migrate(scratch: Path, url: str) -> subprocess.Popen:
    environment = os.environ | {"DATABASE_URL": url, "PRRT_DATA_DIR": str(scratch / "data"), "PRRT_MODE": "demo"}
    return subprocess.Popen([sys.executable, "-m", "tests.template"], cwd=REPOSITORY, env=environment)


def _on_server(url: str, statement: str) -> None:
    import psycopg2

    connection = psycopg2.connect(url)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(statement)
    connection.close()


def _make() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection

    call_command("migrate", verbosity=0)
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:  # one file, whole by itself
            cursor.execute("PRAGMA journal_mode=DELETE")


if __name__ == "__main__":
    _make()
