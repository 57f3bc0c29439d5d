"""Two people make a new lesion of the same case at the same moment: two labels, and nobody is sent away."""

import threading

import pytest
from django.db import connection

from imaging.models import Lesion
from imaging.services import accept_as_lesion, lesions
from tests.imaging.phantom import two_bodies
from tests.imaging.scan_rows import HOT_BODY, OTHER_BODY, bring_scan, focus

WAIT_SECONDS = 1.0


@pytest.mark.django_db(transaction=True)
def test_two_new_lesions_at_once_take_turns_for_a_label(
    tmp_path, phantom_case, doctor, colleague, import_files, monkeypatch
):
    scan = bring_scan(import_files, tmp_path, phantom_case, paint=two_bodies)
    foci = [focus(scan, 1, HOT_BODY), focus(scan, 2, OTHER_BODY)]
    both_have_looked, errors = threading.Barrier(2), []
    look = lesions.next_label

    def look_and_linger(patient) -> str:
        """Whoever is alone here was given its turn; two of them would have read the same label."""
        found = look(patient)
        try:
            both_have_looked.wait(WAIT_SECONDS)
        except threading.BrokenBarrierError:
            pass
        return found

    monkeypatch.setattr(lesions, "next_label", look_and_linger)

    def accept(by, proposal):
        try:
            accept_as_lesion(by=by, proposal=proposal, organ="liver")
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    people = zip((doctor, colleague), foci, strict=True)
    threads = [threading.Thread(target=accept, args=pair) for pair in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert errors == []
    assert sorted(Lesion.objects.values_list("label", flat=True)) == ["L01", "L02"]
