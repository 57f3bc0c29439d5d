"""Reference organs are used as proposed only where nobody ever placed one, and say that nobody confirmed them."""

import pytest
from django.urls import reverse

from imaging import digests, selectors
from imaging.models import Proposal, Scan, Voi
from imaging.services import accept_reference, place_voi, remove_voi
from tests.imaging.scan_rows import current_run, finds, focus, fresh, look_again, new_reference

pytestmark = [pytest.mark.django_db, pytest.mark.one_engine]


@pytest.fixture
def liver_found(scan, monkeypatch):
    finds(monkeypatch, lambda s: [new_reference(s), new_reference(s, "spleen", refusal_code="reference_no_room")])


def livers(scan):
    return list(Voi.objects.filter(scan=scan, role="liver"))


def test_a_proposed_reference_is_used_and_says_that_nobody_confirmed_it(scan, doctor, liver_found, client):
    look_again(scan)
    (voi,) = livers(scan)
    assert voi.recorded_by is None and voi.origin["how"] == "reference"
    assert not Voi.objects.filter(scan=scan, role="spleen").exists()
    assert [item.state for item in selectors.measurements(fresh(scan))] == [selectors.CURRENT]
    client.force_login(doctor)
    assert "used as proposed, not confirmed" in client.get(reverse("imaging:scan", args=[scan.pk])).content.decode()
    look_again(scan)
    assert livers(scan) == [voi], "looked at again, it is not placed twice"
    shown = client.get(reverse("imaging:scan", args=[scan.pk])).content.decode()
    assert "used as proposed, not confirmed" in shown and "another region is placed" not in shown
    accept_reference(by=doctor, proposal=Proposal.objects.get(run=current_run(scan), role="liver"))
    assert "confirmed by doctor" in client.get(reverse("imaging:scan", args=[scan.pk])).content.decode()
    look_again(scan)
    assert "confirmed by doctor" in client.get(reverse("imaging:scan", args=[scan.pk])).content.decode()


def test_a_reference_somebody_placed_is_left_alone(scan, doctor, liver_found):
    mine, _ = place_voi(by=doctor, scan=scan, role="liver", method="sphere", centre_lps=(24, 8, -376), radius_mm=9)
    look_again(scan)
    assert [(v.pk, v.recorded_by) for v in livers(scan)] == [(mine.pk, doctor)]


def test_a_reference_taken_away_is_not_placed_again(scan, doctor, liver_found):
    look_again(scan)
    remove_voi(by=doctor, voi=livers(scan)[0], reason="in a metastasis")
    look_again(scan)
    assert livers(scan) == []


def test_a_run_names_its_inputs(scan):
    found = current_run(scan)
    assert found.input_digest == digests.of_look(scan, found.suv_result)
    assert found.method_version == digests.LOOK_VERSION and Scan.objects.count() == 1
    assert focus(scan).run == found
