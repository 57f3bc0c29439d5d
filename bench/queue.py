"""Q1: what a job costs on the way. A Celery task round trip against a bare list echo, and messages per series."""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.harness import Result, ratio, shown, skipped
from tests.imaging.phantom import write_pet

REPOSITORY = Path(__file__).resolve().parent.parent
WHAT = "p50 of a Celery task there and back, against a bare echo over the same queue server"
MESSAGES = "Celery tasks per imported series"
SERIES = 4


def run() -> list[Result]:
    from demo.launcher import queue_server_binary

    server = queue_server_binary()
    if server is None:
        why = "no embedded queue server for this platform"
        return [skipped("Q1", WHAT, 10, why, is_limit=True), skipped("Q1", MESSAGES, 2, why, is_limit=True)]
    with tempfile.TemporaryDirectory(prefix="prrt-q1-") as scratch:
        found = _measure(Path(scratch), server)
    times = found["medians"]
    return [
        Result("Q1", WHAT, ratio("Celery task", "bare echo", times), 10, True, found["agrees"], shown(times)),
        Result(
            "Q1",
            MESSAGES,
            found["tasks"] / found["series"],
            2,
            True,
            found["series"] == SERIES,
            f"{found['tasks']} tasks",
        ),
    ]


def _measure(scratch: Path, server: Path) -> dict:
    socket = scratch / "q.sock"
    data = scratch / "data"
    env = os.environ | {
        "PRRT_MODE": "demo",
        "PRRT_DATA_DIR": str(data),
        "DATABASE_URL": f"sqlite:///{data / 'bench.sqlite3'}",
        "CELERY_BROKER_URL": f"redis+socket://{socket}",
        "BENCH_SOCKET": str(socket),
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "PYTHONWARNINGS": "ignore",
    }
    python = sys.executable
    subprocess.run([python, "manage.py", "migrate", "-v0"], env=env, cwd=REPOSITORY, check=True)
    for number in range(SERIES):
        write_pet(scratch / "series" / str(number), f"queue-{number}", slices=30)
    worker = [python, "-m", "celery", "-A", "bench.queue_parts.app", "--quiet", "worker", "-c", "1"]
    children = [_start([str(server), "--port", "0", "--unixsocket", str(socket), "--save", ""], env)]
    try:
        while not socket.exists():
            time.sleep(0.05)
        children.append(_start([*worker, "--without-gossip", "--without-mingle", "--loglevel", "ERROR"], env))
        children.append(_start([python, "-m", "bench.queue_parts.echo"], env))
        client = [python, "-m", "bench.queue_parts.client", str(scratch / "series")]
        output = subprocess.run(
            client, env=env, cwd=REPOSITORY, check=True, capture_output=True, text=True, timeout=300
        )
    finally:
        for child in reversed(children):
            child.terminate()
            child.wait(20)
    return json.loads(output.stdout.splitlines()[-1])


def _start(command: list[str], env: dict[str, str]) -> subprocess.Popen:
    return subprocess.Popen(command, env=env, cwd=REPOSITORY, stdout=subprocess.DEVNULL)
