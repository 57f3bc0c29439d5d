"""Fixtures that every folder uses. Science tests need none of the database ones."""

import os
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def django_db_modify_db_settings():
    """A database of this run's own: a file for SQLite (as in the product), a named one for PostgreSQL."""
    from django.conf import settings

    test = settings.DATABASES["default"].setdefault("TEST", {})
    if settings.DATABASES["default"]["ENGINE"].endswith("sqlite3"):
        test["NAME"] = str(Path(os.environ["PRRT_TEST_DATA_DIR"]) / "test.sqlite3")
    else:
        test["NAME"] = f"test_prrt_{os.getpid()}"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Reference and real DICOM; where it is absent the test is skipped by name."""
    folder = Path(os.environ.get("PRRT_SHARED_DATA", REPOSITORY.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"reference data not found: set PRRT_SHARED_DATA (looked in {folder})")
    return folder
