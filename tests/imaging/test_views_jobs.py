"""The pages of work: stages with times, place in the queue, cancel and retry, 304 while nothing changes."""

import datetime as dt
import uuid

import pytest
from django.urls import reverse
from django.utils import timezone

from imaging import jobs
from imaging.job_chains import chains
from imaging.job_lines import STAGES, job_lines
from imaging.models import Job, Scan, Series, Upload
from imaging.services.running import run_until_done
from tests.imaging.phantom import write_pet
from tests.imaging.test_jobs import expire, new_job
from tests.patients.factories import make_patient, make_user

pytestmark = pytest.mark.django_db
JSON = {"Accept": "application/json"}


@pytest.fixture
def reader(client):
    user = make_user("nuclear_medicine")
    client.force_login(user)
    return user


@pytest.fixture
def job(reader):
    return new_job(patient=make_patient(by=reader, case_number="W-1"))


def line_of(job, user, **values):
    return job_lines([Job.objects.get(pk=job.pk)], user, **values)[0]


def page(client, name, *args):
    return client.get(reverse(f"imaging:{name}", args=args)).content.decode()


def test_without_jobs_the_page_says_so(client, reader):
    assert "No jobs in the last 7 days." in page(client, "jobs")


def ended(job, **before):
    """The job as it failed so long ago, asked for a minute earlier."""
    moment = timezone.now() - dt.timedelta(**before)
    begun = moment - dt.timedelta(minutes=1)
    Job.objects.filter(pk=job.pk).update(state=Job.State.FAILED, created_at=begun, finished_at=moment)


def test_work_that_ended_more_than_a_week_ago_is_not_listed(client, job):
    ended(job, days=8)
    assert "No jobs in the last 7 days." in page(client, "jobs")


def test_old_work_that_is_tried_again_stands_first_whatever_came_since(client, reader, job, monkeypatch):
    from imaging.views import jobs as view

    monkeypatch.setattr(view, "SHOWN_JOBS", 2)
    ended(job, days=8)
    newer = [new_job(patient=job.patient) for _ in range(3)]
    for minutes, other in enumerate(newer, start=1):
        ended(other, minutes=minutes)
    jobs.retry(job.pk, by=reader)
    rows = [line.job.pk for line in client.get(reverse("imaging:jobs")).context["lines"]]
    assert rows == [job.pk, newer[0].pk]
    jobs.fail(job.pk, jobs.claim(job.pk), code="x", message="m")
    assert str(job.pk) in page(client, "jobs"), "it ended just now"


def test_waiting_work_says_how_many_are_ahead(client, reader, job):
    second, third = (new_job(patient=job.patient) for _ in range(2))
    jobs.finish(second.pk, jobs.claim(second.pk))
    assert line_of(job, reader).sentence == "Waiting, next in line."
    assert line_of(third, reader).sentence == "Waiting, 1 ahead."


def test_running_work_shows_its_own_counts_and_when_its_worker_was_last_alive(reader, job):
    with jobs.Lease(job.pk, jobs.claim(job.pk)) as lease:
        lease.progress("measuring regions", 3, 12)
    line = line_of(job, reader)
    assert line.sentence.startswith("Step 1 of 1: measuring regions, 3 of 12. Worker alive at ")
    assert (line.percent, line.may_cancel, line.may_retry) == (25, True, False)
    renewed = Job.objects.get(pk=job.pk).lease_until - dt.timedelta(seconds=60)
    assert f"{timezone.localtime(renewed):%H:%M:%S}" in line.sentence


def test_a_lost_worker_is_said_and_so_is_the_next_attempt(reader, job):
    token = jobs.claim(job.pk)
    expire(job)
    assert "Worker lost, re-queued within seconds." in line_of(job, reader).sentence
    jobs.claim(job.pk)
    assert line_of(job, reader).tries == "tried 2×"
    jobs.give_back(job.pk, token + 1)
    assert line_of(job, reader).sentence == "Worker lost, re-queued; next in line."


def test_failed_work_shows_reason_code_sentence_and_attempts(client, reader, job):
    jobs.fail(job.pk, jobs.claim(job.pk), code="outline_unreadable", message="The stored voxels could not be read.")
    for name, args in (("jobs", []), ("job", [job.pk])):
        said = page(client, name, *args)
        assert "The stored voxels could not be read." in said
        assert "<code>outline_unreadable</code>" in said and "tried 1×" in said and "Retry" in said


def test_the_job_page_lists_every_stage_of_its_kind_with_the_time_it_began(client, reader, job):
    Job.objects.filter(pk=job.pk).update(kind=Job.Kind.SCAN)
    lease = jobs.Lease(job.pk, jobs.claim(job.pk))
    lease.progress("reading images")
    lease.progress("looking for reference organs")
    begun = [row["at"] is not None for row in client.get(reverse("imaging:job", args=[job.pk])).context["stages"]]
    assert begun == [True, True, False, False, False, False, False]


def test_stages_announced_by_real_work_are_the_stages_shown(import_files, doctor, phantom_case, tmp_path):
    import_files(write_pet(tmp_path / "files", "a", slices=12), patient=phantom_case)
    seen = {job.kind: [step["stage"] for step in job.steps] for job in Job.objects.all()}
    assert seen[Job.Kind.SERIES] == list(STAGES[Job.Kind.SERIES])
    assert seen[Job.Kind.IMPORT] == ["reading files", "storing series"]
    for kind, stages in seen.items():
        assert stages and set(stages) <= set(STAGES[kind]), kind
        assert stages == sorted(stages, key=STAGES[kind].index), kind


def test_every_stage_a_service_announces_is_in_the_table():
    """Read from the services' own text, so that a new stage cannot be forgotten here."""
    import re
    from pathlib import Path

    import imaging.services

    text = "\n".join(path.read_text() for path in Path(imaging.services.__file__).parent.glob("*.py"))
    announced = set(re.findall(r'(?:lease\.progress\(|_say\(lease, )"([^"]+)"', text))
    assert len(announced) > 10
    assert announced == {stage for stages in STAGES.values() for stage in stages}


def test_a_chain_has_seven_stages_and_times_where_they_are_done(import_files, doctor, phantom_case, tmp_path):
    import_files(write_pet(tmp_path / "files", "a", slices=12), patient=phantom_case)
    chain = chains(Series.objects.all())[0]
    assert [stage.label for stage in chain.stages] == [
        "Received",
        "QC",
        "SUV",
        "Organs",
        "Lesions",
        "Matching",
        "Rules",
    ]
    states = [stage.state for stage in chain.stages]
    assert states[:4] == ["done"] * 4 and states[-1] == "later"
    assert all(len(stage.text) == 8 for stage in chain.stages[:4])
    assert chain.scan == Scan.objects.get()


def test_a_chain_whose_look_failed_says_which_stage_and_what_was_not_reached(reader):
    from tests.board.factories import add_scan

    scan = add_scan(reader, make_patient(by=reader), dt.date(2026, 5, 1))
    look = new_job(kind=Job.Kind.SCAN, subject_id=scan.pk, patient=scan.patient)
    lease = jobs.Lease(look.pk, jobs.claim(look.pk))
    lease.progress("looking for reference organs")
    lease.progress("looking for foci")
    stages = {stage.label: stage.state for stage in chains([scan.pet_series])[0].stages}
    assert (stages["Organs"], stages["Lesions"], stages["Matching"]) == ("done", "running", "waiting")
    jobs.fail(look.pk, lease.token, code="x", message="x")
    stages = {stage.label: (stage.state, stage.text) for stage in chains([scan.pet_series])[0].stages}
    assert stages["Organs"][0] == "done"
    assert (stages["Lesions"], stages["Matching"]) == (("failed", "failed"), ("later", "not reached"))


def test_cancel_and_retry_by_plain_form_come_back_to_where_they_were_pressed(client, reader, job):
    answer = client.post(reverse("imaging:job_cancel", args=[job.pk]), {"back": "home"})
    assert (answer.status_code, answer.url) == (302, "/")
    job.refresh_from_db()
    assert (job.state, job.cancelled_by) == (Job.State.CANCELLED, reader)
    assert f"Cancelled by {reader.username}" in page(client, "jobs")
    answer = client.post(reverse("imaging:job_retry", args=[job.pk]), {"back": "http://elsewhere.example/"})
    assert answer.url == reverse("imaging:job", args=[job.pk])
    job.refresh_from_db()
    assert (job.state, job.cancelled_by) == (Job.State.QUEUED, None)


def test_a_retry_rings_for_the_job(client, reader, job, monkeypatch):
    from imaging.views import jobs as views

    rung = []
    monkeypatch.setattr(views, "ring", rung.extend)
    client.post(reverse("imaging:job_cancel", args=[job.pk]))
    client.post(reverse("imaging:job_retry", args=[job.pk]))
    assert rung == [job.pk]


def test_cancel_in_json_answers_with_the_row_and_refuses_by_name_the_second_time(client, reader, job):
    address = reverse("imaging:job_cancel", args=[job.pk])
    first = client.post(address, headers=JSON)
    assert (first.status_code, first.json()["state"]) == (200, "cancelled")
    second = client.post(address, headers=JSON)
    assert (second.status_code, second.json()["code"]) == (409, "job_has_ended")


def test_the_state_is_answered_by_304_until_something_moves(client, reader, job):
    address = reverse("imaging:jobs_state")
    first = client.get(address)
    again = client.get(address, headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    lease = jobs.Lease(job.pk, jobs.claim(job.pk))
    moved = client.get(address, headers={"If-None-Match": first["ETag"]})
    assert moved.status_code == 200 and moved.json()["revision"] != first.json()["revision"]
    lease.progress("measuring regions", 1, 2)
    counted = client.get(address, headers={"If-None-Match": moved["ETag"]}).json()
    assert counted["revision"] == moved.json()["revision"], "progress alone is no reason to read the page again"
    assert counted["jobs"][0]["percent"] == 50


def test_the_state_tells_nothing_of_other_people_s_cases(client, job):
    client.force_login(make_user("nuclear_medicine"))
    assert client.get(reverse("imaging:jobs_state")).json()["jobs"] == []


def test_work_on_an_import_leads_to_it(client, reader):
    upload = Upload.objects.create(by=reader, source="browser", file_count=7)
    job = new_job(kind=Job.Kind.IMPORT, subject_id=upload.pk)
    line = line_of(job, reader)
    assert (line.about, line.href) == ("7 files", reverse("imaging:upload_detail", args=[upload.pk]))


def test_the_list_costs_the_same_for_few_jobs_and_for_many(client, reader, django_assert_num_queries, job):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def count():
        with CaptureQueriesContext(connection) as queries:
            page(client, "jobs")
        return len(queries)

    few = count()
    for number in range(30):
        patient = make_patient(by=reader, case_number=f"W-{number + 10}")
        new_job(patient=patient, kind=Job.Kind.SCAN if number % 2 else Job.Kind.MEASURE, subject_id=uuid.uuid4())
    assert count() == few


def test_run_until_done_after_a_retry_ends_the_job(doctor, phantom_case, import_files, tmp_path):
    upload = import_files(write_pet(tmp_path / "files", "a", slices=12), patient=phantom_case)
    job = Job.objects.get(kind=Job.Kind.IMPORT, subject_id=upload.pk)
    Job.objects.filter(pk=job.pk).update(state=Job.State.FAILED, reason_code="disk_full", message="x")
    from imaging.services import retry_job

    run_until_done(retry_job(by=doctor, job=Job.objects.get(pk=job.pk)))
    assert Job.objects.get(pk=job.pk).state == Job.State.DONE


def test_an_import_is_cancelled_and_tried_again_from_its_own_page(client, reader):
    upload = Upload.objects.create(by=reader, source="browser", state=Upload.State.RECEIVED)
    job = new_job(kind=Job.Kind.IMPORT, subject_id=upload.pk)
    cancel, retry = (reverse(f"imaging:job_{step}", args=[job.pk]) for step in ("cancel", "retry"))
    said = page(client, "upload_detail", upload.pk)
    assert cancel in said and retry not in said
    client.post(cancel)
    said = page(client, "upload_detail", upload.pk)
    assert retry in said and cancel not in said
    assert "This import was cancelled before it ended." in said
