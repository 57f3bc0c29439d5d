"""A process that dies without a word at a chosen step: ``TEST_DEATH`` is ``scope call when number``.

``scope``: a kind of job, ``upload`` (files of a browser), or ``all`` from the start. ``call``: what is counted there,
``commit`` of the database or a call to the system. ``when``: before or after it. It dies once; a file says that it did.
"""

import os
import signal
import threading
from contextlib import contextmanager
from pathlib import Path

from django.apps import AppConfig
from django.conf import settings

CALLS = ("link", "unlink", "replace", "rename", "fsync")


class DyingConfig(AppConfig):
    name, label = "tests.processes.dying", "dying"
    path = str(Path(__file__).parent)

    def ready(self):
        if "TEST_DEATH" in os.environ:
            _arm(Death(*os.environ["TEST_DEATH"].split()))


class Death:
    def __init__(self, scope: str, call: str, when: str, number: str):
        self.scope, self.call, self.when, self.number = scope, call, when, int(number)
        self.seen, self.inside = 0, threading.local()
        self.inside_all = scope == "all"

    @contextmanager
    def within(self):
        self.inside.now = True
        try:
            yield
        finally:
            self.inside.now = False

    def counted(self, real):
        def call(*args, **kwargs):
            if not (self.inside_all or getattr(self.inside, "now", False)):
                return real(*args, **kwargs)
            self.seen += 1
            if self.when == "before" and self.seen == self.number:
                die()
            answer = real(*args, **kwargs)
            if self.when == "after" and self.seen == self.number:
                die()
            return answer

        return call

    def scoped(self, real):
        def call(*args, **kwargs):
            with self.within():
                return real(*args, **kwargs)

        return call


def die() -> None:
    """The whole group at once, as a power cut would; only the first to come here."""
    try:
        os.close(os.open(Path(settings.DATA_DIR) / "died", os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return
    os.killpg(os.getpgrp(), signal.SIGKILL)


def _arm(death: Death) -> None:
    from django.db.backends.base.base import BaseDatabaseWrapper

    import imaging.services
    from imaging.services import running

    if death.call == "commit":
        BaseDatabaseWrapper.commit = death.counted(BaseDatabaseWrapper.commit)
    else:
        setattr(os, death.call, death.counted(getattr(os, death.call)))
    if death.scope in running.RUNNERS:
        running.RUNNERS[death.scope] = death.scoped(running.RUNNERS[death.scope])
    if death.scope == "upload":
        imaging.services.add_files = death.scoped(imaging.services.add_files)
