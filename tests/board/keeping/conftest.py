"""A second, empty installation on the same kind of database."""

import os
import uuid
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.db import connection

from tests import template


@contextmanager
def another_database(name: str):
    """Everything that Django does inside is done in ``name``."""
    before = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = name
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = before


def _admin(statement: str) -> None:
    with connection._nodb_cursor() as cursor:
        cursor.execute(statement)


@pytest.fixture
def made_of() -> str | None:
    """The template whose empty tables the second database of a server begins with; None: it begins without tables."""
    return os.environ.get(template.POSTGRES)


@pytest.fixture
def elsewhere(transactional_db, tmp_path, settings, made_of):
    """``with elsewhere():`` an empty database, and an empty store; made once."""
    name = str(tmp_path / "other.sqlite3") if connection.vendor == "sqlite" else f"restored_{uuid.uuid4().hex[:12]}"
    if connection.vendor == "postgresql":
        _admin(f'CREATE DATABASE "{name}"' + (f' TEMPLATE "{made_of}"' if made_of else ""))
    here, there = settings.FILE_STORE_DIR, tmp_path / "other" / "store"

    @contextmanager
    def enter():
        settings.FILE_STORE_DIR = there
        try:
            with another_database(name):
                yield Path(there)
        finally:
            settings.FILE_STORE_DIR = here

    yield enter
    connection.close()
    if connection.vendor == "postgresql":
        _admin(f'DROP DATABASE "{name}"')


@pytest.fixture(autouse=True)
def own_store(tmp_path, settings):
    settings.FILE_STORE_DIR = tmp_path / "here" / "store"
    settings.ANCHOR_FILE = ""
