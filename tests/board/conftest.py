import pytest
from django.db import transaction

from patients.models import Patient, User
from tests.board.factories import TODAY, published_case


@pytest.fixture
def today(monkeypatch):
    """Pages see one fixed day; what depends on "today" is then the same every day."""
    monkeypatch.setattr("board.views.timezone.localdate", lambda *args: TODAY)
    return TODAY


@pytest.fixture(scope="module")
def rows_of_the_case(django_db_setup, django_db_blocker):
    """The published case, made once for a module; what a test changes is rolled back to here."""
    around = transaction.atomic()
    with django_db_blocker.unblock():
        around.__enter__()
        user, patient = published_case()
    yield user.pk, patient.pk
    with django_db_blocker.unblock():
        transaction.set_rollback(True)
        around.__exit__(None, None, None)


@pytest.fixture
def published(rows_of_the_case, db):
    """User and patient of the published case."""
    user, patient = rows_of_the_case
    return User.objects.get(pk=user), Patient.objects.get(pk=patient)


@pytest.fixture
def case(published, client, today):
    """Signed-in client, its user, and the published case."""
    user, patient = published
    client.force_login(user)
    return client, user, patient
