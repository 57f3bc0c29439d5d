"""Fixtures that every folder uses. Science tests need none of the database ones."""

import os
from pathlib import Path

import hypothesis
import pytest

from tests import parts, template
from tests.demo.kept import KeptDemo, KeptRows

REPOSITORY = Path(__file__).resolve().parent.parent

# How long an example takes tells of the machine and of what else runs on it. What may take only so long has a
# benchmark or a test of its own.
hypothesis.settings.register_profile(
    "any machine", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("any machine")


def pytest_collection_modifyitems(config, items):
    """The part of the suite that was asked for on this engine: see tests/parts.py."""
    kept = [item for item in items if parts.is_wanted(item)]
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = kept


@pytest.fixture(scope="session")
def django_db_modify_db_settings():
    """A database of this run's own: a file for SQLite (as in the product), a named one for PostgreSQL.

    It is thrown away, so it need not survive a power cut: nothing waits for the disk. Tests that kill processes
    make their own databases with the product's settings.
    """
    from django.conf import settings

    database = settings.DATABASES["default"]
    test, options = database.setdefault("TEST", {}), database["OPTIONS"]
    if database["ENGINE"].endswith("sqlite3"):
        test["NAME"] = str(Path(os.environ["PRRT_TEST_DATA_DIR"]) / "test.sqlite3")
        test["MIGRATE"] = not template.copy_to(Path(test["NAME"]))
        options["init_command"] = options["init_command"].replace("synchronous=FULL", "synchronous=OFF")
    else:
        test["NAME"] = f"test_prrt_{os.getpid()}"
        test["TEMPLATE"] = os.environ.get(template.POSTGRES)
        test["MIGRATE"] = not test["TEMPLATE"]
        options["options"] = "-c synchronous_commit=off"


@pytest.fixture(scope="session")
def django_db_keepdb(request, django_db_modify_db_settings):
    """A file that was copied here with its tables is used as it is; it goes with the folder of this run."""
    from django.conf import settings

    return request.config.getvalue("reuse_db") or Path(settings.DATABASES["default"]["TEST"]["NAME"] or "").is_file()


@pytest.fixture(scope="session", autouse=True)
def quick_settings():
    """Sign-ins of tests protect nothing, and the real hash costs a third of a second each. Every test client starts the
    site anew: it looks for a static file when one is asked for, instead of reading them all. No anchor is kept: it would
    tell of rows that were swept away.
    """
    from django.test import override_settings

    hashers = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    with override_settings(PASSWORD_HASHERS=hashers, WHITENOISE_AUTOREFRESH=True, ANCHOR_FILE=""):
        yield


@pytest.fixture(scope="module")
def once(django_db_setup, django_db_blocker):
    """For rows that a module makes once: each of its tests works in a savepoint inside and leaves them as they were."""
    from django.db import transaction

    with django_db_blocker.unblock(), transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.fixture(scope="session")
def kept_demo():
    return KeptDemo()


@pytest.fixture(scope="session")
def kept_rows():
    return KeptRows()


@pytest.fixture
def demo_loaded(transactional_db, kept_demo):
    """The demonstration as `load_demo` leaves it."""
    kept_demo.bring("loaded")


@pytest.fixture
def demo_unread(transactional_db, kept_demo):
    """The demonstration before the newest scan of the published case is read, and before any decision."""
    kept_demo.bring("unread")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Reference and real DICOM; where it is absent the test is skipped by name."""
    folder = Path(os.environ.get("PRRT_SHARED_DATA", REPOSITORY.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"reference data not found: set PRRT_SHARED_DATA (looked in {folder})")
    return folder


@pytest.fixture(scope="session", autouse=True)
def emptied_between_tests():
    """A test that commits has its rows swept away afterwards; only for that may signed rows be deleted."""
    from tests.emptying import swept

    with swept():
        yield
