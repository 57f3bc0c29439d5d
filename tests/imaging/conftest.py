"""People, a case, and an import that runs to its end in this process."""

import datetime as dt

import pytest

from imaging.models import Voi
from imaging.services import add_files, close_upload, open_upload, outlines
from imaging.services.running import run_until_done
from patients.domain.roles import Role
from patients.models import AccessGrant
from patients.services import create_patient, grant_access
from tests.imaging.phantom import two_bodies
from tests.imaging.scan_rows import FIRST, bring_scan, new_lesion, work_off


@pytest.fixture(autouse=True)
def _own_store(tmp_path, settings):
    settings.FILE_STORE_DIR = tmp_path / "store"


@pytest.fixture
def doctor(django_user_model):
    return django_user_model.objects.create_user("doctor", role=Role.NUCLEAR_MEDICINE)


@pytest.fixture
def colleague(django_user_model):
    return django_user_model.objects.create_user("colleague", role=Role.NUCLEAR_MEDICINE)


@pytest.fixture
def phantom_case(doctor, colleague):
    """The case whose number the phantom's files carry (``phantom.write_pet``, name "a")."""
    patient = create_patient(by=doctor, case_number="SYN-a", sex_for_formulas="F", birth_date=dt.date(1967, 3, 2))
    grant_access(by=doctor, patient=patient, user=colleague, kind=AccessGrant.Kind.CARE_TEAM)
    return patient


@pytest.fixture
def import_files(doctor):
    """``import_files(paths, patient=None, by=None)``: through the services and every job; returns the upload."""

    def run(paths, *, patient=None, by=None, labels=None):
        by = by or doctor
        upload = open_upload(by=by, patient=patient, source="command")
        files = [path.open("rb") for path in paths]
        names = labels or [path.name for path in paths]
        add_files(by=by, upload=upload, files=list(zip(names, files, strict=True)))
        for file in files:
            file.close()
        run_until_done(close_upload(by=by, upload=upload).pk)
        upload.refresh_from_db()
        return upload

    return run


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
