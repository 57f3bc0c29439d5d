"""What is changed at the data desk is looked for again on the scans it bears on, without anybody asking."""

import pytest
from django.urls import reverse

from imaging import digests, selectors, tasks
from imaging.models import Job, LesionFinding, ProposalRun
from imaging.services import request_looks
from patients.services import record
from tests.imaging.phantom import two_bodies
from tests.imaging.scan_rows import bring_scan, drawn, fresh, new_lesion, work_off
from tests.imaging.test_admin import post, url

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(client, doctor):
    doctor.is_staff = True
    doctor.save()
    client.force_login(doctor)
    return client


@pytest.fixture(scope="module")
def made(folder, phantom_case, import_files):
    found = [
        bring_scan(import_files, folder, phantom_case, name, paint=two_bodies, days_later=days)
        for name, days in (("a", 0), ("b", 60), ("c", 120))
    ]
    work_off()
    return found


@pytest.fixture
def scans(made):
    """Three of one case, each looked at."""
    return [fresh(scan) for scan in made]


@pytest.fixture
def lesion(scans, doctor):
    found = new_lesion(doctor, scans[0].patient)
    drawn(scans[0], found, doctor)
    record(LesionFinding, by=doctor, lesion=found, scan=scans[0], long_axis_mm=20)
    request_looks(patient=scans[0].patient)
    work_off()
    assert not any(is_outdated(scan) for scan in scans)
    return found


def is_outdated(scan) -> bool:
    run = ProposalRun.objects.get(scan=scan, superseded_at=None)
    return run.input_digest != digests.of_look(fresh(scan), selectors.current_suv(fresh(scan).pet_series).result)


def looks() -> set:
    return set(Job.objects.filter(kind=Job.Kind.SCAN, state=Job.State.QUEUED).values_list("subject_id", flat=True))


@pytest.fixture
def bells(monkeypatch, django_capture_on_commit_callbacks):
    """Runs a step of the desk as a committed request; returns the jobs whose bell rang."""

    def ring(step) -> set:
        rung = set()
        monkeypatch.setattr(tasks.run_job, "delay", rung.add)
        with django_capture_on_commit_callbacks(execute=True):
            step()
        return rung

    return ring


def change_finding_on_lesion(desk, lesion, scan):
    post(desk, url("lesion_change", lesion.pk), **{"findings-0-status": "resolved", "change_reason": "gone on CT"})


def change_finding_on_scan(desk, lesion, scan):
    post(desk, url("scan_change", scan.pk), **{"findings-0-status": "resolved", "change_reason": "gone on CT"})


def change_date(desk, lesion, scan):
    post(desk, url("scan_change", scan.pk), **{"clinical_date": "2026-07-20", "change_reason": "mistyped"})


@pytest.mark.parametrize("change", [change_finding_on_lesion, change_finding_on_scan, change_date])
def test_a_change_at_the_desk_starts_a_look_at_every_later_scan(desk, scans, lesion, bells, change):
    rung = bells(lambda: change(desk, lesion, scans[0]))
    assert {scan.pk for scan in scans[1:]} <= looks()
    waiting = Job.objects.filter(kind=Job.Kind.SCAN, state=Job.State.QUEUED)
    assert {str(pk) for pk in waiting.values_list("pk", flat=True)} <= rung, "each has its bell"
    work_off()
    assert not any(is_outdated(scan) for scan in scans)


def test_a_scan_taken_out_at_the_desk_starts_a_look_at_those_after_it(desk, doctor, scans, lesion, bells):
    rung = bells(lambda: desk.post(reverse("admin:imaging_scan_delete", args=[scans[1].pk]), {"reason": "not hers"}))
    assert looks() == {scans[2].pk} and rung
    work_off()
    assert not is_outdated(scans[2])


def test_a_save_without_a_change_asks_for_nothing(desk, scans, lesion, bells):
    assert bells(lambda: post(desk, url("scan_change", scans[0].pk))) == set()
    assert not looks()
