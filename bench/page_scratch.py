"""Scratch databases for the bench of pages: made, filled with synthetic patients and removed again."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

POSTGRES = os.environ.get("TEST_DATABASE_URL", "postgres://postgres@127.0.0.1:5432/postgres")
REPOSITORY = Path(__file__).resolve().parent.parent


class SqliteScratch:
    def __enter__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="prrt-bench-"))
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.folder, ignore_errors=True)

    @staticmethod
    def missing() -> str:
        return ""

    def make(self, name: str, patients: int) -> dict[str, str]:
        return _filled({"PRRT_DATA_DIR": str(self.folder / name), "DATABASE_URL": ""}, patients)


class PostgresScratch:
    def __enter__(self):
        self.folder, self.names = Path(tempfile.mkdtemp(prefix="prrt-bench-")), []
        return self

    def __exit__(self, *_):
        for name in self.names:
            _as_postgres(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        shutil.rmtree(self.folder, ignore_errors=True)

    @staticmethod
    def missing() -> str:
        try:
            _as_postgres("SELECT 1")
        except Exception as error:
            return f"no PostgreSQL answered ({type(error).__name__}); name one in TEST_DATABASE_URL"
        return ""

    def make(self, name: str, patients: int) -> dict[str, str]:
        database = f"prrt_bench_{name}_{os.getpid()}"
        self.names.append(database)
        _as_postgres(f'CREATE DATABASE "{database}"')
        url = urlsplit(POSTGRES)._replace(path=f"/{database}").geturl()
        return _filled({"PRRT_DATA_DIR": str(self.folder), "DATABASE_URL": url}, patients, "VACUUM ANALYZE")


def _as_postgres(statement: str) -> None:
    import psycopg2

    connection = psycopg2.connect(POSTGRES, connect_timeout=3)
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement)
    finally:
        connection.close()


def _filled(environment: dict[str, str], patients: int, then: str = "") -> dict[str, str]:
    """SQLite stays without planner statistics, as after installation; PostgreSQL gathers its own in daily use."""
    child_process(environment, "manage.py", "migrate", "--verbosity", "0")
    child_process(environment, "manage.py", "load_scale", str(patients))
    if then:
        code = f"from django.db import connection\nconnection.cursor().execute({then!r})"
        child_process(environment, "manage.py", "shell", "--verbosity", "0", "-c", code)
    return environment


def child_process(environment: dict[str, str], *arguments: str) -> str:
    env = {**os.environ, "PRRT_MODE": "demo", "DJANGO_SETTINGS_MODULE": "config.settings", **environment}
    if not env.get("DATABASE_URL"):
        env.pop("DATABASE_URL", None)
    done = subprocess.run(
        [sys.executable, *arguments], check=False, env=env, cwd=REPOSITORY, capture_output=True, text=True
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(arguments[:2])} failed:\n{done.stderr[-2000:]}")
    return done.stdout.strip().splitlines()[-1] if done.stdout.strip() else ""
