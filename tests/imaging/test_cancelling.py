"""Cancelled work ends in somebody's name, nothing of it is kept, and only a person starts it again."""

import uuid

import pytest

from imaging import access, jobs, selectors
from imaging.models import Job, Series, SuvResult, Upload, UploadItem
from imaging.refused import Refused, sentence
from imaging.services import add_files, cancel_job, close_upload, open_upload, retry_job
from imaging.services.running import RUNNERS, run, run_until_done
from patients.models import AuditEvent
from tests.imaging.phantom import write_pet
from tests.imaging.test_jobs import age, expire, new_job
from tests.patients.factories import make_patient, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.both_engines]


def row(job):
    return Job.objects.get(pk=job.pk)


@pytest.fixture
def upload(doctor, phantom_case, tmp_path):
    """Twelve files of the case, received and not imported yet; its job."""
    upload = open_upload(by=doctor, patient=phantom_case, source="command")
    paths = write_pet(tmp_path / "files", "a", slices=12)
    files = [path.open("rb") for path in paths]
    add_files(by=doctor, upload=upload, files=[(path.name, file) for path, file in zip(paths, files, strict=True)])
    for file in files:
        file.close()
    return upload, close_upload(by=doctor, upload=upload)


def test_waiting_work_is_cancelled_at_once_by_name_and_time(doctor):
    job = new_job()
    cancel_job(by=doctor, job=job)
    found = row(job)
    assert (found.state, found.cancelled_by, found.reason_code) == (Job.State.CANCELLED, doctor, "job_cancelled")
    assert found.finished_at is not None and found.message == sentence("job_cancelled")
    event = AuditEvent.objects.get(action="cancel_job")
    assert (event.by, event.object_id, event.before, event.after) == (
        doctor, str(job.pk), {"state": "queued"}, {"state": "cancelled"},
    )  # fmt: skip
    assert jobs.claim(job.pk) is None


def test_running_work_stops_at_its_next_step_and_keeps_nothing(doctor, monkeypatch):
    """The step after the cancellation is never reached, nor is the effect."""
    job, reached = new_job(), []

    def work(job, lease):
        lease.progress("first", 1, 2)
        cancel_job(by=doctor, job=row(job))
        reached.append("cancelled")
        lease.progress("second", 2, 2)
        reached.append("second")
        with lease.effect():
            Upload.objects.create(by=doctor, source="command")
            lease.finish()
        return []

    monkeypatch.setitem(RUNNERS, "measure", work)
    assert run(job.pk) == []
    assert reached == ["cancelled"]
    assert (row(job).state, row(job).stage, row(job).cancelled_by) == (Job.State.CANCELLED, "first", doctor)
    assert not Upload.objects.exists()


def test_an_effect_that_was_ready_when_the_job_was_cancelled_is_dropped(doctor):
    job = new_job()
    lease = jobs.Lease(job.pk, jobs.claim(job.pk))
    cancel_job(by=doctor, job=job)
    with pytest.raises(jobs.LeaseLost), lease.effect():
        pytest.fail("the effect of cancelled work ran")
    for late in (lease.finish, lambda: jobs.fail(job.pk, lease.token, code="x", message="x")):
        with pytest.raises(jobs.LeaseLost):
            late()
    jobs.give_back(job.pk, lease.token)
    assert row(job).state == Job.State.CANCELLED


def test_the_sweeper_and_the_look_out_leave_cancelled_work_alone(doctor):
    waiting, running = new_job(), new_job()
    jobs.claim(running.pk)
    for job in (waiting, running):
        cancel_job(by=doctor, job=job)
        age(job, 3600)
    Job.objects.filter(pk=running.pk).update(attempts=3)
    expire(running)
    assert jobs.sweep() == [] and jobs.next_unheard() is None
    assert {row(job).state for job in (waiting, running)} == {Job.State.CANCELLED}
    assert row(running).reason_code == "job_cancelled"


def test_the_system_alone_does_not_start_cancelled_work_again_and_a_person_does(doctor):
    subject = uuid.uuid4()
    job = new_job(subject_id=subject)
    cancel_job(by=doctor, job=job)
    other = new_job(subject_id=subject, input_digest="b" * 64)
    assert new_job(subject_id=subject).state == Job.State.CANCELLED
    assert row(other).state == Job.State.QUEUED, "newer work was dropped for work that does not run"
    assert new_job(subject_id=subject, by=doctor).state == Job.State.QUEUED


def test_work_cancelled_while_the_system_asks_for_it_stays_cancelled(doctor, monkeypatch):
    subject = uuid.uuid4()
    job = new_job(subject_id=subject)
    monkeypatch.setattr(jobs, "_drop_outdated", lambda found: cancel_job(by=doctor, job=row(found)))
    assert new_job(subject_id=subject).state == Job.State.CANCELLED
    assert row(job).cancelled_by == doctor


def test_cancelled_work_is_tried_again_with_its_inputs_and_a_fresh_fence(doctor, colleague):
    job = new_job()
    stale = jobs.claim(job.pk)
    cancel_job(by=doctor, job=job)
    assert retry_job(by=colleague, job=row(job)) == job.pk
    again = row(job)
    assert (again.state, again.attempts, again.cancelled_by, again.reason_code) == (Job.State.QUEUED, 0, None, "")
    assert (again.input_digest, again.requested_by, again.finished_at) == (job.input_digest, colleague, None)
    assert jobs.claim(job.pk) > stale
    assert not jobs.renew(job.pk, stale)


def test_work_that_has_ended_is_not_cancelled_and_work_that_is_done_not_tried_again(doctor):
    job = new_job()
    jobs.finish(job.pk, jobs.claim(job.pk))
    for step, code in ((cancel_job, "job_has_ended"), (retry_job, "job_not_ended")):
        with pytest.raises(Refused) as refused:
            step(by=doctor, job=row(job))
        assert refused.value.code == code
    assert row(job).state == Job.State.DONE
    assert not AuditEvent.objects.filter(action__in=["cancel_job", "retry_job"]).exists()


@pytest.mark.parametrize("role", ["clinician", "chair", "researcher", "observer", "system_admin"])
def test_who_neither_imports_nor_measures_cancels_nothing(role):
    job = new_job()
    with pytest.raises(Refused, match="role"):
        cancel_job(by=make_user(role), job=job)
    assert row(job).state == Job.State.QUEUED


def test_a_cancelled_import_says_so_and_brings_everything_when_tried_again(doctor, upload):
    upload, job = upload
    cancel_job(by=doctor, job=job)
    run_until_done(job.pk)
    upload.refresh_from_db()
    assert (upload.state, upload.reason_code) == (Upload.State.FAILED, "import_cancelled")
    assert not Series.objects.exists() and selectors.upload_progress(upload)["is_finished"]
    retry_job(by=doctor, job=row(job))
    upload.refresh_from_db()
    assert (upload.state, upload.reason_code, upload.finished_at) == (Upload.State.RECEIVED, "", None)
    run_until_done(job.pk)
    upload.refresh_from_db()
    assert (upload.state, upload.reason_code, upload.finished_at is not None) == (Upload.State.DONE, "", True)
    assert set(upload.items.values_list("outcome", flat=True)) == {UploadItem.Outcome.STORED}
    assert SuvResult.objects.count() == 1


def test_an_import_cancelled_between_two_series_keeps_the_first_whole_and_nothing_of_the_second(
    doctor, phantom_case, tmp_path, monkeypatch
):
    from imaging.services import importing

    upload = open_upload(by=doctor, patient=phantom_case, source="command")
    paths = [*write_pet(tmp_path / "a", "a", slices=12), *write_pet(tmp_path / "b", "b", slices=12)]
    files = [path.open("rb") for path in paths]
    add_files(by=doctor, upload=upload, files=[(path.name, file) for path, file in zip(paths, files, strict=True)])
    job = close_upload(by=doctor, upload=upload)
    store = importing.store_series

    def store_and_cancel(*args, **options):
        followers = store(*args, **options)
        cancel_job(by=doctor, job=row(job))
        return followers

    monkeypatch.setattr(importing, "store_series", store_and_cancel)
    run(job.pk)
    assert [series.instances.count() for series in Series.objects.all()] == [12]
    assert "already stored whole are kept" in row(job).message
    assert upload.items.filter(outcome=UploadItem.Outcome.WAITING).count() == 12
    monkeypatch.undo()
    run_until_done(retry_job(by=doctor, job=row(job)))
    for waiting in Job.objects.filter(state=Job.State.QUEUED):  # the look-out finds what no bell was rung for
        run_until_done(waiting.pk)
    assert sorted(series.instances.count() for series in Series.objects.all()) == [12, 12]
    assert not Job.objects.exclude(state=Job.State.DONE).exists()


def test_a_number_whose_computation_was_cancelled_is_not_said_to_be_on_its_way(doctor, upload):
    _, job = upload
    followers = run(job.pk)
    cancel_job(by=doctor, job=Job.objects.get(pk=followers[0]))
    found = selectors.current_suv(Series.objects.get())
    assert (found.state, found.code, found.message) == (
        selectors.FAILED, "job_cancelled", sentence("job_cancelled"),
    )  # fmt: skip


def test_the_stages_of_an_attempt_are_kept_with_their_times_and_begin_anew_with_the_next():
    job = new_job()
    lease = jobs.Lease(job.pk, jobs.claim(job.pk))
    for stage, done in (("reading images", 0), ("measuring regions", 1), ("measuring regions", 2)):
        lease.progress(stage, done, 2)
    found = row(job)
    assert [step["stage"] for step in found.steps] == ["reading images", "measuring regions"]
    assert all(step["at"] >= found.started_at.isoformat(timespec="seconds")[:16] for step in found.steps)
    expire(job)
    jobs.claim(job.pk)
    assert (row(job).steps, row(job).stage) == ([], "")


def test_work_is_visible_with_its_case_or_to_whoever_brought_it_in():
    mine, stranger, resolver = make_user("coordinator"), make_user("coordinator"), make_user("nuclear_medicine")
    upload = Upload.objects.create(by=mine, source="browser")
    of_case = new_job(patient=make_patient(by=mine))
    of_import = new_job(kind=Job.Kind.IMPORT, subject_id=upload.pk)
    of_nothing = new_job()

    def seen(user):
        return set(access.visible_jobs(user).values_list("pk", flat=True))

    assert seen(mine) == {of_case.pk, of_import.pk}
    assert seen(stranger) == set()
    assert seen(resolver) == {of_import.pk}
    assert of_nothing.pk not in seen(mine) | seen(resolver)
