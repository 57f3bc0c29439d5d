"""I1: a series uploaded as the browser does it, against raw TCP + write + fsync of the same files. Goal: <= 2 x.

Both ends run on loopback in processes of their own and write to the same file system. The clock runs from the first
byte sent until the receiver has said that every file is on disk. Content differs in every round, so nothing is
"already here".
"""

import hashlib
import http.client
import json
import multiprocessing
import os
import re
import socket
import struct
import subprocess
import sys
import tempfile
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bench.harness import Result, medians, ratio, shown

FILES = 300
FILE_BYTES = 85_400  # 200 x 200 PET slice and its header
BATCH_BYTES = 16 << 20
BATCH_FILES = 256
LANES = 2
HEAD = struct.Struct(">IQ")
LENGTH = struct.Struct(">Q")
GOAL = 2.0
ROUNDS = 11
WHAT = f"upload of {FILES} files through the server, durable, against raw TCP + write + fsync"


def run() -> list[Result]:
    rounds = [series(number) for number in range(ROUNDS + 1)]
    with tempfile.TemporaryDirectory(prefix="prrt-i1-") as scratch:
        limit, ours = RawTcp(Path(scratch)), Ours(Path(scratch))
        try:
            found = medians({"ours": sender(ours, rounds), "limit": sender(limit, rounds)}, rounds=ROUNDS)
            wanted = {hashlib.sha256(data).hexdigest() for files in rounds for _, data in files}
            agrees = ours.digests() == limit.digests() == wanted
        finally:
            ours.close()
            limit.close()
    return [Result("I1", WHAT, ratio("ours", "limit", found), GOAL, True, agrees, shown(found))]


def sender(end, rounds):
    """Sends the next round's files at each call."""
    left = iter(rounds)
    return lambda: end.send(next(left))


def series(round_number: int) -> list[tuple[str, bytes]]:
    base = os.urandom(FILE_BYTES - 16)
    return [(f"IM{n:04d}.dcm", n.to_bytes(8, "big") + round_number.to_bytes(8, "big") + base) for n in range(FILES)]


# --- the limit: length-prefixed files over TCP, written and flushed one by one ----------------------


def serve_raw(listener: socket.socket, folder: str) -> None:
    round_number = 0
    while True:
        connection, _ = listener.accept()
        round_number += 1
        target = Path(folder) / str(round_number)
        target.mkdir()
        with connection, connection.makefile("rb", buffering=1 << 20) as stream:
            for number in range(FILES):
                (size,) = LENGTH.unpack(stream.read(LENGTH.size))
                descriptor = os.open(target / f"{number}.dcm", os.O_CREAT | os.O_WRONLY, 0o640)
                os.write(descriptor, stream.read(size))
                os.fsync(descriptor)
                os.close(descriptor)
            connection.sendall(b"k")


class RawTcp:
    def __init__(self, folder: Path):
        self.folder = folder / "raw"
        self.folder.mkdir()
        listener = socket.create_server(("127.0.0.1", 0))
        self.address = listener.getsockname()
        self.process = multiprocessing.get_context("fork").Process(
            target=serve_raw, args=(listener, str(self.folder)), daemon=True
        )
        self.process.start()

    def send(self, files: list[tuple[str, bytes]]) -> None:
        with socket.create_connection(self.address) as connection:
            for _, data in files:
                connection.sendall(LENGTH.pack(len(data)))
                connection.sendall(data)
            assert connection.recv(1) == b"k"

    def digests(self) -> set[str]:
        return {hashlib.sha256(path.read_bytes()).hexdigest() for path in self.folder.glob("*/*")}

    def close(self) -> None:
        self.process.terminate()
        self.process.join()


# --- ours: gunicorn, a signed-in user, batches as static/js/upload-send.js makes them ---------------


class Ours:
    def __init__(self, folder: Path):
        self.data = folder / "data"
        database = f"sqlite:///{self.data / 'bench.sqlite3'}"
        chosen = {"PRRT_DATA_DIR": str(self.data), "PRRT_MODE": "demo", "DATABASE_URL": database}
        self.environment = os.environ | chosen | {"PYTHONWARNINGS": "ignore"}
        self.port = _free_port()
        self._manage("migrate", "--verbosity", "0")
        self.cookies = re.search("sessionid=.*", self._manage("shell", "-v", "0", "-c", SIGN_IN)).group()
        self.token = self.cookies.partition("csrftoken=")[2]
        self.server = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "config.wsgi", "--bind", f"127.0.0.1:{self.port}", "--threads", "4",
             "--log-level", "error"],
            env=self.environment,
        )  # fmt: skip
        _wait_for(self.port)

    def _manage(self, *arguments: str) -> str:
        command = [sys.executable, "manage.py", *arguments]
        return subprocess.run(command, env=self.environment, check=True, capture_output=True, text=True).stdout

    def send(self, files: list[tuple[str, bytes]]) -> None:
        form = f"key={uuid.uuid4()}&case=".encode()
        opened = self._post("/imaging/uploads/", form, "application/x-www-form-urlencoded")
        with ThreadPoolExecutor(LANES) as lanes:
            sent = [
                lanes.submit(self._post, opened["files"], body, "application/x-prrt-files") for body in bodies(files)
            ]
        assert all(not answer.result()["items"] for answer in sent)

    def _post(self, path: str, body: bytes, kind: str) -> dict:
        headers = {
            "Content-Type": kind,
            "Cookie": self.cookies,
            "X-CSRFToken": self.token,
            "Accept": "application/json",
        }
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        connection.request("POST", path, body, headers)
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        assert answer.status == 200, (answer.status, text[:300])
        return json.loads(text)

    def digests(self) -> set[str]:
        stored = (self.data / "store").glob("[0-9a-f][0-9a-f]/*")
        return {path.name for path in stored if hashlib.sha256(path.read_bytes()).hexdigest() == path.name}

    def close(self) -> None:
        self.server.terminate()
        self.server.wait(20)


SIGN_IN = """
from django.test import Client
from patients.models import User
user = User.objects.create_user("bench", password="bench-password-1", role="nuclear_medicine")
client = Client()
client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
print("sessionid=" + client.cookies["sessionid"].value + "; csrftoken=" + "a" * 32)
"""


def bodies(files: list[tuple[str, bytes]]) -> list[bytes]:
    made, parts, size, count = [], [], 0, 0
    for label, data in files:
        if parts and (size + len(data) > BATCH_BYTES or count >= BATCH_FILES):
            made.append(b"".join(parts))
            parts, size, count = [], 0, 0
        name = label.encode()
        parts += [HEAD.pack(len(name), len(data)), name, data]
        size, count = size + len(data), count + 1
    return [*made, b"".join(parts)]


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def _wait_for(port: int, seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.1)
    raise TimeoutError("the server did not start")
