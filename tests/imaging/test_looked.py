"""A list without open foci says that none was found only where somebody looked at today's inputs."""

import pytest
from django.urls import reverse

from imaging.models import Job, ProposalRun, Scan, SuvResult
from patients.services import record, revise
from tests.imaging.scan_rows import bring_scan, current_run, finds, focus, fresh, look_again

pytestmark = pytest.mark.django_db
NONE, NOBODY = "No foci above threshold", "No foci were looked for."


@pytest.fixture
def scan(tmp_path, phantom_case, import_files, doctor, client, monkeypatch):
    finds(monkeypatch, lambda scan: [])
    client.force_login(doctor)
    return bring_scan(import_files, tmp_path, phantom_case)


def page(client, scan) -> str:
    return client.get(reverse("imaging:read", args=[scan.pk])).content.decode()


def test_a_look_that_found_nothing_asks_whether_that_is_the_result(client, scan):
    assert f"{NONE}. Record as no SSTR-positive lesion?" in page(client, scan)


def test_a_look_of_earlier_inputs_is_none(client, scan):
    ProposalRun.objects.filter(pk=current_run(scan).pk).update(input_digest="0" * 64)
    html = page(client, scan)
    assert NONE not in html and f"{NOBODY} Ask for it on the page of the scan." in html


@pytest.mark.parametrize(
    ("state", "words"), [("failed", f"{NOBODY} It stopped."), ("queued", "Foci are being looked for.")]
)
def test_work_that_has_not_ended_well_is_none(client, scan, state, words):
    ProposalRun.objects.filter(pk=current_run(scan).pk).update(input_digest="0" * 64)
    Job.objects.filter(kind="scan", subject_id=scan.pk).update(state=state, message="It stopped.")
    html = page(client, scan)
    assert NONE not in html and words in html


def test_before_the_suv_is_known_nobody_looked(client, scan):
    SuvResult.objects.update(input_digest="0" * 64)
    html = page(client, scan)
    assert NONE not in html and f"{NOBODY} The SUV is being computed." in html


def test_a_refused_look_says_why(client, scan):
    ProposalRun.objects.filter(pk=current_run(scan).pk).update(refusal_code="x", refusal_message="The CT is missing.")
    html = page(client, scan)
    assert NONE not in html and f"{NOBODY} The CT is missing." in html


def test_foci_that_were_decided_are_not_none(client, scan):
    focus(scan, state="rejected")
    html = page(client, scan)
    assert NONE not in html and "No focus is left to decide" in html


def test_without_pet_nobody_looked(client, scan, doctor, phantom_case):
    bare = record(Scan, by=doctor, patient=phantom_case, tracer="68Ga-DOTATATE")
    html = page(client, bare)
    assert NONE not in html and f"{NOBODY} This scan has no PET images." in html


def test_of_another_tracer_no_sstr_result_is_asked(client, scan, doctor):
    revise(scan, by=doctor, reason="request form", tracer="18F-FDG")
    look_again(fresh(scan))
    html = page(client, scan)
    assert f"{NONE}." in html and "SSTR-positive" not in html
