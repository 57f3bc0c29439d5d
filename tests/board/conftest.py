import pytest

from tests.board.factories import TODAY, published_case


@pytest.fixture
def today(monkeypatch):
    """Pages see one fixed day; what depends on "today" is then the same every day."""
    monkeypatch.setattr("board.views.timezone.localdate", lambda *args: TODAY)
    return TODAY


@pytest.fixture
def case(db, client, today):
    """Signed-in client, its user, and the published case."""
    user, patient = published_case()
    client.force_login(user)
    return client, user, patient
