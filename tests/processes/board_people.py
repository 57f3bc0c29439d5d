"""The people and the case of a site under test: who imports, who administers, and the patient of the phantom."""

import datetime as dt
import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.core.management import call_command  # noqa: E402

from patients.domain.roles import Role  # noqa: E402
from patients.services import create_patient  # noqa: E402
from tests.patients.factories import make_user  # noqa: E402

CASE, BORN = "SYN-PHANTOM", dt.date(1967, 3, 2)


def main() -> None:
    call_command("migrate", verbosity=0)
    doctor = make_user(Role.NUCLEAR_MEDICINE, username="doctor")
    make_user(Role.SYSTEM_ADMIN, username="admin")
    create_patient(by=doctor, case_number=CASE, birth_date=BORN)


if __name__ == "__main__":
    main()
