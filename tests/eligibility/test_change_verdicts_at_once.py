"""Two readers who answer in the same moment. Its own file: the rows have to be committed to be seen by both."""

import threading

import pytest
from django.db import connection

from eligibility.models import ChangeVerdict
from tests.eligibility.change_case import illustrative_case
from tests.eligibility.test_change_verdicts import give, reader, together


@pytest.mark.django_db(transaction=True)
def test_two_readers_at_once_are_two_and_one_reader_twice_is_one():
    user, patient = illustrative_case("R-1")
    other, errors = reader(patient), []

    def at_once(by):
        try:
            give(by, patient)
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=at_once, args=(by,)) for by in (user, other, user, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert errors == []
    assert ChangeVerdict.objects.count() == 2 and together(patient)
