"""The bell: JSON, one id, late acknowledgement; a broker that is dead or deaf costs a request at most a second."""

import socket
import subprocess
import sys
import threading
import time
import uuid

import pytest
from django.conf import settings

from config.celery import Bell, app
from imaging import jobs, tasks
from imaging.models import Job


def test_the_worker_s_settings():
    conf = app.conf
    assert (conf.task_serializer, conf.accept_content, conf.result_backend) == ("json", ["json"], None)
    assert conf.task_acks_late and not conf.task_reject_on_worker_lost and conf.task_ignore_result
    assert conf.worker_prefetch_multiplier == 1 and not conf.task_publish_retry
    assert conf.task_time_limit == jobs.LONGEST_SECONDS


def test_every_beat_entry_is_a_task_that_exists_and_sweeps_as_promised():
    app.loader.import_default_modules()
    entries = app.conf.beat_schedule
    assert {entry["task"] for entry in entries.values()} <= set(app.tasks)
    assert entries["sweep-jobs"]["schedule"] == settings.JOB_SWEEP_SECONDS == 5
    assert (settings.JOB_LEASE_SECONDS, settings.JOB_RENEW_SECONDS, settings.JOB_MAX_ATTEMPTS) == (60, 15, 3)


@pytest.mark.django_db
def test_ringing_waits_for_the_commit_and_a_rollback_rings_nothing(monkeypatch, django_capture_on_commit_callbacks):
    rung = []
    monkeypatch.setattr(Bell, "apply_async", lambda self, args=None, *_, **__: rung.append(args))
    with django_capture_on_commit_callbacks(execute=True):
        tasks.ring([uuid.UUID(int=1)])
        assert rung == []
    assert rung == [(str(uuid.UUID(int=1)),)]


@pytest.mark.django_db
def test_a_task_runs_its_job_and_rings_for_those_that_follow(monkeypatch):
    rung = []
    monkeypatch.setattr(tasks, "ring", rung.extend)
    monkeypatch.setattr(
        tasks.running, "RUNNERS", {"measure": lambda job, lease: (lease.finish(), [uuid.UUID(int=7)])[1]}
    )
    job = jobs.request(kind=Job.Kind.MEASURE, subject_id=uuid.uuid4(), input_digest="d", method_version="t")
    tasks.run_job.run(str(job.pk))
    tasks.run_job.run(str(job.pk))
    assert rung == [uuid.UUID(int=7)]
    assert Job.objects.get().attempts == 1


HELD_SECONDS = 2.5  # the bell gives up after a second or less; a busy computer needs a moment more

DIAL = """
import os, time
os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
import django; django.setup()
from imaging.tasks import run_job
slowest = 0
for _ in range(3):
    began = time.monotonic()
    run_job.delay("00000000-0000-0000-0000-000000000000")
    slowest = max(slowest, time.monotonic() - began)
print(slowest)
"""


def slowest_ring(url, tmp_path):
    import os

    env = os.environ | {"CELERY_BROKER_URL": url, "PRRT_DATA_DIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", DIAL], check=False, env=env, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert "did not take a bell" in done.stderr
    return float(done.stdout)


def test_a_broker_that_is_not_there_does_not_hold_up_a_request(tmp_path):
    assert slowest_ring(f"redis+socket://{tmp_path}/absent.sock", tmp_path) < HELD_SECONDS


def test_nor_does_one_that_accepts_and_never_answers(tmp_path):
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(16)
        kept = []
        threading.Thread(target=lambda: [kept.append(deaf.accept()) for _ in range(16)], daemon=True).start()
        assert slowest_ring(f"redis://127.0.0.1:{deaf.getsockname()[1]}/0", tmp_path) < HELD_SECONDS
        time.sleep(0)
