"""A task that breaks in each of the ways a task can, whatever its arguments say."""

import logging
import os
import signal
import time
import warnings

from celery import shared_task

from .apps import SAID


@shared_task(bind=True, max_retries=1, default_retry_delay=0)
def breaks(task, how: str, argument: str = "") -> None:
    words = f"{SAID} {argument}"
    if how == "raises":
        raise RuntimeError(words)
    if how == "is retried":
        raise task.retry(exc=RuntimeError(words))
    if how == "warns":
        warnings.warn(words, stacklevel=1)
    if how == "runs out of memory":
        raise MemoryError(words)
    if how == "is killed":
        task.request.called_directly or os.kill(os.getpid(), signal.SIGKILL)
    if how == "ends its process":
        raise SystemExit(words)
    if how == "takes too long":
        time.sleep(60)
    if how == "leaks":
        logging.getLogger("prrt.leak").warning("worker says %s", words)
