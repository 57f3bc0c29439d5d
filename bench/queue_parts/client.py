"""Asks both in shuffled rounds, then imports series through the real worker; prints one JSON line."""

import json
import os
import sys
import uuid
from pathlib import Path

import redis

from bench.harness import medians

ROUNDS = 301


def main() -> None:
    from bench.queue_parts.app import app, echo_by_task

    server = redis.Redis(unix_socket_path=os.environ["BENCH_SOCKET"])
    answers = []

    def ask_bare() -> None:
        word = uuid.uuid4().hex
        server.lpush("bench:question", word)
        answers.append(server.brpop("bench:answer:bare", timeout=30)[1].decode() == word)

    def ask_task() -> None:
        word = uuid.uuid4().hex
        echo_by_task.delay(word)
        answers.append(server.brpop("bench:answer:task", timeout=30)[1].decode() == word)

    found = medians({"bare echo": ask_bare, "Celery task": ask_task}, rounds=ROUNDS, warm_up=10)
    series, tasks = import_series(app, Path(sys.argv[1]))
    print(json.dumps({"medians": found, "agrees": all(answers), "series": series, "tasks": tasks}))


def import_series(app, folder: Path) -> tuple[int, int]:
    """Series stored from ``folder`` and the job messages that the worker took for them."""
    import django

    django.setup()
    from bench.queue_parts.waiting import import_folder

    before = taken(app)
    stored = import_folder(folder)
    return stored, taken(app) - before


def taken(app) -> int:
    workers = app.control.inspect(timeout=5).stats()
    return sum(worker["total"].get("imaging.tasks.run_job", 0) for worker in workers.values())


if __name__ == "__main__":
    main()
