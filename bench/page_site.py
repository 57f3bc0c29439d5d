"""One database of the bench of pages, a signed-in client on it, and the page as nobody looked at its queries."""

import json
import random
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from pathlib import Path
from unittest.mock import patch
from urllib.parse import urlsplit

IN_A_ROW = 5


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
        """Seconds the database takes: the shortest of a few in a row, so that waiting for a core is not counted."""
        statement, parameters = self._query(lookup, text).query.sql_with_params()
        timed = _timed_by_server if self.connection.vendor == "postgresql" else _timed
        with self.connection.cursor() as cursor:
            return min(timed(cursor, statement, parameters) for _ in range(IN_A_ROW))

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


def _timed(cursor, statement: str, parameters) -> float:
    started = time.perf_counter()
    cursor.execute(statement, parameters)
    cursor.fetchall()
    return time.perf_counter() - started


def _timed_by_server(cursor, statement: str, parameters) -> float:
    """Planning and execution; the way over the network and the rows made into objects cost the same however one searches."""
    cursor.execute(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {statement}", parameters)
    ((plans,),) = cursor.fetchall()
    (plan,) = json.loads(plans) if isinstance(plans, str) else plans
    return (plan["Planning Time"] + plan["Execution Time"]) / 1000


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
            patches.enter_context(patch.object(Chart, "verdicts_on", assessed_alone))
        yield


def assessed_alone(chart, day):
    """What the rule sets say on a day, from rows fetched for that day only."""
    from eligibility.selectors import assess_all

    if day not in chart._assessed:
        chart._assessed[day] = assess_all(chart.patient, as_of=day)
    return chart._assessed[day]


def row_by_row(subject, *builds):
    """What an ORM does when nobody looks: one query for the ids of a table, then one query per row."""
    found = {}
    for queryset in (queryset for build in builds for queryset in build(subject)):
        model = queryset.model
        manager = getattr(model, "versions", model._default_manager)
        found[model] = [manager.get(pk=pk) for pk in list(queryset.order_by().values_list("pk", flat=True))]
    return found
