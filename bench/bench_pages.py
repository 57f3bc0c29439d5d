"""W1: the patient page against itself at another registry size, and against the same page written as N+1.

Per engine (SQLite always, PostgreSQL where one answers) two scratch databases are made, with 10 patients and with
PRRT_BENCH_PATIENTS (default 100,000). One process then requests random patients of both through the whole Django
stack, in shuffled rounds. The N+1 peer is the same view, template and values, but each part asks for what it needs
when it needs it: one query per row, and again for each day whose verdict it shows. "by row" is the milder half of
it, one query per row but each row once; it has no goal and is printed for comparison.
"""

import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from pathlib import Path
from unittest.mock import patch
from urllib.parse import urlsplit

from bench.harness import Result, skipped

SMALL = 10
LARGE = int(os.environ.get("PRRT_BENCH_PATIENTS", "100000"))
ROUNDS = int(os.environ.get("PRRT_BENCH_ROUNDS", "200"))
POSTGRES = os.environ.get("TEST_DATABASE_URL", "postgres://postgres@127.0.0.1:5432/postgres")
REPOSITORY = Path(__file__).resolve().parent.parent


def run() -> Iterator[Result]:
    for engine, scratch in (("SQLite", SqliteScratch), ("PostgreSQL", PostgresScratch)):
        if why := scratch.missing():
            yield from (skipped(*goal, why, is_limit=True) for goal in goals(engine))
        else:
            yield from measured(engine, scratch())


def goals(engine: str) -> list[tuple[str, str, float]]:
    return [
        ("W1 queries", f"{engine}: queries of one patient page", 8),
        ("W1 p50", f"{engine}: page at {LARGE:,} patients / at {SMALL}, median", 1.2),
        ("W1 p95", f"{engine}: page at {LARGE:,} patients / at {SMALL}, 95th percentile", 1.2),
        ("W1 n+1", f"{engine}: page / the same page as N+1, 95th percentile", 0.5),
    ]


def measured(engine: str, scratch) -> list[Result]:
    with scratch:
        small, large = scratch.make("small", SMALL), scratch.make("large", LARGE)
        found = json.loads(_child({**small, "PRRT_BENCH_OTHER": json.dumps(large)}, "-m", "bench.bench_pages", "child"))
    ours, at_ten, naive = found["large"], found["small"], found["n+1"]
    ratios = (
        found["queries"]["large"],
        at(ours, 50) / at(at_ten, 50),
        at(ours, 95) / at(at_ten, 95),
        at(ours, 95) / at(naive, 95),
    )
    note = ", ".join(f"{name} {1000 * at(found[name], 50):.1f}/{1000 * at(found[name], 95):.1f} ms" for name in CASES)
    note += f", n+1 runs {found['queries']['n+1']} queries"
    return [
        Result(name, what, ratio, goal, is_limit=True, agrees=found["agrees"], note=note)
        for (name, what, goal), ratio in zip(goals(engine), ratios, strict=True)
    ]


def at(seconds: list[float], percent: int) -> float:
    return sorted(seconds)[min(len(seconds) - 1, len(seconds) * percent // 100)]


# --- scratch databases ------------------------------------------------------------------------------


class SqliteScratch:
    def __enter__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="prrt-bench-"))
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.folder, ignore_errors=True)

    @staticmethod
    def missing() -> str:
        return ""

    def make(self, name: str, patients: int) -> dict[str, str]:
        return _filled({"PRRT_DATA_DIR": str(self.folder / name), "DATABASE_URL": ""}, patients)


class PostgresScratch:
    def __enter__(self):
        self.folder, self.names = Path(tempfile.mkdtemp(prefix="prrt-bench-")), []
        return self

    def __exit__(self, *_):
        for name in self.names:
            _as_postgres(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        shutil.rmtree(self.folder, ignore_errors=True)

    @staticmethod
    def missing() -> str:
        try:
            _as_postgres("SELECT 1")
        except Exception as error:
            return f"no PostgreSQL answered ({type(error).__name__}); name one in TEST_DATABASE_URL"
        return ""

    def make(self, name: str, patients: int) -> dict[str, str]:
        database = f"prrt_bench_{name}_{os.getpid()}"
        self.names.append(database)
        _as_postgres(f'CREATE DATABASE "{database}"')
        url = urlsplit(POSTGRES)._replace(path=f"/{database}").geturl()
        return _filled({"PRRT_DATA_DIR": str(self.folder), "DATABASE_URL": url}, patients, "VACUUM ANALYZE")


def _as_postgres(statement: str) -> None:
    import psycopg2

    connection = psycopg2.connect(POSTGRES, connect_timeout=3)
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement)
    finally:
        connection.close()


def _filled(environment: dict[str, str], patients: int, then: str = "") -> dict[str, str]:
    """SQLite stays without planner statistics, as after installation; PostgreSQL gathers its own in daily use."""
    _child(environment, "manage.py", "migrate", "--verbosity", "0")
    _child(environment, "manage.py", "load_scale", str(patients))
    if then:
        code = f"from django.db import connection\nconnection.cursor().execute({then!r})"
        _child(environment, "manage.py", "shell", "--verbosity", "0", "-c", code)
    return environment


def _child(environment: dict[str, str], *arguments: str) -> str:
    env = {**os.environ, "PRRT_MODE": "demo", "DJANGO_SETTINGS_MODULE": "config.settings", **environment}
    if not env.get("DATABASE_URL"):
        env.pop("DATABASE_URL", None)
    done = subprocess.run(
        [sys.executable, *arguments], check=False, env=env, cwd=REPOSITORY, capture_output=True, text=True
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(arguments[:2])} failed:\n{done.stderr[-2000:]}")
    return done.stdout.strip().splitlines()[-1] if done.stdout.strip() else ""


# --- the measuring process: two databases behind the one alias of the product ------------------------

CASES = ("small", "large", "by row", "n+1")


def child() -> None:
    import warnings

    import django

    django.setup()
    warnings.simplefilter("ignore")
    sites = {"small": Site(None, SMALL), "large": Site(json.loads(os.environ["PRRT_BENCH_OTHER"]), LARGE)}
    found: dict[str, list[float]] = {name: [] for name in CASES}
    rng = random.Random(5)
    for number in range(-5, ROUNDS):
        for name in rng.sample(CASES, len(CASES)):
            site = sites["small" if name == "small" else "large"]
            with written_as(name):
                seconds, _, _ = site.page(site.any_patient(rng))
            if number >= 0:
                found[name].append(seconds)
    chosen, pages, queries = sites["large"].any_patient(rng), {}, {}
    for name in CASES[1:]:
        with written_as(name):
            _, html, queries[name] = sites["large"].page(chosen, count=True)
        pages[name] = _comparable(html)
    agrees = len(set(pages.values())) == 1 and chosen in pages["large"]
    print(json.dumps({**found, "queries": queries, "agrees": agrees}))


@contextmanager
def written_as(name: str) -> Iterator[None]:
    """The product's page, or with its chart loaded as nobody looked at the queries."""
    from board.chart import Chart
    from eligibility import case_rows

    with ExitStack() as patches:
        if name in ("by row", "n+1"):
            patches.enter_context(patch.object(case_rows, "bundle", row_by_row))
        if name == "n+1":
            patches.enter_context(patch.object(Chart, "assessed_on", assessed_alone))
        yield


def assessed_alone(chart, day):
    """What the rule sets say on a day, from rows fetched for that day only."""
    from eligibility.selectors import assess_all

    if day not in chart._assessed:
        chart._assessed[day] = assess_all(chart.patient, as_of=day)
    return chart._assessed[day]


def row_by_row(querysets):
    """What an ORM does when nobody looks: one query for the ids of a table, then one query per row."""
    found = {}
    for queryset in querysets:
        model = queryset.model
        manager = getattr(model, "versions", model._default_manager)
        found[model] = [manager.get(pk=pk) for pk in list(queryset.order_by().values_list("pk", flat=True))]
    return found


class Site:
    """A database of its own, a signed-in client on it, and the number of patients it holds."""

    def __init__(self, environment: dict[str, str] | None, patients: int):
        import copy

        from django.db import connections

        self.connection, self.patients = connections["default"], patients
        if environment is not None:
            settings = copy.deepcopy(self.connection.settings_dict)
            url = environment["DATABASE_URL"]
            settings["NAME"] = (
                urlsplit(url).path[1:] if url else str(Path(environment["PRRT_DATA_DIR"]) / "prrt.sqlite3")
            )
            self.connection = type(self.connection)(settings, alias="default")
        self._choose()
        self._sign_in()

    def _choose(self) -> None:
        from django.db import connections

        connections["default"] = self.connection

    def _sign_in(self) -> None:
        from django.test import Client

        from demo.accounts import DEMO_USER
        from patients.models import User

        self.client = Client(HTTP_HOST="127.0.0.1")
        user = User.objects.get(username=DEMO_USER)
        self.client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")

    def any_patient(self, rng: random.Random) -> str:
        return f"SYN-{rng.randrange(self.patients):07d}"

    def page(self, case_number: str, *, count: bool = False) -> tuple[float, str, int]:
        from django.test.utils import CaptureQueriesContext

        self._choose()
        with CaptureQueriesContext(self.connection) if count else nullcontext() as captured:
            started = time.perf_counter()
            answer = self.client.get(f"/patients/{case_number}/")
            seconds = time.perf_counter() - started
        if answer.status_code != 200:
            raise RuntimeError(f"the patient page answered {answer.status_code}")
        return seconds, answer.content.decode(), len(captured) if count else 0


def _comparable(html: str) -> str:
    """Without the one-time form token."""
    return re.sub(r'name="csrfmiddlewaretoken" value="[^"]*"', "", html)


if __name__ == "__main__" and sys.argv[1:] == ["child"]:
    child()
