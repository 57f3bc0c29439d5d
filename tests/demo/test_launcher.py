"""`manage.py demo` as a person uses it: one command up, Ctrl-C down, and nothing left behind."""

import os
import signal
import subprocess
import sys
import time
import urllib.request
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from tests import template
from tests.servers import free_port

REPOSITORY = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.processes


def start(data_dir: Path, **extra: str) -> tuple[subprocess.Popen, str]:
    port = free_port()
    data_dir.mkdir(parents=True, exist_ok=True)
    log = (data_dir / "log").open("w")
    env = {k: v for k, v in os.environ.items() if k not in {"DATABASE_URL", "CELERY_BROKER_URL"}}
    process = subprocess.Popen(
        [sys.executable, "manage.py", "demo", "--without-cohort", "--port", str(port), "--workers", "1"],
        cwd=REPOSITORY,
        env=env | {"PRRT_DATA_DIR": str(data_dir)} | extra,
        stdout=log,
        stderr=log,
        start_new_session=True,
    )
    return process, f"http://127.0.0.1:{port}/healthz"


def wait_until_served(process: subprocess.Popen, url: str, data_dir: Path) -> None:
    limit = time.monotonic() + 90
    while time.monotonic() < limit:
        assert process.poll() is None, (data_dir / "log").read_text()
        if "Stop with" in (data_dir / "log").read_text():
            with urllib.request.urlopen(url, timeout=5) as response:
                assert response.status == 200
            return
        time.sleep(0.1)
    raise AssertionError((data_dir / "log").read_text())


def family(process: subprocess.Popen) -> list[psutil.Process]:
    return psutil.Process(process.pid).children(recursive=True)


def left_running(processes: list[psutil.Process], within: float) -> list[psutil.Process]:
    _, alive = psutil.wait_procs(processes, timeout=within)
    return [p for p in alive if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]


@pytest.fixture
def running(tmp_path):
    template.copy_to(tmp_path / "prrt.sqlite3")
    process, url = start(tmp_path)
    wait_until_served(process, url, tmp_path)
    children = family(process)
    yield process, children, tmp_path
    for started_by_us in children:
        with suppress(psutil.NoSuchProcess):
            started_by_us.kill()
    process.kill()
    process.wait(10)


def queue_seen_by_a_command(data_dir: Path) -> str:
    """The queue that a command started beside the demo would ring."""
    env = {k: v for k, v in os.environ.items() if k != "CELERY_BROKER_URL"} | {"PRRT_DATA_DIR": str(data_dir)}
    command = [sys.executable, "-c", "from config import env; print(env.BROKER_URL)"]
    return subprocess.run(command, cwd=REPOSITORY, env=env, capture_output=True, text=True, check=True).stdout.strip()


def test_ctrl_c_leaves_no_process(running):
    process, children, data_dir = running
    assert len(children) >= 8, "queue, web, worker and beat, each under its guard"
    assert queue_seen_by_a_command(data_dir).startswith("redis+socket://")
    process.send_signal(signal.SIGINT)
    assert process.wait(40) == 0
    assert left_running(children, within=5) == []
    assert "nothing is left running" in (data_dir / "log").read_text()
    assert queue_seen_by_a_command(data_dir) == ""


def test_a_killed_launcher_leaves_no_process(running):
    process, children, _ = running
    process.kill()
    process.wait(10)
    assert left_running(children, within=30) == []


def test_it_refuses_to_run_on_a_real_deployment(tmp_path):
    env = os.environ | {"PRRT_DATA_DIR": str(tmp_path), "PRRT_MODE": "production", "SECRET_KEY": "k" * 60}
    result = subprocess.run(
        [sys.executable, "manage.py", "demo"], cwd=REPOSITORY, env=env, capture_output=True, text=True, check=False
    )
    assert result.returncode != 0
    assert "never runs on a real deployment" in result.stderr
