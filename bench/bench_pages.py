"""W1, W3, W4: pages against themselves at another registry size or depth, and against how one writes them at first.

Per engine (SQLite always, PostgreSQL where one answers) two scratch databases are made, with 10 patients and with
PRRT_BENCH_PATIENTS (default 100,000). One process then requests random patients of both through the whole Django
stack, in shuffled rounds. The N+1 peer is the same view, template and values, but each part asks for what it needs
when it needs it: one query per row, and again for each day whose verdict it shows. "by row" is the milder half of
it, one query per row but each row once; it has no goal and is printed for comparison.

W3 compares a page of the list from nine tenths down with the first one, and the search for a case number, in the
database alone, with LIKE %...%. W4 compares an unchanged page, asked for with the mark of the last answer, with
reading it again: it must be answered by 304.
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
            yield from (skipped(*goal, why, is_limit=goal[0] not in AT_LEAST) for goal in goals(engine))
        else:
            yield from measured(engine, scratch())


def goals(engine: str) -> list[tuple[str, str, float]]:
    return [
        ("W1 queries", f"{engine}: queries of one patient page", 8),
        ("W1 p50", f"{engine}: page at {LARGE:,} patients / at {SMALL}, median", 1.2),
        ("W1 p95", f"{engine}: page at {LARGE:,} patients / at {SMALL}, 95th percentile", 1.2),
        ("W1 n+1", f"{engine}: page / the same page as N+1, 95th percentile", 0.5),
        ("W3 deep", f"{engine}: list of {LARGE:,}, a page at nine tenths / the first, median", 1.2),
        ("W3 search", f"{engine}: LIKE %x% / search by case number, median in the database", 50),
        ("W4 304", f"{engine}: patient page / unchanged page answered by 304, median", 2),
    ]


AT_LEAST = {"W3 search", "W4 304"}


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
        at(found["deep"], 50) / at(found["first"], 50),
        at(found["like"], 50) / at(found["search"], 50),
        at(ours, 50) / at(found["unchanged"], 50),
    )
    note = ", ".join(
        f"{name} {1000 * at(found[name], 50):.3g}/{1000 * at(found[name], 95):.3g} ms" for name in (*CASES, *LISTS)
    )
    note += f", n+1 runs {found['queries']['n+1']} queries"
    return [
        Result(name, what, ratio, goal, is_limit=name not in AT_LEAST, agrees=found["agrees"], note=note)
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
LISTS = ("first", "deep", "search", "like", "unchanged")


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
    lists, lists_agree = measured_lists(sites["large"], rng)
    print(json.dumps({**found, **lists, "queries": queries, "agrees": agrees and lists_agree}))


def measured_lists(site: "Site", rng: random.Random) -> tuple[dict[str, list[float]], bool]:
    """The list at two depths, the search in two ways and the unchanged page, in shuffled rounds."""
    marks = {number: site.mark(number) for number in (site.any_patient(rng) for _ in range(20))}
    deep = f"SYN-{site.patients * 9 // 10:07d}"
    steps = {
        "first": lambda: site.get("/patients/"),
        "deep": lambda: site.get(f"/patients/?after={deep}"),
        "search": lambda: site.found("prefix", site.any_patient(rng)[:-1]),
        "like": lambda: site.found("contains", site.any_patient(rng)[:-1]),
        "unchanged": lambda: site.unchanged(*rng.choice(list(marks.items()))),
    }
    found: dict[str, list[float]] = {name: [] for name in steps}
    for number in range(-5, ROUNDS):
        for name in rng.sample(list(steps), len(steps)):
            seconds = steps[name]()
            if number >= 0:
                found[name].append(seconds)
    begin = site.any_patient(rng)[:-1]
    return found, site.rows("prefix", begin) == site.rows("contains", begin) != []


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

    def get(self, address: str, status: int = 200, **headers: str) -> float:
        self._choose()
        started = time.perf_counter()
        answer = self.client.get(address, headers=headers)
        seconds = time.perf_counter() - started
        if answer.status_code != status:
            raise RuntimeError(f"{address} answered {answer.status_code}")
        return seconds

    def mark(self, case_number: str) -> str:
        self._choose()
        return self.client.get(f"/patients/{case_number}/")["ETag"]

    def unchanged(self, case_number: str, mark: str) -> float:
        return self.get(f"/patients/{case_number}/", status=304, **{"If-None-Match": mark})

    def found(self, lookup: str, text: str) -> float:
        """Seconds the database takes; putting the statement together is not part of it."""
        statement, parameters = self._query(lookup, text).query.sql_with_params()
        with self.connection.cursor() as cursor:
            started = time.perf_counter()
            cursor.execute(statement, parameters)
            cursor.fetchall()
            return time.perf_counter() - started

    def rows(self, lookup: str, text: str) -> list[str]:
        return list(self._query(lookup, text).values_list("case_number", flat=True))

    def _query(self, lookup: str, text: str):
        from patients.models import Patient

        self._choose()
        return Patient.objects.filter(**{f"case_number__{lookup}": text}).order_by("case_number")[:51]

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
