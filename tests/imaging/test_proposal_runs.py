"""Looking again: one run counts, decisions stay, references are used as proposed only where nobody placed one."""

import threading

import pytest
from django.urls import reverse

from imaging import digests, jobs, selectors
from imaging.models import ImageProduct, Job, LesionMatch, Proposal, ProposalRun, UptakeMeasurement
from imaging.services import (
    accept_as_lesion,
    correct_suv_input,
    looking,
    place_voi,
    reject_proposal,
    remove_voi,
    reopen_proposal,
    request_look,
    request_measurements,
)
from imaging.services.running import run, run_until_done
from patients.services import revise
from tests.imaging.phantom import two_bodies
from tests.imaging.scan_rows import (
    FIRST,
    OTHER_BODY,
    bring_scan,
    current_run,
    drawn,
    finds,
    fresh,
    look_again,
    new_focus,
    new_lesion,
    refusal_of,
    work_off,
)

pytestmark = [pytest.mark.django_db, pytest.mark.one_engine]


@pytest.fixture
def two_foci(scan, monkeypatch):
    finds(monkeypatch, lambda s: [new_focus(s, 1), new_focus(s, 2, OTHER_BODY)])
    look_again(scan)
    return list(Proposal.objects.filter(run=current_run(scan)).order_by("number"))


def now(scan, number=1) -> Proposal:
    return Proposal.objects.get(run=current_run(scan), number=number)


def weigh(scan, doctor, value="90"):
    return correct_suv_input(by=doctor, series=scan.pet_series, name="body_weight_kg", value=value, reason="weighed")


def test_a_proposal_of_a_superseded_run_is_refused(scan, doctor, two_foci):
    stale = two_foci[0]
    look_again(scan)
    assert current_run(scan) != stale.run
    assert refusal_of(accept_as_lesion, by=doctor, proposal=stale, organ="liver") == "proposal_outdated"
    assert refusal_of(reject_proposal, by=doctor, proposal=stale) == "proposal_outdated"
    assert ProposalRun.objects.filter(scan=scan, superseded_at=None).count() == 1


@pytest.mark.parametrize("is_physiologic", [True, False])
def test_a_rejected_outline_is_not_asked_about_again(scan, doctor, two_foci, is_physiologic):
    reject_proposal(by=doctor, proposal=two_foci[0], is_physiologic=is_physiologic, reason="kidney")
    run_until_done(weigh(scan, doctor).pk)
    found = now(scan)
    assert found.pk != two_foci[0].pk
    assert (found.state, found.decided_by, found.decision_reason) == (
        "physiologic" if is_physiologic else "rejected",
        doctor,
        "kidney",
    )
    assert now(scan, 2).state == "open"


def test_an_accepted_outline_stays_accepted_while_its_region_is_there(scan, doctor, two_foci):
    _, voi, _ = accept_as_lesion(by=doctor, proposal=two_foci[0], organ="liver")
    look_again(scan)
    assert (now(scan).state, now(scan).voi) == ("accepted", voi)
    remove_voi(by=doctor, voi=voi, reason="no lesion")
    look_again(scan)
    assert now(scan).state == "open"


def test_what_was_opened_again_stays_open_when_the_scan_is_looked_at_again(scan, doctor, two_foci):
    """The rejection of an older run must not come back over the newer word of a person."""
    reject_proposal(by=doctor, proposal=two_foci[0])
    look_again(scan)
    reopen_proposal(by=doctor, proposal=now(scan), reason="seen on CT")
    look_again(scan)
    assert now(scan).state == "open"


def test_a_corrected_weight_supersedes_run_measurements_and_pictures_at_once(scan, doctor, two_foci, client):
    voi = drawn(scan, new_lesion(doctor, scan.patient), doctor)
    old = current_run(scan)
    pictures = set(ImageProduct.objects.filter(scan=scan, superseded_at=None).values_list("pk", flat=True))
    assert pictures
    job = weigh(scan, doctor)
    client.force_login(doctor)
    shown = client.get(reverse("imaging:scan", args=[scan.pk])).content.decode()
    assert "22.2" not in shown.replace("22.20", "22.2"), "an SUV of the old weight is not shown as today's"
    followers = run(job.pk)
    old.refresh_from_db()
    assert old.superseded_at is not None, "nothing of the old SUV counts from the moment the new one is there"
    assert not ImageProduct.objects.filter(pk__in=pictures, superseded_at=None).exists()
    assert UptakeMeasurement.objects.filter(voi=voi, superseded_at=None).get().suv_result != old.suv_result
    for follower in followers:
        run_until_done(follower)
    assert current_run(scan).suv_result == selectors.current_suv(fresh(scan).pet_series).result
    assert now(scan).numbers["suv_max"] == pytest.approx(1.5 * two_foci[0].numbers["suv_max"], rel=1e-6)
    assert ImageProduct.objects.filter(scan=scan, superseded_at=None).exists()


def test_a_correction_withdrawn_leaves_no_picture_of_an_suv_that_is_gone(tmp_path, phantom_case, doctor, import_files):
    from imaging.models import SuvInput
    from imaging.services import withdraw_suv_input

    scan = bring_scan(import_files, tmp_path, phantom_case, body_weight_kg=None)
    run_until_done(weigh(scan, doctor, "60").pk)
    assert ImageProduct.objects.filter(scan=scan, superseded_at=None).exists()
    run_until_done(withdraw_suv_input(by=doctor, correction=SuvInput.objects.get(), reason="was another patient's").pk)
    assert not ImageProduct.objects.filter(scan=scan, superseded_at=None).exists()
    assert current_run(scan).refusal_code == "patient_weight_missing"


def test_a_look_that_began_before_a_correction_does_not_replace_what_came_after(scan, doctor, monkeypatch):
    """The slow worker comes back with proposals of an SUV that is gone."""
    finds(monkeypatch, lambda s: [new_focus(s)])
    slow = looking.propose
    ProposalRun.objects.filter(scan=scan).update(input_digest="0" * 64)
    (job,) = request_look(scan=fresh(scan))

    def overtaken(*args, **more):
        monkeypatch.setattr(looking, "propose", slow)
        found = slow(*args, **more)
        run_until_done(weigh(scan, doctor).pk)
        return found

    monkeypatch.setattr(looking, "propose", overtaken)
    run_until_done(job.pk)
    assert current_run(scan).suv_result == selectors.current_suv(fresh(scan).pet_series).result
    today = {digests.of_pictures(fresh(scan), current_run(scan).suv_result)}
    assert (
        set(ImageProduct.objects.filter(scan=scan, superseded_at=None).values_list("input_digest", flat=True)) == today
    )


def test_a_measurement_that_began_before_a_correction_does_not_replace_what_came_after(scan, doctor, monkeypatch):
    from imaging.services import measuring

    lesion = new_lesion(doctor, scan.patient)
    place_voi(by=doctor, scan=scan, role="lesion", lesion=lesion, method="sphere", centre_lps=FIRST, radius_mm=9)
    job = request_measurements(scan=fresh(scan))
    slow = measuring.measure_scan

    def overtaken(*args, **more):
        monkeypatch.setattr(measuring, "measure_scan", slow)
        found = slow(*args, **more)
        run_until_done(weigh(scan, doctor).pk)
        return found

    monkeypatch.setattr(measuring, "measure_scan", overtaken)
    run_until_done(job.pk)
    work_off()
    (item,) = selectors.measurements(fresh(scan))
    assert item.state == selectors.CURRENT
    assert not Job.objects.filter(state="failed").exists() and not Job.objects.filter(state="queued").exists()


def test_two_workers_leave_one_run(scan, monkeypatch):
    """The first loses its lease while it looks; what it brings afterwards is dropped."""
    finds(monkeypatch, lambda s: [new_focus(s)])
    ProposalRun.objects.filter(scan=scan).update(input_digest="0" * 64)
    (job,) = request_look(scan=fresh(scan))
    first = jobs.claim(job.pk)
    assert jobs.claim(job.pk) is None, "a claimed job is nobody else's"
    Job.objects.filter(pk=job.pk).update(lease_until="2020-01-01T00:00Z")
    run(job.pk)
    kept = current_run(scan)
    with pytest.raises(jobs.LeaseLost), jobs.Lease(job.pk, first) as lease:
        looking.run_scan(Job.objects.get(pk=job.pk), lease)
    assert current_run(scan) == kept and Proposal.objects.filter(run=kept).count() == 1
    assert threading.active_count() < 10


def test_asking_twice_is_asking_once(scan, monkeypatch):
    finds(monkeypatch, lambda s: [new_focus(s)])
    look_again(scan)
    kept = current_run(scan)
    assert request_look(scan=fresh(scan)) == []
    for job in Job.objects.filter(kind="scan"):
        Job.objects.filter(pk=job.pk).update(state="queued")
        run_until_done(job.pk)
    assert current_run(scan) == kept and Proposal.objects.filter(run=kept).count() == 1


def test_going_back_to_earlier_marks_on_the_scan_before_is_a_new_look(tmp_path, scan, doctor, import_files):
    """A region drawn on the scan before and taken away again: the same marks, and still a job that ends well."""
    later = bring_scan(import_files, tmp_path, scan.patient, "b", paint=two_bodies, days_later=60)
    work_off()
    voi = drawn(scan, new_lesion(doctor, scan.patient), doctor)
    work_off()
    assert LesionMatch.objects.filter(run=current_run(later)).count() == 1
    remove_voi(by=doctor, voi=voi, reason="no lesion")
    work_off()
    assert not Job.objects.exclude(state="done").exists()
    assert current_run(later).input_digest == digests.of_look(fresh(later), current_run(later).suv_result)


def test_a_tracer_named_later_is_looked_at_again(scan, doctor, client):
    revise(scan, by=doctor, reason="typed", tracer="18F-NaF")
    look_again(scan)
    assert current_run(scan).refusal_code == "tracer_not_proposed"
    revise(fresh(scan), by=doctor, reason="corrected", tracer="68Ga-DOTATOC")
    client.force_login(doctor)
    assert f"/imaging/scans/{scan.pk}/look/" in client.get(reverse("imaging:scan", args=[scan.pk])).content.decode()
    assert len(request_look(scan=fresh(scan))) == 1
