"""Work cancelled while a real worker is at it: it stops, nothing of it is kept, nobody starts it again by himself."""

import os
import time

import pytest

from imaging.models import Job
from imaging.services import cancel_job, retry_job
from tests.processes.conftest import wait_for

pytestmark = [pytest.mark.processes, pytest.mark.slow]


def test_a_worker_stops_at_its_next_step_and_takes_other_work(embedded_site, doctor):
    site = embedded_site
    job = site.slow_job(Job.Kind.CONTOURS)
    worker = site.start_worker()
    site.ring(job)
    site.started(job, 1)
    cancel_job(by=doctor, job=Job.objects.get(pk=job.pk))
    stopped = site.folder / f"stopped-{job.pk}"
    wait_for(stopped.exists, 5, "the worker's stop")
    found = Job.objects.get(pk=job.pk)
    assert (found.state, found.cancelled_by, found.attempts) == (Job.State.CANCELLED, doctor, 1)
    other = site.slow_job()
    site.release(other)
    site.ring(other)
    site.done(other, 20)
    assert worker.poll() is None


def test_the_result_of_cancelled_work_is_dropped_and_no_sweeper_brings_the_job_back(embedded_site, doctor):
    """The look-out of both workers sweeps every second; three leases pass."""
    site = embedded_site
    site.lease = 2
    job = site.slow_job()
    site.start_worker()
    site.start_worker()
    site.ring(job, times=3)
    site.started(job, 1)
    cancel_job(by=doctor, job=Job.objects.get(pk=job.pk))
    site.release(job)
    time.sleep(6)
    found = Job.objects.get(pk=job.pk)
    assert (found.state, found.attempts, site.effects(job)) == (Job.State.CANCELLED, 1, 0)
    site.ring(Job.objects.get(pk=retry_job(by=doctor, job=found)))
    assert site.done(job, 30).attempts == 1
    assert site.effects(job) == 1


def test_cancelled_while_its_worker_was_killed_it_stays_cancelled_and_a_retry_is_done_once(embedded_site, doctor):
    site = embedded_site
    site.lease = 2
    job = site.slow_job()
    first = site.start_worker()
    site.ring(job)
    process = site.started(job, 1)
    assert process and os.path.exists(f"/proc/{process}")
    site.kill(first)
    cancel_job(by=doctor, job=Job.objects.get(pk=job.pk))
    site.start_worker()
    time.sleep(5)
    assert Job.objects.get(pk=job.pk).state == Job.State.CANCELLED
    retry_job(by=doctor, job=Job.objects.get(pk=job.pk))
    site.release(job)
    site.done(job, 30)
    assert site.effects(job) == 1
