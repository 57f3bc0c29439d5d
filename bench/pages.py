"""W1, W3, W4: pages against themselves at another registry size or depth, and against how one writes them at first.

Per engine (SQLite always, PostgreSQL where one answers) two scratch databases are made, with 10 patients and with
PRRT_BENCH_PATIENTS (default 100,000). One process then requests random patients of both through the whole Django
stack, in shuffled rounds. The N+1 peer is the same view, template and values, but each part asks for what it needs
when it needs it: one query per row, and again for each day whose verdict it shows. "by row" is the milder half of
it, one query per row but each row once; it has no goal and is printed for comparison.

W3 compares the work list at both sizes, a page of the list from nine tenths down with the first one, and the search for a case number, in the
database alone, with LIKE %...%. W4 compares an unchanged page, asked for with the mark of the last answer, with
reading it again: it must be answered by 304.
"""

import json
import os
import random
import re
import sys
from collections.abc import Iterator

from bench.harness import Result, skipped
from bench.page_scratch import PostgresScratch, SqliteScratch, child_process
from bench.page_site import Site, written_as

SMALL = 10
LARGE = int(os.environ.get("PRRT_BENCH_PATIENTS", "100000"))
ROUNDS = int(os.environ.get("PRRT_BENCH_ROUNDS", "200"))


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
        ("W3 home", f"{engine}: work list at {LARGE:,} patients / at {SMALL}, median", 1.2),
        ("W3 deep", f"{engine}: list of {LARGE:,}, a page at nine tenths / the first, median", 1.2),
        ("W3 search", f"{engine}: LIKE %x% / search by case number, median in the database", 50),
        ("W4 304", f"{engine}: patient page / unchanged page answered by 304, median", 2),
    ]


AT_LEAST = {"W3 search", "W4 304"}


def measured(engine: str, scratch) -> list[Result]:
    with scratch:
        small, large = scratch.make("small", SMALL), scratch.make("large", LARGE)
        found = json.loads(
            child_process({**small, "PRRT_BENCH_OTHER": json.dumps(large)}, "-m", "bench.pages", "child")
        )
    ours, at_ten, naive = found["large"], found["small"], found["n+1"]
    ratios = (
        found["queries"]["large"],
        at(ours, 50) / at(at_ten, 50),
        at(ours, 95) / at(at_ten, 95),
        at(ours, 95) / at(naive, 95),
        at(found["home"], 50) / at(found["home small"], 50),
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


# --- the measuring process: two databases behind the one alias of the product ------------------------

CASES = ("small", "large", "by row", "n+1")
LISTS = ("home", "home small", "first", "deep", "search", "like", "unchanged")


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
    lists, lists_agree = measured_lists(sites["small"], sites["large"], rng)
    print(json.dumps({**found, **lists, "queries": queries, "agrees": agrees and lists_agree}))


def measured_lists(small: Site, site: Site, rng: random.Random) -> tuple[dict[str, list[float]], bool]:
    """The work list at two sizes, the list at two depths, the unchanged page; then the search in two ways by itself."""
    marks = {number: site.mark(number) for number in (site.any_patient(rng) for _ in range(20))}
    deep = f"SYN-{site.patients * 9 // 10:07d}"
    pages = {
        "home": lambda: site.get("/"),
        "home small": lambda: small.get("/"),
        "first": lambda: site.get("/patients/"),
        "deep": lambda: site.get(f"/patients/?after={deep}"),
        "unchanged": lambda: site.unchanged(*rng.choice(list(marks.items()))),
    }
    searches = {
        "search": lambda: site.found("prefix", site.any_patient(rng)[:-1]),
        "like": lambda: site.found("contains", site.any_patient(rng)[:-1]),
    }
    begin = site.any_patient(rng)[:-1]
    agrees = site.rows("prefix", begin) == site.rows("contains", begin) != []
    return _in_rounds(pages, rng) | _in_rounds(searches, rng), agrees


def _in_rounds(steps: dict, rng: random.Random) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {name: [] for name in steps}
    for number in range(-5, ROUNDS):
        for name in rng.sample(list(steps), len(steps)):
            seconds = steps[name]()
            if number >= 0:
                found[name].append(seconds)
    return found


def _comparable(html: str) -> str:
    """Without the one-time form token."""
    return re.sub(r'name="csrfmiddlewaretoken" value="[^"]*"', "", html)


if __name__ == "__main__" and sys.argv[1:] == ["child"]:
    child()
