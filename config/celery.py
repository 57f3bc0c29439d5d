"""The Celery application. The broker is a bell: losing it loses no work, and a dead one delays no request."""

import logging
import os
from pathlib import Path

from celery import Celery
from celery.contrib.django.task import DjangoTask
from celery.signals import setup_logging, worker_init
from kombu.exceptions import OperationalError

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
log = logging.getLogger("prrt.bell")

LONGEST_TASK_SECONDS = 1800  # as jobs.LONGEST_SECONDS: after that nobody renews the lease either
BELL_TIMEOUT_SECONDS = 0.9
NEWS_SECONDS = 15  # a decision is marked within a minute of the correction under it
SEAL_SECONDS, ANCHOR_SECONDS = 60, 600  # of the trail; of what is written outside the database
BEAT_SECONDS = 60  # how often beat shows that it lives
EXPORT_SECONDS = 60
NIGHT_SECONDS = 600  # how often it is asked whether the nightly look is due


class OutOfMemory(RuntimeError):
    """In place of a MemoryError, with which Celery ends the whole worker and the work of every process in it."""


class Bell(DjangoTask):
    """A task whose message may get lost: the job's row is already stored and the sweeper rings again."""

    abstract = True
    unheard = 0

    def __call__(self, *args, **kwargs):
        try:
            return super().__call__(*args, **kwargs)
        except MemoryError as error:
            raise OutOfMemory(self.name).with_traceback(error.__traceback__) from None

    def apply_async(self, *args, **kwargs):
        try:
            return super().apply_async(*args, **kwargs)
        except (OperationalError, OSError) as error:
            Bell.unheard += 1
            log.warning("the broker did not take a bell (%s, %s so far)", type(error).__name__, Bell.unheard)
            return None


app = Celery("prrt", task_cls=Bell)
app.config_from_object("django.conf:settings", namespace="CELERY")


@app.add_defaults
def _options() -> dict:
    from django.conf import settings

    return {
        "task_serializer": "json",
        "accept_content": ["json"],
        "task_ignore_result": True,
        "task_acks_late": True,
        "task_reject_on_worker_lost": False,  # a bell that kills its process would ring at once again, for ever
        "task_time_limit": LONGEST_TASK_SECONDS,
        "task_publish_retry": False,
        "worker_prefetch_multiplier": 1,
        "worker_hijack_root_logger": False,
        "worker_cancel_long_running_tasks_on_connection_loss": False,
        "broker_connection_timeout": BELL_TIMEOUT_SECONDS,
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,
        "broker_transport_options": _transport_options(settings.CELERY_BROKER_URL, Path(settings.CELERY_BROKER_DIR)),
        "beat_schedule_filename": str(Path(settings.DATA_DIR) / "beat-schedule"),
        "beat_schedule": {
            "sweep-jobs": _every(settings.JOB_SWEEP_SECONDS, "imaging.tasks.sweep_jobs"),
            "read-news": _every(NEWS_SECONDS, "board.tasks.read_news"),
            "seal-the-trail": _every(SEAL_SECONDS, "patients.tasks.seal_trail"),
            "note-the-anchor": _every(ANCHOR_SECONDS, "board.tasks.note_anchor"),
            "look-after-files": _every(BEAT_SECONDS, "imaging.tasks.look_after_files"),
            "sweep-exports": _every(EXPORT_SECONDS, "board.tasks.sweep_exports"),
            "sweep-patient-exports": _every(NEWS_SECONDS, "board.tasks.sweep_patient_exports"),
            "look-again-at-all": _every(NIGHT_SECONDS, "board.tasks.look_again_at_all"),
        },
    }


def _every(seconds: float, task: str) -> dict:
    """A bell that nobody took before the next one rings is dropped."""
    return {"task": task, "schedule": seconds, "options": {"expires": seconds}}


def _transport_options(url: str, folder: Path) -> dict:
    if url.startswith("filesystem"):
        return _folder_options(folder)
    return {
        "visibility_timeout": int(1.1 * LONGEST_TASK_SECONDS),
        "unacked_restore_interval": 5,
        "unacked_restore_throttle": 1,
        "socket_connect_timeout": BELL_TIMEOUT_SECONDS,
        "socket_timeout": BELL_TIMEOUT_SECONDS,
        "max_retries": 0,
        "interval_start": 0,
        "interval_max": 0,
    }


def _folder_options(folder: Path) -> dict:
    places = {"data_folder_in": "queue", "data_folder_out": "queue", "control_folder": "control"}
    for name in set(places.values()):
        (folder / name).mkdir(parents=True, exist_ok=True)
    return {option: str(folder / name) for option, name in places.items()} | {"polling_interval": 0.2}


app.autodiscover_tasks()


@setup_logging.connect
def _keep_our_log_lines(**_kwargs) -> None:
    """A worker's lines are those of config/logs.py; Celery's own would quote what an exception says."""
    import logging.config

    from django.conf import settings

    logging.config.dictConfig(settings.LOGGING)


@worker_init.connect
def _refuse_wrong_rules(**_kwargs) -> None:
    from config.at_start import refuse_wrong_rules

    refuse_wrong_rules()
