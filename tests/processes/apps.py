"""Registered by ``tests.processes.settings`` only: the measuring job waits for a file and leaves one audit row."""

import os
import time
from pathlib import Path

from django.apps import AppConfig


class SlowConfig(AppConfig):
    name = "tests.processes"

    def ready(self):
        from imaging.services import running

        running.RUNNERS["measure"] = run_slowly
        running.RUNNERS["contours"] = run_in_steps


def run_slowly(job, lease):
    """Says that it started and under which process, works until released, then has its effect with its end."""
    from patients.services import audit

    folder = Path(os.environ["PRRT_DATA_DIR"])
    (folder / f"started-{job.pk}-{job.attempts}").write_text(str(os.getpid()))
    limit = time.monotonic() + 120
    while not (folder / f"release-{job.pk}").exists() and time.monotonic() < limit:
        time.sleep(0.02)
    with lease.effect():
        audit(by=None, action="slow_effect", obj=job)
        lease.finish()
    return []


def run_in_steps(job, lease):
    """Takes small steps without end, and says when it stopped and after how many."""
    folder, done = Path(os.environ["PRRT_DATA_DIR"]), 0
    (folder / f"started-{job.pk}-{job.attempts}").write_text(str(os.getpid()))
    try:
        while True:
            done += 1
            lease.progress("stepping", done, 1000)
            time.sleep(0.05)
    finally:
        (folder / f"stopped-{job.pk}").write_text(str(done))
