"""C1, C2: the page of the cohort at 1,000 patients: read before, and read for the first time against one query a row.

One scratch database on SQLite. C1 divides the page, once its cases are read, by a patient page of the same process.
C2 divides reading every case for the first time by the same with one query for each row, as one writes it at first.
Both must say the same of every case.
"""

import json
import os
import random
import sys
from collections.abc import Iterator

from bench.harness import Result
from bench.page_scratch import SqliteScratch, child_process
from bench.page_site import Site, written_as

PATIENTS = int(os.environ.get("PRRT_BENCH_COHORT", "1000"))
ROUNDS = 9


def run() -> Iterator[Result]:
    with SqliteScratch() as scratch:
        found = json.loads(child_process(scratch.make("cohort", PATIENTS), "-m", "bench.cohort", "child"))
    ours, patient, first, naive = (found[name] for name in ("page", "patient", "first", "by row"))
    note = f"{found['cases']} cases; page {1000 * ours:.3g} ms, first reading {first:.3g} s, by row {naive:.3g} s"
    what = f"page of the cohort at {PATIENTS:,} patients, read before / one patient page, median"
    yield Result("C1 page", what, ours / patient, 10, is_limit=True, note=note)
    what = "every case read for the first time / with one query a row"
    yield Result("C2 first", what, first / naive, 0.7, is_limit=True, agrees=found["agrees"])


def child() -> None:
    import statistics
    import time
    import warnings

    import django

    django.setup()
    warnings.simplefilter("ignore")
    from django.utils import timezone

    from board.cohort import selection
    from board.cohort.changes import snapshot_of
    from board.cohort.query import CohortQuery
    from demo.accounts import DEMO_USER
    from patients.models import User

    site, rng = Site(None, PATIENTS), random.Random(5)
    user, today = User.objects.get(username=DEMO_USER), timezone.localdate()
    seconds, said = {}, {}
    for name in ("by row", "first"):
        selection._kept.clear()
        with written_as(name):
            started = time.perf_counter()
            said[name] = selection.cohort_of(user, CohortQuery(), today=today)
            seconds[name] = time.perf_counter() - started
    times = [(site.get("/cohort/"), site.page(site.any_patient(rng))[0]) for _ in range(ROUNDS)][2:]
    seconds["page"], seconds["patient"] = (statistics.median(column) for column in zip(*times, strict=True))
    agrees = snapshot_of(said["by row"]) == snapshot_of(said["first"]) and bool(said["first"].members)
    print(json.dumps(seconds | {"cases": len(said["first"].members), "agrees": agrees}))


if __name__ == "__main__" and sys.argv[1:] == ["child"]:
    child()
