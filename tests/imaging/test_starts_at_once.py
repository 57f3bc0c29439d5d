"""A reading started twice at the same moment, as by a double click, is one draft."""

import threading

import pytest
from django.db import connection

from imaging.models import Reading, Scan
from imaging.services import start_reading
from patients.services import record

WAIT_SECONDS = 1.0


@pytest.mark.django_db(transaction=True)
def test_two_starts_at_once_meet_in_one_draft(phantom_case, doctor, monkeypatch):
    scan = record(Scan, by=doctor, patient=phantom_case, tracer="68Ga-DOTATATE")
    both_have_looked, started, errors = threading.Barrier(2), [], []
    save = Reading.save

    def linger_and_save(self, *args, **kwargs):
        """Whoever is alone here was given its turn; two of them would both have found no draft."""
        try:
            both_have_looked.wait(WAIT_SECONDS)
        except threading.BrokenBarrierError:
            pass
        return save(self, *args, **kwargs)

    monkeypatch.setattr(Reading, "save", linger_and_save)

    def start():
        try:
            started.append(start_reading(by=doctor, scan=scan).pk)
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=start) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert errors == []
    assert len(started) == 2 and set(started) == {Reading.objects.get().pk}
