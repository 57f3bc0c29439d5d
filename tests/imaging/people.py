"""Makers of readers and of the phantom's case, and an import that runs to its end in this process."""

import datetime as dt

from imaging.services import add_files, close_upload, open_upload
from imaging.services.running import run_until_done
from patients.domain.roles import Role
from patients.models import AccessGrant, Patient, User
from patients.services import create_patient, grant_access


def make_doctor(name: str) -> User:
    return User.objects.create_user(name, role=Role.NUCLEAR_MEDICINE)


def make_case(doctor: User, colleague: User) -> Patient:
    """The case whose number the phantom's files carry (``phantom.write_pet``, name "a")."""
    patient = create_patient(by=doctor, case_number="SYN-a", sex_for_formulas="F", birth_date=dt.date(1967, 3, 2))
    grant_access(by=doctor, patient=patient, user=colleague, kind=AccessGrant.Kind.CARE_TEAM)
    return patient


def importer(doctor: User):
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
