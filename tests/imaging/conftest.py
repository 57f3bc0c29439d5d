"""People, a case, and an import that runs to its end in this process."""

import os
import shutil

import pytest

from imaging.models import Voi
from imaging.services import outlines
from tests.imaging.people import importer, make_case, make_doctor
from tests.imaging.phantom import two_bodies
from tests.imaging.scan_rows import FIRST, bring_scan, new_lesion, work_off


@pytest.fixture(autouse=True)
def _own_store(request, tmp_path, settings):
    """A store of this test's own; where the module made rows once (``kept``), with the files that belong to them."""
    own = tmp_path / "store"
    if "kept_store" in request.fixturenames:
        kept = request.getfixturevalue("kept_store")
        if kept.is_dir():
            shutil.copytree(kept, own, copy_function=os.link)
    settings.FILE_STORE_DIR = own


@pytest.fixture
def doctor(db):
    return make_doctor("doctor")


@pytest.fixture
def colleague(db):
    return make_doctor("colleague")


@pytest.fixture
def phantom_case(doctor, colleague):
    return make_case(doctor, colleague)


@pytest.fixture
def import_files(doctor):
    return importer(doctor)


@pytest.fixture
def scan(tmp_path, phantom_case, import_files):
    """Two hot bodies joined by a colder bridge, with their SUV."""
    return bring_scan(import_files, tmp_path, phantom_case, paint=two_bodies)


@pytest.fixture
def lesion(scan, doctor):
    return new_lesion(doctor, scan.patient)


@pytest.fixture
def both(scan, lesion, doctor):
    """One outline over both bodies and the bridge."""
    values = {"seed_lps": FIRST, "rule": "suv", "parameter": 3.0, "reach_mm": 60}
    voi, _ = outlines.grow(by=doctor, scan=scan, lesion=lesion, **values)
    work_off()
    return Voi.objects.get(pk=voi.pk)
