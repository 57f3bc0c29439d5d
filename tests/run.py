"""`make test`: the suite on the embedded default and, for what knows a database, on PostgreSQL and Redis, side by side.
`make proofs`: what that leaves out (tests/parts.py says what); `make test-both`: all of both in one run.

Servers: those named by TEST_DATABASE_URL and TEST_REDIS_URL; else local ones on the standard loopback port;
else throw-away ones started here and stopped at the end. What cannot run is named in the summary.
"""

import datetime as dt
import os
import re
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from tests import parts
from tests.servers import Unavailable, postgres, redis_server
from tests.template import templates

REPOSITORY = Path(__file__).resolve().parent.parent
# Tests that mostly wait for leases to run out go in a lane of their own, so that the others use the time.
WAITING = "tests/processes"
# What measures seconds of a whole site has the machine for itself, after everything else.
ALONE = "tests/processes/test_bombs_at_once.py"
# These know no database: beside tests that mostly wait they use the processor.
NO_DATABASE = ["tests/science", "tests/js", "tests/demo/test_phantom.py"]
# Lanes of their own: these bring browsers, or processes with databases of their own.
ONCE = ["tests/journeys", "tests/demo/test_launcher.py"]
# About half of what the first engine is asked: lanes of one length leave no processor idle at the end.
PAGES = ["tests/board", "tests/contracts"]
# It loads the demonstration, which the journeys of one lane have at hand.
WITH_JOURNEYS = ["tests/demo/test_load_demo.py"]
# Browsers wait more than they compute: two lanes of about one length, one of them with whatever needs the demonstration.
IN_DEMO = [
    f"tests/journeys/test_{name}.py"
    for name in (
        "cohort",
        "demo_case",
        "every_page",
        "meeting",
        "reading_journey",
        "screen_sizes",
        "entry",
        "entry_keys",
    )
]
# The lanes fill the processor already: threads of the linear algebra would only wait for each other.
SINGLE = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
# Lanes start hundreds of processes: each would compile the product anew where compiled modules are not kept.
COMPILED_ONCE = {"PYTHONDONTWRITEBYTECODE": ""}
# The option of each target -> what the environment says of the part it runs.
PARTS = {
    "--proofs": {parts.PART: parts.PROOFS},
    "--both": {parts.WHOLE: "1"},
}
SHORT = {parts.PART: parts.TEST}
# Tests take "today" at their start: a run that begins late in the day works in a zone that is hours from midnight.
LATE_HOUR, EVENING = 20, {"TIME_ZONE": "Etc/GMT+6"}
COUNTED = re.compile(r"(\d+) (passed|failed|error|skipped)")


@dataclass
class Lane:
    title: str
    arguments: list[str]
    environment: dict[str, str]
    is_alone: bool = False
    counts: dict[str, int] | None = None
    code: int = 0
    processor_seconds: float = 0.0

    def start(self, scratch: Path, made: dict[str, str]) -> None:
        self.log = scratch / f"{self.title}.log"
        command = [sys.executable, "-m", "pytest", "-rs", "--durations=8", *self.arguments]
        with self.log.open("w") as output:
            self.process = subprocess.Popen(
                command,
                cwd=REPOSITORY,
                env=SINGLE
                | far_from_midnight(dt.datetime.now(dt.UTC))
                | os.environ
                | COMPILED_ONCE
                | made
                | self.environment,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def finish(self) -> None:
        _, status, used = os.wait4(self.process.pid, 0)
        self.code = self.process.returncode = os.waitstatus_to_exitcode(status)
        self.processor_seconds = used.ru_utime + used.ru_stime
        text = self.log.read_text()
        last = next((line for line in reversed(text.splitlines()) if COUNTED.search(line)), "")
        self.counts = {word: int(number) for number, word in COUNTED.findall(last)}
        print(f"\n=== {self.title} ===\n{text}", flush=True)


def main() -> int:
    extra = [argument for argument in sys.argv[1:] if argument not in PARTS]
    part = next((PARTS[argument] for argument in sys.argv[1:] if argument in PARTS), SHORT)
    absent: list[str] = []
    started = time.monotonic()
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="prrt-suite-")))
        redis_url = _start(stack, redis_server, scratch, "Redis", absent)
        database_url = _start(stack, postgres, scratch, "PostgreSQL", absent)
        made = stack.enter_context(templates(scratch, database_url))
        lanes = _lanes(redis_url, database_url, extra)
        for is_alone in (False, True):
            now = [lane for lane in lanes if lane.is_alone is is_alone]
            for lane in now:
                lane.start(scratch, made | part)
            for lane in now:
                lane.finish()
    return _summary(lanes, absent, started)


def _lanes(redis_url: str | None, database_url: str | None, extra: list[str]) -> list[Lane]:
    queue = {"TEST_REDIS_URL": redis_url} if redis_url else {}
    ignore = [f"--ignore={place}" for place in [*ONCE, *NO_DATABASE, WAITING]]
    lanes = [
        Lane("embedded SQLite, board and contracts", [*PAGES, *extra], queue),
        Lane(
            "embedded SQLite, the rest",
            [*ignore, *(f"--ignore={place}" for place in PAGES + WITH_JOURNEYS), *extra],
            queue,
        ),
        Lane("browser journeys of the demonstration, launcher", [*IN_DEMO, ONCE[1], *WITH_JOURNEYS, *extra], queue),
        Lane("browser journeys", [ONCE[0], *(f"--ignore={place}" for place in IN_DEMO), *extra], queue),
        Lane("embedded SQLite, workers killed; science", [WAITING, *NO_DATABASE, f"--ignore={ALONE}", *extra], queue),
        Lane("a site under attack, alone", [ALONE, *extra], queue, is_alone=True),
    ]
    if database_url:
        for lane in lanes[:2]:  # the same files as the first lane of the second engine
            lane.environment = lane.environment | {parts.BESIDE: "1"}
        on_postgres = {"DATABASE_URL": database_url, parts.SECOND_ENGINE: "1"}
        if redis_url:  # a queue of its own: the lanes run at the same time
            on_postgres["TEST_REDIS_URL"] = next_database(redis_url)
        lanes += [
            Lane("PostgreSQL and Redis", [*ignore, *extra], on_postgres),
            Lane("PostgreSQL and Redis, workers killed", [WAITING, *extra], on_postgres),
        ]
    return lanes


def far_from_midnight(now: dt.datetime) -> dict[str, str]:
    """The setting under which the day does not change while the suite runs."""
    return EVENING if now.hour >= LATE_HOUR else {}


def next_database(redis_url: str) -> str:
    """The same Redis server, one database number higher."""
    server, _, number = redis_url.rpartition("/")
    return f"{server}/{int(number) + 1}" if number.isdigit() else f"{redis_url.rstrip('/')}/1"


def _start(stack: ExitStack, server, scratch: Path, name: str, absent: list[str]) -> str | None:
    try:
        url, origin = stack.enter_context(server(scratch))
    except Unavailable as reason:
        absent.append(f"{name}: {reason}")
        return None
    print(f"{name}: {origin}", flush=True)
    return url


def _summary(lanes: list[Lane], absent: list[str], started: float) -> int:
    print("\nSummary")
    for lane in lanes:
        found = ", ".join(f"{number} {word}" for word, number in lane.counts.items()) or f"exit code {lane.code}"
        used = f"{lane.processor_seconds:.0f} s of processor time"
        print(f"  {'FAILED' if lane.code else 'ok    '}  {lane.title}: {found}, {used}")
    for what in absent:
        print(f"  NOT RUN  {what}")
    total = {word: sum(lane.counts.get(word, 0) for lane in lanes) for word in ("passed", "failed", "error", "skipped")}
    print(f"  {time.monotonic() - started:.0f} s in all")
    print(f"{total['passed']} passed, {total['failed'] + total['error']} failed, {total['skipped']} skipped")
    return int(any(lane.code for lane in lanes))


if __name__ == "__main__":
    sys.exit(main())
