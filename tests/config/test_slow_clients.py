"""gunicorn with two threads, and more clients than that which never finish what they send."""

import http.client
import os
import socket
import subprocess
import sys
import time
from contextlib import ExitStack, suppress

import pytest

from config import slow_clients
from tests.drill.servers import REPOSITORY
from tests.servers import free_port

APP = """
def app(environ, start):
    body = environ["wsgi.input"].read()
    start("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(str(len(body)))))])
    return [str(len(body)).encode()]
"""
QUICK = """
from config import slow_clients
slow_clients.HEAD_SECONDS, slow_clients.BODY_GRACE_SECONDS = 3.0, 2.0
worker_class = "{worker}"
"""


def serve(folder, worker: str):
    (folder / "small_app.py").write_text(APP)
    (folder / "quick.py").write_text(QUICK.format(worker=worker))
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "small_app:app", "-c", str(folder / "quick.py"), "--threads", "2"]
    env = os.environ | {"PYTHONPATH": f"{folder}:{REPOSITORY}"}
    process = subprocess.Popen([*command, "-b", f"127.0.0.1:{port}", "--log-level", "error"], cwd=folder, env=env)
    limit = time.monotonic() + 60
    while time.monotonic() < limit:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return process, port
        time.sleep(0.05)
    raise AssertionError("gunicorn did not start")


@pytest.fixture
def server(tmp_path, request):
    process, port = serve(tmp_path, getattr(request, "param", "config.slow_clients.SteadyWorker"))
    yield port
    process.kill()
    process.wait(10)


def ask(port: int, body: bytes = b"", timeout: float = 20) -> bytes:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    connection.request("POST", "/", body)
    return connection.getresponse().read()


def begun(stack: ExitStack, port: int, text: bytes) -> socket.socket:
    connection = stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=30))
    connection.sendall(text)
    return connection


HEAD = b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: "


def test_heads_that_never_end_hold_no_thread(server):
    with ExitStack() as stack:
        slow = [begun(stack, server, HEAD) for _ in range(8)]
        for _ in range(4):
            for one in slow:
                with suppress(OSError):
                    one.sendall(b"x")
            assert ask(server, b"abc") == b"3"
            time.sleep(0.2)


@pytest.mark.parametrize("server", ["gthread"], indirect=True)
def test_without_it_they_hold_them_all(server):
    """The control: gunicorn's own worker answers nobody meanwhile."""
    with ExitStack() as stack, pytest.raises(TimeoutError):
        for _ in range(8):
            begun(stack, server, HEAD)
        time.sleep(0.5)
        ask(server, timeout=3)


def test_a_body_that_stops_is_given_up_and_its_thread_is_free(server):
    with ExitStack() as stack:
        for _ in range(2):
            begun(stack, server, b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nabc")
        began = time.monotonic()
        assert ask(server, b"abcd", timeout=30) == b"4"
        assert time.monotonic() - began < 20


def test_a_head_in_two_parts_is_answered(server):
    with ExitStack() as stack:
        one = begun(stack, server, b"GET / HTTP/1.1\r\nHost:")
        time.sleep(0.5)
        one.sendall(b" x\r\n\r\n")
        answer = http.client.HTTPResponse(one)
        answer.begin()
        assert (answer.status, answer.read()) == (200, b"0")


def test_two_requests_over_one_connection_and_a_large_body_are_answered(server):
    connection = http.client.HTTPConnection("127.0.0.1", server, timeout=20)
    for size in (0, 5, 3 << 20, 1):
        connection.request("POST", "/", bytes(size))
        assert connection.getresponse().read() == str(size).encode()


def test_the_product_runs_with_it():
    assert "config.slow_clients.SteadyWorker" in (REPOSITORY / "gunicorn.conf.py").read_text()
    assert slow_clients.HEAD_SECONDS <= 20
