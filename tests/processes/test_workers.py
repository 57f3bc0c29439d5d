"""Workers are killed, stopped, cut off from their broker; every job ends, once, and says how."""

import os
import signal
import time
from collections import Counter

import pytest
import redis

from imaging import selectors
from imaging.models import Instance, Job, Scan, Series, SuvResult, UploadItem
from imaging.refused import sentence
from tests.imaging.phantom import write_pet
from tests.processes.conftest import wait_for

pytestmark = [pytest.mark.processes, pytest.mark.slow]


def test_a_worker_killed_in_the_middle_and_started_again_finishes_once_within_90_seconds(site):
    """The real lease of 60 s, on the embedded default and on Redis."""
    job = site.slow_job()
    first = site.start_worker()
    site.ring(job)
    site.started(job, 1)
    site.kill(first)
    killed = time.monotonic()
    site.start_worker()
    site.release(job)
    ended = site.done(job, 90)
    assert time.monotonic() - killed < 90
    assert (ended.attempts, site.effects(job)) == (2, 1)
    time.sleep(1)
    assert site.effects(job) == 1


def test_an_import_killed_in_the_middle_loses_nothing_and_doubles_nothing(
    embedded_site, tmp_path, doctor, phantom_case
):
    from imaging.services import add_files, close_upload, open_upload

    site = embedded_site
    site.lease = 4
    upload = open_upload(by=doctor, patient=phantom_case, source="command")
    paths = [*write_pet(tmp_path / "a", slices=300), *write_pet(tmp_path / "b", "b", slices=300)]
    files = [path.open("rb") for path in paths]
    add_files(by=doctor, upload=upload, files=[(path.name, file) for path, file in zip(paths, files, strict=True)])
    job = close_upload(by=doctor, upload=upload)
    worker = site.start_worker()
    site.ring(job)
    site.reached(job, Job.State.RUNNING, 30)
    time.sleep(0.3)
    site.kill(worker)
    assert Job.objects.get(pk=job.pk).state == Job.State.RUNNING, "the import was over before it could be killed"
    site.start_worker()
    site.done(job, 60)
    wait_for(lambda: not Job.objects.exclude(state="done").exists(), 60, "all jobs done")
    assert Counter(UploadItem.objects.values_list("outcome", flat=True)) == {"stored": 300, "held": 300}
    assert (Instance.objects.count(), Series.objects.count(), Scan.objects.count()) == (600, 2, 1)
    assert SuvResult.objects.count() == 2
    assert all(selectors.current_suv(s).state == selectors.CURRENT for s in Series.objects.all())


def test_a_bell_lost_with_the_broker_s_memory_is_rung_again(embedded_site):
    site = embedded_site
    job = site.slow_job()
    site.release(job)
    site.ring(job)
    redis.Redis(unix_socket_path=site.broker.removeprefix("redis+socket://")).flushall()
    site.start_worker()
    assert site.done(job, 40).attempts == 1
    assert site.effects(job) == 1


def test_without_any_broker_a_worker_takes_jobs_from_the_table(lone_site):
    site = lone_site
    job = site.slow_job()
    site.release(job)
    site.start_worker()
    assert site.done(job, 40).attempts == 1


def test_the_filesystem_transport_carries_bells(filesystem_site):
    site = filesystem_site
    job = site.slow_job()
    site.release(job)
    site.start_worker()
    site.ring(job)
    assert site.done(job, 40).attempts == 1


def test_ten_deliveries_are_one_effect(site):
    job = site.slow_job()
    workers = [site.start_worker(), site.start_worker()]
    site.ring(job, times=10)
    site.started(job, 1)
    site.release(job)
    ended = site.done(job, 30)
    time.sleep(3)
    assert (ended.attempts, site.effects(job)) == (1, 1)
    assert all(worker.poll() is None for worker in workers)


def test_a_worker_that_wakes_up_after_its_lease_changes_nothing(embedded_site):
    site = embedded_site
    site.lease = 3
    job = site.slow_job()
    sleeper = site.start_worker()
    site.ring(job)
    site.started(job, 1)
    os.killpg(sleeper.pid, signal.SIGSTOP)
    site.start_worker()
    site.started(job, 2)
    site.release(job)
    ended = site.done(job, 30)
    os.killpg(sleeper.pid, signal.SIGCONT)
    time.sleep(4)
    assert site.effects(job) == 1
    after = Job.objects.get(pk=job.pk)
    assert (after.attempts, after.token, after.finished_at) == (2, ended.token, ended.finished_at)
    assert "lost its lease" in (site.folder / "worker.log").read_text()


def test_a_job_that_kills_its_worker_three_times_is_given_up_with_a_sentence(embedded_site):
    site = embedded_site
    site.lease = 3
    job = site.slow_job()
    worker = site.start_worker()
    site.ring(job)
    for attempt in (1, 2, 3):
        os.kill(site.started(job, attempt), signal.SIGKILL)
    ended = site.reached(job, Job.State.FAILED, 30)
    assert (ended.attempts, ended.reason_code) == (3, "job_given_up")
    assert ended.message == sentence("job_given_up")
    assert site.effects(job) == 0
    assert worker.poll() is None, "the worker itself survives a poisonous job"
    healthy = site.slow_job()
    site.release(healthy)
    site.ring(healthy)
    site.done(healthy, 30)
