"""The whole product as it is run for real: gunicorn, workers and the queue on a database and a folder of their own.

Production mode: HTTPS only, as its proxy says it; Argon2; no test settings. Only the second factor is not asked for.
"""

import atexit
import http.client
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlencode

import psutil

from imaging.framing import CONTENT_TYPE, HEAD
from tests.drill.servers import REPOSITORY, Servers

PASSWORD = "not-a-real-password"
FORM = "application/x-www-form-urlencoded"


@dataclass
class Board(Servers):
    slots: int = 2
    more: dict[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        production = {
            "PRRT_MODE": "production",
            "SECRET_KEY": "only-for-this-test-" * 4,
            "ALLOWED_HOSTS": "127.0.0.1",
            "PRRT_MFA_ROLES": "",
            "PRRT_LOG": "json",
        }
        return super().environment | production | self.more

    def output(self, name: str) -> dict:
        log = (self.folder / f"{name}.log").open("ab")
        return {"stdout": log, "stderr": log}

    def fill(self) -> None:
        shutil.copy(_filled(), self.folder / "prrt.sqlite3")

    def call(self, *words: str, check: bool = True) -> subprocess.CompletedProcess:
        """``python WORDS`` beside the site; ``("manage.py", ...)`` for a command."""
        command, env = [sys.executable, *words], self.environment
        return subprocess.run(command, cwd=REPOSITORY, env=env, check=check, capture_output=True, text=True)

    def rows(self, query: str, *values) -> list[tuple]:
        with sqlite3.connect(f"file:{self.folder}/prrt.sqlite3?mode=ro", uri=True, timeout=20) as connection:
            return connection.execute(query, values).fetchall()

    def processes(self) -> list[psutil.Process]:
        """Web and worker with everything they started."""
        found = []
        for name in ("web", "worker"):
            with suppress(psutil.NoSuchProcess, KeyError):
                root = psutil.Process(self.running[name].pid)
                found += [root, *root.children(recursive=True)]
        return found

    def begin(self, *names: str) -> None:
        for name in names:
            self.start(name)
        if "web" in names:
            self.wait_for_web()


@cache
def _filled() -> Path:
    """A database with the people, made once."""
    folder = Path(tempfile.mkdtemp(prefix="prrt-filled-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    Board(folder).call("-m", "tests.processes.board_people")
    return folder / "prrt.sqlite3"


class Answer(NamedTuple):
    status: int
    body: bytes
    seconds: float
    place: str = ""

    def json(self) -> dict:
        return json.loads(self.body)


class Person:
    """Somebody at a browser, behind the proxy that ends TLS."""

    def __init__(self, board: Board, name: str) -> None:
        self.board, self.cookies = board, {}
        self.get("/accounts/login/")
        signed = self.post(
            "/accounts/login/", urlencode({"login": name, "password": PASSWORD}).encode(), accept="text/html"
        )
        assert signed.status == 302, signed.body[:300]

    def get(self, path: str, timeout: float = 60) -> Answer:
        return self._ask("GET", path, None, {}, timeout)

    def post(
        self, path: str, body: bytes = b"", content_type: str = FORM, *, timeout: float = 120, accept="application/json"
    ) -> Answer:
        token = next((value for name, value in self.cookies.items() if name.endswith("csrf")), "")
        headers = {
            "Content-Type": content_type,
            "X-CSRFToken": token,
            "Referer": f"https://127.0.0.1:{self.board.port}/",
        }
        return self._ask("POST", path, body, headers | {"Accept": accept}, timeout)

    def headers(self) -> dict[str, str]:
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        return {"X-Forwarded-Proto": "https", "X-Forwarded-For": "127.0.0.1", "Cookie": cookies}

    def _ask(self, method: str, path: str, body: bytes | None, headers: dict, timeout: float) -> Answer:
        began = time.monotonic()
        connection = http.client.HTTPConnection("127.0.0.1", self.board.port, timeout=timeout)
        try:
            connection.request(method, path, body, self.headers() | headers)
            response = connection.getresponse()
            content = response.read()
        finally:
            connection.close()
        for line in response.headers.get_all("Set-Cookie") or []:
            name, _, value = line.partition(";")[0].partition("=")
            self.cookies[name] = value
        return Answer(response.status, content, time.monotonic() - began, response.headers.get("Location", ""))

    # --- files ---
    def open_upload(self, case: str = "") -> dict:
        answer = self.post("/imaging/uploads/", urlencode({"key": str(uuid.uuid4()), "case": case}).encode())
        assert answer.status == 200, (answer.status, answer.body[:300])
        return answer.json()

    def send(self, opened: dict, files: list[tuple[str, bytes]]) -> Answer:
        heads = [(name.encode(), data) for name, data in files]
        body = b"".join(HEAD.pack(len(name), len(data)) + name + data for name, data in heads)
        return self.post(opened["files"], body, CONTENT_TYPE)

    def upload(self, files: list[tuple[str, bytes]], case: str = "") -> str:
        """The whole way of the page; the id of the upload, closed."""
        opened = self.open_upload(case)
        sent = self.send(opened, files)
        assert sent.status == 200, (sent.status, sent.body[:300])
        closed = self.post(opened["close"])
        assert closed.status == 200, (closed.status, closed.body[:300])
        return upload_of(opened["detail"])

    def send_form(self, files: list[tuple[str, bytes]], case: str = "") -> Answer:
        """The same without script: one form."""
        mark = uuid.uuid4().hex
        fields = {"key": str(uuid.uuid4()), "case": case}
        parts = [
            f'--{mark}\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n{v}\r\n'.encode() for n, v in fields.items()
        ]
        for name, data in files:
            head = f'--{mark}\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n\r\n'
            parts.append(head.encode() + data + b"\r\n")
        return self.post(
            "/imaging/upload/", b"".join(parts) + f"--{mark}--\r\n".encode(), f"multipart/form-data; boundary={mark}"
        )


def upload_of(address: str) -> str:
    return re.search(r"[0-9a-f]{8}-[0-9a-f-]{27}", address)[0]


def wait_until(condition, seconds: float, what: str):
    limit = time.monotonic() + seconds
    while time.monotonic() < limit:
        if found := condition():
            return found
        time.sleep(0.05)
    raise AssertionError(f"{what} did not happen within {seconds} s")


@contextmanager
def board(folder: Path, **options) -> Iterator[Board]:
    """Filled with people, nothing started yet; whatever was started is stopped at the end."""
    site = Board(folder, **options)
    try:
        site.fill()
        yield site
    finally:
        site.stop()


def peak_of(process: psutil.Process) -> int:
    """The most memory it ever had at once, from the kernel."""
    with suppress(OSError):
        for line in Path(f"/proc/{process.pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) << 10
    return 0


def open_files_of(process: psutil.Process) -> list[str]:
    with suppress(OSError):
        return [os.readlink(entry.path) for entry in os.scandir(f"/proc/{process.pid}/fd")]
    return []
