"""The account made on the command line of a new installation can make all the others."""

import pytest
from django.core.management import call_command
from django.urls import reverse

from patients.models import User

pytestmark = [pytest.mark.django_db, pytest.mark.urls("config.urls")]


@pytest.fixture
def first(client, monkeypatch):
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", "a-long-enough-password")
    call_command("createsuperuser", "--noinput", "--username", "first", "--email", "", verbosity=0)
    user = User.objects.get(username="first")
    client.force_login(user)
    return user


def test_it_adds_a_user_with_a_role(client, first):
    page = client.get(reverse("admin:patients_user_add"))
    assert page.status_code == 200
    sent = {
        "username": "reader",
        "usable_password": "true",
        "password1": "another-long-password",
        "password2": "another-long-password",
        "role": "nuclear_medicine",
        "is_staff": "on",
    }
    assert client.post(reverse("admin:patients_user_add"), sent).status_code == 302
    assert User.objects.get(username="reader").role == "nuclear_medicine"


def test_it_still_reads_no_clinical_record(client, first):
    assert client.get(reverse("admin:patients_patient_changelist")).status_code == 403
