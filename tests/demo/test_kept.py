"""Rows that are made once a run are those of the first time, whatever the tests before have done to them."""

import pytest
from django.db import connection

from patients.models import User
from tests.demo.kept import KeptRows
from tests.patients.factories import make_user

on_sqlite = pytest.mark.skipif(connection.vendor != "sqlite", reason="copies a database of SQLite")


@on_sqlite
def test_they_come_back_as_they_were_made_and_are_made_once(transactional_db):
    kept, made = KeptRows(), []

    def two_people() -> None:
        made.extend(make_user(role, username=role) for role in ("chair", "coordinator"))

    kept.bring(two_people)
    first = list(User.objects.order_by("pk").values())
    User.objects.filter(username="chair").update(first_name="changed")
    make_user("clinician")
    kept.bring(two_people)
    assert list(User.objects.order_by("pk").values()) == first and len(made) == 2
