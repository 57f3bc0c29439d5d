"""Small makers of accounts and cases, through the services."""

import itertools

from patients import services
from patients.models import User

_numbers = itertools.count(1)


def make_user(role="clinician", **fields) -> User:
    fields.setdefault("username", f"{role}-{next(_numbers)}")
    return User.objects.create_user(password="not-a-real-password", role=role, **fields)


def make_patient(by=None, **fields):
    fields.setdefault("case_number", f"T-{next(_numbers):04d}")
    return services.create_patient(by=by or make_user(), **fields)
