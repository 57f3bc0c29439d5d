"""The trail as news: nothing is read twice, nothing is stepped over."""

import threading

import pytest
from django.db import connection, transaction

from patients import outbox, services
from patients.models import AuditEvent
from tests.patients.factories import make_patient, make_user

pytestmark = pytest.mark.both_engines


@pytest.mark.django_db
def test_news_comes_in_order_after_the_cursor():
    user = make_user()
    patient = make_patient(user)
    first = outbox.news(after_id=0)
    assert [event.action for event in first] == ["create_patient", "grant_access"]
    assert outbox.news(after_id=first[-1].id) == []
    services.update_patient(patient, by=user, reason="letter", centre="Prague")
    assert [event.action for event in outbox.news(after_id=first[-1].id)] == ["update_patient"]
    assert len(outbox.news(after_id=0, limit=2)) == 2


@pytest.mark.django_db(transaction=True)
def test_a_row_that_commits_late_is_not_stepped_over():
    """An id is handed out before commit: a later id may be visible first, and the cursor would pass the earlier one."""
    if connection.vendor != "postgresql":
        pytest.skip("only PostgreSQL has several writers at a time")
    user = make_user()
    slow_has_written, slow_may_commit = threading.Event(), threading.Event()

    def slow_writer():
        with transaction.atomic():
            services.audit(by=user, action="slow", obj=user)
            slow_has_written.set()
            slow_may_commit.wait(10)
        connection.close()

    read: list[str] = []

    def reader():
        read.extend(event.action for event in outbox.news(after_id=0))
        connection.close()

    threads = [threading.Thread(target=slow_writer), threading.Thread(target=reader)]
    threads[0].start()
    assert slow_has_written.wait(10)
    services.audit(by=user, action="quick", obj=user)
    threads[1].start()
    threads[1].join(0.5)
    assert threads[1].is_alive(), "the reader waits for the writer before it"
    slow_may_commit.set()
    for thread in threads:
        thread.join(10)
    assert read == ["slow", "quick"]
    assert AuditEvent.objects.count() == 2
