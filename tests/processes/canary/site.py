"""A deployment as compose.yaml starts it: web server, worker and beat, with their output kept and every process watched."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlencode

import psutil
from django.conf import settings
from django.test import Client

from tests.processes.conftest import REPOSITORY, _database_url, wait_for
from tests.servers import free_port

TOKEN = "t" * 32
BEHIND_A_PROXY = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.7"}


class Deployment:
    """``output``: what each process said. ``scratch``: their folder for temporary files. ``seen``: arguments and environments."""

    def __init__(self, folder: Path, broker: str):
        self.folder, self.broker, self.port = folder, broker, free_port()
        self.scratch, self.output = folder / "tmp", folder / "output"
        self.scratch.mkdir()
        self.output.mkdir()
        self.running: dict[str, subprocess.Popen] = {}
        self.seen: set[bytes] = set()
        self.files: dict[str, bytes] = {}
        self._over = threading.Event()
        self._watch = threading.Thread(target=self._watching, daemon=True)
        self._watch.start()

    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PRRT_", "PYTEST_", "TEST_"))}
        return kept | {
            "DJANGO_SETTINGS_MODULE": "tests.processes.canary.settings",
            "PRRT_MODE": "production",
            "PRRT_MFA_ROLES": "",
            "SECRET_KEY": settings.SECRET_KEY,
            "ALLOWED_HOSTS": "127.0.0.1",
            "DATABASE_URL": _database_url(),
            "CELERY_BROKER_URL": self.broker,
            "PRRT_DATA_DIR": str(self.folder),
            "TMPDIR": str(self.scratch),
        }

    def command(self, name: str) -> list[str]:
        celery = [sys.executable, "-m", "celery", "-A", "config"]
        return {
            "web": [sys.executable, "-m", "gunicorn", "tests.processes.canary.breaking.wsgi", "-b", f"127.0.0.1:{self.port}",
                    "--workers", "2", "--threads", "4", "--timeout", "5"],
            "worker": [*celery, "worker", "-c", "2", "--loglevel", "DEBUG"],
            "beat": [*celery, "beat", "--pidfile=", "-s", str(self.scratch / "beat-schedule"), "--loglevel", "DEBUG"],
        }[name]  # fmt: skip

    def start(self, name: str, *more: str, command: list[str] | None = None, **environment: str) -> subprocess.Popen:
        with (self.output / f"{name}.log").open("ab") as log:
            self.running[name] = subprocess.Popen(
                [*(command or self.command(name)), *more], cwd=REPOSITORY, env=self.environment() | environment,
                start_new_session=True, stdout=log, stderr=log,
            )  # fmt: skip
        if name == "web":
            wait_for(self._answers, 90, "the web server")
        return self.running[name]

    def _answers(self) -> bool:
        assert self.running["web"].poll() is None, self.text("web")[-2000:]
        with suppress(OSError, http.client.HTTPException):
            return self.ask("GET", "/healthz").status == 200
        return False

    def manage(self, *arguments: str, name: str = "command") -> subprocess.Popen:
        return self.start(name, command=[sys.executable, "manage.py", *arguments])

    def ask(self, method: str, path: str, *, who: Client | None = None, body: bytes | dict = b"", **headers: str):
        """One request as the proxy hands it on; the answer has been read."""
        data = urlencode(body, doseq=True).encode() if isinstance(body, dict) else body
        sent = BEHIND_A_PROXY | {"Referer": f"https://127.0.0.1:{self.port}/", "X-CSRFToken": TOKEN}
        sent |= {"Content-Type": "application/x-www-form-urlencoded"} | {
            k.replace("_", "-"): v for k, v in headers.items()
        }
        if who is not None:
            session = who.cookies[settings.SESSION_COOKIE_NAME].value
            sent["Cookie"] = f"__Host-session={session}; __Host-csrf={TOKEN}"
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method.upper(), path, data, sent)
            answer = connection.getresponse()
            try:
                answer.text = answer.read()
            except http.client.IncompleteRead as cut:
                answer.text = cut.partial
            return answer
        finally:
            connection.close()

    def say(self, raw: bytes) -> bytes:
        """Bytes that need be no request."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as channel:
            channel.sendall(raw)
            with suppress(OSError):
                return channel.recv(1 << 16)
        return b""

    def said(self) -> list[tuple[str, bytes]]:
        return [(path.name, path.read_bytes()) for path in sorted(self.output.iterdir())]

    def text(self, name: str) -> str:
        return (self.output / f"{name}.log").read_text(errors="replace")

    def tree(self) -> list[psutil.Process]:
        found = []
        for started in list(self.running.values()):
            with suppress(psutil.NoSuchProcess):
                found += [root := psutil.Process(started.pid), *root.children(recursive=True)]
        return found

    def _watching(self) -> None:
        """Arguments and environment of each process, names and first words of each temporary file, while they are there."""
        while not self._over.wait(0.02):
            for process in self.tree():
                with suppress(OSError):
                    place = Path(f"/proc/{process.pid}")
                    self.seen |= {(place / "cmdline").read_bytes(), (place / "environ").read_bytes()}
            for path in self.scratch.rglob("*"):
                with suppress(OSError):
                    self.files.setdefault(str(path.relative_to(self.scratch)), b"")
                    if path.is_file() and path.stat().st_size > len(self.files[str(path.relative_to(self.scratch))]):
                        self.files[str(path.relative_to(self.scratch))] = path.read_bytes()

    def kill(self, *names: str) -> None:
        for name in names:
            process = self.running.pop(name)
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(10)

    def end(self, *names: str) -> None:
        """As an administrator stops them."""
        for name in names:
            process = self.running.pop(name)
            process.terminate()
            process.wait(30)

    def stop(self) -> None:
        self.kill(*list(self.running))
        self._over.set()
        self._watch.join(10)


@contextmanager
def deployment(folder: Path, broker: str) -> Iterator[Deployment]:
    made = Deployment(folder, broker)
    try:
        yield made
    finally:
        made.stop()


class Monitored:
    """Every command the queue server is given, as bytes; and at the end all that it holds."""

    def __init__(self, url: str):
        import redis

        self.server = redis.Redis.from_url(url)
        self.database = self.server.connection_pool.connection_kwargs.get("db", 0)
        host, port = (self.server.connection_pool.connection_kwargs[one] for one in ("host", "port"))
        self._channel = socket.create_connection((host, port), timeout=1)
        self._channel.sendall(b"MONITOR\r\n")
        self._heard, self._over = bytearray(), threading.Event()
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()
        wait_for(lambda: self._heard.startswith(b"+OK"), 10, "MONITOR")

    def _listen(self) -> None:
        while not self._over.is_set():
            with suppress(TimeoutError):
                self._heard += self._channel.recv(1 << 20)

    def commands(self) -> bytes:
        """Those of our database: others may use the same server."""
        time.sleep(0.2)
        ours = f" [{self.database} ".encode()
        return b"\n".join(line for line in bytes(self._heard).split(b"\r\n") if ours in line[:60])

    def held(self) -> list[tuple[str, bytes]]:
        return [(f"key {key!r}", key + b" " + self._value(key)) for key in self.server.scan_iter()]

    def _value(self, key: bytes) -> bytes:
        kind = self.server.type(key).decode()
        read = {
            "string": lambda: [self.server.get(key) or b""],
            "list": lambda: self.server.lrange(key, 0, -1),
            "hash": lambda: [part for pair in self.server.hgetall(key).items() for part in pair],
            "set": lambda: list(self.server.smembers(key)),
            "zset": lambda: self.server.zrange(key, 0, -1),
        }
        return b"\n".join(read[kind]()) if kind in read else self.server.dump(key) or b""

    def close(self) -> None:
        self._over.set()
        self._thread.join(5)
        self._channel.close()
        self.server.close()
