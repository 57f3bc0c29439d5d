"""A job is claimed once, fenced by its token, swept when its worker is gone and given up after three attempts."""

import threading
import uuid
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from imaging import jobs
from imaging.models import Job, Upload
from imaging.refused import sentence

pytestmark = pytest.mark.both_engines

PAST = timedelta(seconds=-1)


def new_job(**values):
    return jobs.request(
        kind=values.pop("kind", Job.Kind.MEASURE),
        subject_id=values.pop("subject_id", uuid.uuid4()),
        input_digest=values.pop("input_digest", "a" * 64),
        method_version="test/1",
        **values,
    )


def expire(job):
    Job.objects.filter(pk=job.pk).update(lease_until=timezone.now() + PAST)


def age(job, seconds):
    then = timezone.now() - timedelta(seconds=seconds)
    Job.objects.filter(pk=job.pk).update(created_at=then, last_rung_at=then, started_at=None)


@pytest.mark.django_db
def test_the_same_inputs_are_one_job_and_an_ended_one_is_queued_again():
    first = new_job(subject_id=(subject := uuid.uuid4()))
    assert new_job(subject_id=subject).pk == first.pk
    token = jobs.claim(first.pk)
    assert new_job(subject_id=subject).state == Job.State.RUNNING
    jobs.finish(first.pk, token)
    again = new_job(subject_id=subject)
    assert (again.pk, again.state, again.attempts, again.token) == (first.pk, Job.State.QUEUED, 0, token)


@pytest.mark.django_db
def test_a_job_is_claimed_once_until_its_lease_ends():
    job = new_job()
    assert jobs.claim(job.pk) == 1
    assert jobs.claim(job.pk) is None
    job.refresh_from_db()
    left = job.lease_until - timezone.now()
    assert timedelta(seconds=50) < left <= timedelta(seconds=settings.JOB_LEASE_SECONDS + 1)
    expire(job)
    assert jobs.claim(job.pk) == 2
    job.refresh_from_db()
    assert (job.attempts, job.state) == (2, Job.State.RUNNING)


@pytest.mark.django_db
def test_a_zombie_with_a_stale_token_changes_nothing():
    job = new_job()
    stale = jobs.claim(job.pk)
    expire(job)
    owner = jobs.claim(job.pk)
    assert not jobs.renew(job.pk, stale)
    for attempt in (
        lambda: jobs.finish(job.pk, stale),
        lambda: jobs.fail(job.pk, stale, code="x", message="x"),
        lambda: jobs.progress(job.pk, stale, stage="x", done=1, total=1),
    ):
        with pytest.raises(jobs.LeaseLost):
            attempt()
    jobs.give_back(job.pk, stale)
    with pytest.raises(jobs.LeaseLost), jobs.Lease(job.pk, stale).effect():
        pytest.fail("the zombie's effect ran")
    job.refresh_from_db()
    assert (job.state, job.token, job.message) == (Job.State.RUNNING, owner, "")
    jobs.finish(job.pk, owner)


@pytest.mark.django_db
def test_a_lost_lease_takes_the_effect_of_its_transaction_with_it(django_user_model):
    job = new_job()
    lease = jobs.Lease(job.pk, jobs.claim(job.pk))
    with pytest.raises(jobs.LeaseLost), lease.effect():
        django_user_model.objects.create_user("made-by-a-zombie")
        Job.objects.filter(pk=job.pk).update(token=99)
        lease.finish()
    assert not django_user_model.objects.filter(username="made-by-a-zombie").exists()


@pytest.mark.django_db
def test_three_attempts_then_failed_with_a_sentence(django_user_model):
    user = django_user_model.objects.create_user("u")
    upload = Upload.objects.create(by=user, source="command", state=Upload.State.RECEIVED)
    job = new_job(kind=Job.Kind.IMPORT, subject_id=upload.pk)
    for attempt in (1, 2, 3):
        assert jobs.claim(job.pk) == attempt
        expire(job)
    assert jobs.claim(job.pk) is None
    assert jobs.sweep() == []
    job.refresh_from_db()
    upload.refresh_from_db()
    assert (job.state, job.reason_code, job.attempts) == (Job.State.FAILED, "job_given_up", 3)
    assert job.message == sentence("job_given_up")
    assert (upload.state, upload.reason_code) == (Upload.State.FAILED, "job_given_up")
    assert not jobs.renew(job.pk, 3)


@pytest.mark.django_db
def test_the_sweeper_rings_for_silent_and_orphaned_jobs_once_per_round():
    fresh, silent, orphan, running = (new_job() for _ in range(4))
    jobs.claim(orphan.pk)
    jobs.claim(running.pk)
    for job in (silent, orphan, running):
        age(job, 10)
    expire(orphan)
    assert set(jobs.sweep()) == {silent.pk, orphan.pk}
    assert jobs.sweep() == []
    age(fresh, 10)
    assert jobs.sweep() == [fresh.pk]


@pytest.mark.django_db
def test_a_long_queue_is_rung_less_and_less_often():
    job = new_job()
    now = timezone.now()
    Job.objects.filter(pk=job.pk).update(
        created_at=now - timedelta(seconds=40), last_rung_at=now - timedelta(seconds=10)
    )
    assert jobs.sweep() == []
    Job.objects.filter(pk=job.pk).update(created_at=now - timedelta(hours=1), last_rung_at=now - timedelta(seconds=61))
    assert jobs.sweep() == [job.pk]


@pytest.mark.django_db
def test_a_job_nobody_heard_of_is_found_in_the_table():
    fresh, old = new_job(), new_job()
    age(old, 6)
    assert jobs.next_unheard() == old.pk
    token = jobs.claim(old.pk)
    assert jobs.next_unheard() is None
    jobs.give_back(old.pk, token)
    assert jobs.next_unheard() is None, "an attempt that was given back pauses before the next"
    age(old, 6)
    assert jobs.next_unheard() == old.pk
    assert Job.objects.get(pk=fresh.pk).state == Job.State.QUEUED


@pytest.mark.django_db(transaction=True)
def test_many_claim_at_once_and_one_gets_it():
    job = new_job()
    gate = threading.Barrier(8)
    tokens = []

    def contend():
        gate.wait()
        tokens.append(jobs.claim(job.pk))
        connection.close()

    threads = [threading.Thread(target=contend) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(tokens, key=str) == [1] + [None] * 7


@pytest.mark.django_db(transaction=True)
def test_the_lease_is_renewed_while_the_work_goes_on_and_says_when_it_is_lost(settings):
    settings.JOB_LEASE_SECONDS, settings.JOB_RENEW_SECONDS = 1, 0.1
    job = new_job()
    with jobs.Lease(job.pk, jobs.claim(job.pk)) as lease:
        threading.Event().wait(1.5)
        lease.check()
        assert jobs.claim(job.pk) is None
        with transaction.atomic():
            Job.objects.filter(pk=job.pk).update(token=50)
        threading.Event().wait(0.5)
        with pytest.raises(jobs.LeaseLost):
            lease.check()


@pytest.mark.django_db
def test_asking_within_a_rolled_back_change_leaves_no_job():
    with pytest.raises(RuntimeError), transaction.atomic():
        new_job()
        raise RuntimeError
    assert not Job.objects.exists()
