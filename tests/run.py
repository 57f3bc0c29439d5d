"""`make test`: the suite on the embedded default, then again on PostgreSQL and Redis.

Servers: those named by TEST_DATABASE_URL and TEST_REDIS_URL; else local ones on the standard loopback port;
else throw-away ones started here and stopped at the end. What cannot run is named in the summary.
"""

import os
import re
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from tests.servers import Unavailable, postgres, redis_server

REPOSITORY = Path(__file__).resolve().parent.parent
NEEDS_NO_DATABASE = ["tests/science", "tests/journeys"]


def main() -> int:
    extra = sys.argv[1:]
    summary: list[str] = []
    absent: list[str] = []
    failed = False
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="prrt-servers-")))
        redis_url = _start(stack, redis_server, scratch, "Redis", absent)
        database_url = _start(stack, postgres, scratch, "PostgreSQL", absent)
        queue = {"TEST_REDIS_URL": redis_url} if redis_url else {}
        failed |= _pytest("embedded (SQLite, private queue)", queue, extra, summary)
        if database_url:
            skip = [f"--ignore={folder}" for folder in NEEDS_NO_DATABASE]
            failed |= _pytest("PostgreSQL and Redis", queue | {"DATABASE_URL": database_url}, [*skip, *extra], summary)
    print("\n".join(["", "Summary", *summary]))
    for what in absent:
        print(f"  NOT RUN  {what}")
    return int(failed)


def _start(stack: ExitStack, server, scratch: Path, name: str, absent: list[str]) -> str | None:
    try:
        url, origin = stack.enter_context(server(scratch))
    except Unavailable as reason:
        absent.append(f"{name}: {reason}")
        return None
    print(f"{name}: {origin}", flush=True)
    return url


def _pytest(title: str, environment: dict[str, str], arguments: list[str], summary: list[str]) -> bool:
    print(f"\n=== {title} ===", flush=True)
    command = [sys.executable, "-m", "pytest", "-rs", *arguments]
    process = subprocess.Popen(
        command, cwd=REPOSITORY, env=os.environ | environment, stdout=subprocess.PIPE, text=True, bufsize=1
    )
    last = ""
    for line in process.stdout:
        print(line, end="", flush=True)
        if re.search(r"\d+ (passed|failed|error)", line):
            last = line.strip(" =\n")
    code = process.wait()
    summary.append(f"  {'ok    ' if code == 0 else 'FAILED'}  {title}: {last or f'exit code {code}'}")
    return code != 0


if __name__ == "__main__":
    sys.exit(main())
