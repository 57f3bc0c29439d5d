"""What Celery carries: an id. The job's row says what to do and whether it is still to be done."""

import contextlib
import logging
import threading
import time
import uuid

from celery import shared_task, signals
from django.conf import settings
from django.db import DatabaseError, connection

from imaging import jobs, upkeep
from imaging.services import catching_up, running

log = logging.getLogger("prrt.jobs")
SHUTDOWN_PATIENCE_SECONDS = 8
CALM_SECONDS = 60  # until it is asked again whether an earlier version left something behind
_one_at_a_time = threading.Lock()  # the bell's task and the look-out share a process, not its memory at once
_stopping = threading.Event()


@shared_task
def run_job(pk: str) -> None:
    with _one_at_a_time:
        followers = running.run_with_scan(uuid.UUID(str(pk)))
    ring(followers)


@shared_task
def sweep_jobs() -> None:
    ring(jobs.sweep())


@shared_task
def look_after_files() -> None:
    """Rung for often, by beat alone: that it comes shows that beat lives; it looks at the files once a night."""
    upkeep.say_alive("beat", kind="beat")
    upkeep.check_files_by_night()


def ring(pks) -> None:
    for pk in pks:
        run_job.delay_on_commit(str(pk))


@signals.worker_process_init.connect
def _post_lookout(**_) -> None:
    """Each worker process looks out by itself, so that work goes on without beat and without a broker."""
    _stopping.clear()
    lookout = threading.Thread(target=_look_out, name="job-lookout", daemon=True)
    lookout.start()
    signals.worker_process_shutdown.connect(lambda **_: _dismiss(lookout), weak=False)


def _dismiss(lookout: threading.Thread) -> None:
    _stopping.set()
    lookout.join(SHUTDOWN_PATIENCE_SECONDS)


def _look_out() -> None:
    name, calm_until = uuid.uuid4().hex, 0.0
    while not _stopping.wait(settings.JOB_SWEEP_SECONDS):
        try:
            upkeep.say_alive(name)
            sweep_jobs.run()
            if time.monotonic() >= calm_until:
                ring(job.pk for job in catching_up.catch_up_once())
                calm_until = time.monotonic() + CALM_SECONDS
            _take_unheard()
        except DatabaseError as error:
            log.warning("the look-out could not reach the database (%s)", type(error).__name__)
        except Exception:  # without its look-out a worker would hear no lost bell any more
            log.error("the look-out met an error and goes on", exc_info=True)
        finally:
            connection.close()
    with contextlib.suppress(DatabaseError):
        upkeep.say_gone(name)
    connection.close()


def _take_unheard() -> None:
    """While this process is idle, work off jobs whose bell was not heard."""
    while not _stopping.is_set() and _one_at_a_time.acquire(blocking=False):
        try:
            pk = jobs.next_unheard()
            followers = running.run_with_scan(pk) if pk else []
        finally:
            _one_at_a_time.release()
        if pk is None:
            return
        ring(followers)
