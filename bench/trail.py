"""R1, R2: what it costs to write down who was shown what, and how long others wait while the trail is sealed.

R1: the same answer through the middleware that writes reads down, with 50 cases noted and with none; and, for scale,
what share of the list of patients that is. R2: a trail that was never sealed, its longest transaction sealed in batches
against all at once. Both in one process and one run; the least of many, since what a busy machine adds is not ours.
"""

import json
import time
from collections.abc import Callable, Iterator

from bench.harness import Result, skipped
from bench.page_scratch import PostgresScratch, SqliteScratch, child_process

CASES, ROUNDS, MOST_MS = 50, 200, 10
UNSEALED, IN_BATCHES_AT_MOST = 40_000, 0.5
GOALS = [
    ("R1", f"{CASES} cases on one page written down, ms more than none", MOST_MS),
    ("R2", f"longest transaction over {UNSEALED:,} unsealed rows, in batches / at once", IN_BATCHES_AT_MOST),
]


def run() -> Iterator[Result]:
    for engine, scratch in (("SQLite", SqliteScratch), ("PostgreSQL", PostgresScratch)):
        if why := scratch.missing():
            yield from (skipped(name, f"{engine}: {what}", goal, why, is_limit=True) for name, what, goal in GOALS)
            continue
        with scratch() as made:
            found = json.loads(child_process(made.make("trail", CASES), "-m", "bench.trail", "child"))
        for (name, what, goal), (value, note) in zip(GOALS, found, strict=True):
            yield Result(name, f"{engine}: {what}", value, goal, is_limit=True, note=note)


# --- the measuring process ---------------------------------------------------------------------------
def child() -> None:
    import django

    django.setup()
    print(json.dumps([noting(), sealing()]))


def noting() -> tuple[float, str]:
    from bench.page_site import Site

    site, answer = Site(None, CASES), _answering()
    found: dict[str, list[float]] = {"none": [], "noted": [], "list": []}
    for _ in range(ROUNDS):
        found["none"].append(_seconds(lambda: answer(0)))
        found["noted"].append(_seconds(lambda: answer(CASES)))
        found["list"].append(site.get("/patients/"))
    least = {name: 1000 * min(times) for name, times in found.items()}
    more = least["noted"] - least["none"]
    shares = f"{more / least['list']:.2f} of a list of patients, {least['noted'] / least['none']:.3g} x none"
    return more, ", ".join(f"{name} {value:.3g} ms" for name, value in least.items()) + f"; {shares}"


def _answering() -> Callable[[int], object]:
    """The middleware around a view that composes nothing."""
    from django.http import HttpResponse
    from django.test import RequestFactory

    from config.middleware import ReadsMiddleware
    from patients import reads
    from patients.models import Patient, User

    patients, user = list(Patient.objects.all()[:CASES]), User.objects.first()
    request = RequestFactory().get("/")
    request.user, request.resolver_match = user, None

    def answer(number: int):
        def view(_request):
            reads.note_all(patients[:number])
            return HttpResponse("x")

        return ReadsMiddleware(view)(request)

    return answer


def sealing() -> tuple[float, str]:
    from patients import trail_seals
    from patients.models import AccessEvent

    trail_seals.seal_all()
    usual = trail_seals.BATCH
    longest: dict[str, float] = {}
    for name, batch in (("in batches", usual), ("at once", UNSEALED)):
        AccessEvent.objects.bulk_create(
            (AccessEvent(route="board:patient", kind="page") for _ in range(UNSEALED)), batch_size=1000
        )
        trail_seals.BATCH, longest[name] = batch, 0.0
        while trail_seals.unsealed()["accesses"]:
            longest[name] = max(longest[name], _seconds(trail_seals.seal))
    note = ", ".join(f"{name} {1000 * seconds:.0f} ms" for name, seconds in longest.items())
    return longest["in batches"] / longest["at once"], note


def _seconds(step: Callable[[], object]) -> float:
    started = time.perf_counter()
    step()
    return time.perf_counter() - started


if __name__ == "__main__":
    child()
