"""The fixtures of this folder made once a module: a module that imports them builds its scans once, not for each test.

Every test works in a savepoint and on a store of its own that starts with the files made here. What a module's own
fixtures make once they hand out freshly read (``fresh``), so that no test sees what another did to an object.
"""

import pytest
from django.test import override_settings

from tests.imaging.people import importer, make_case, make_doctor
from tests.imaging.phantom import two_bodies
from tests.imaging.scan_rows import bring_scan, fresh, new_lesion


@pytest.fixture(scope="module")
def kept_store(once, tmp_path_factory):
    store = tmp_path_factory.mktemp("kept") / "store"
    with override_settings(FILE_STORE_DIR=store):
        yield store


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """For the files that a module imports once."""
    return tmp_path_factory.mktemp("files")


@pytest.fixture(scope="module")
def doctor(kept_store):
    return make_doctor("doctor")


@pytest.fixture(scope="module")
def colleague(kept_store):
    return make_doctor("colleague")


@pytest.fixture(scope="module")
def phantom_case(doctor, colleague):
    return make_case(doctor, colleague)


@pytest.fixture(scope="module")
def import_files(doctor):
    return importer(doctor)


@pytest.fixture(scope="module")
def made_scan(folder, phantom_case, import_files):
    return bring_scan(import_files, folder, phantom_case, paint=two_bodies)


@pytest.fixture
def scan(made_scan):
    return fresh(made_scan)


@pytest.fixture(scope="module")
def made_two(folder, doctor, phantom_case, import_files):
    """A scan, a lesion of the case, and a scan two months later."""
    before = bring_scan(import_files, folder, phantom_case, paint=two_bodies)
    lesion = new_lesion(doctor, phantom_case)
    return before, lesion, bring_scan(import_files, folder, phantom_case, "b", paint=two_bodies, days_later=60)
