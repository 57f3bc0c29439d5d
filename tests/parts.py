"""Which of two targets runs a test, on each engine: `make test`, or `make proofs` for what that one leaves out.

The first engine (SQLite) asks everything, the second (PostgreSQL) everything that knows a database. Left to `make proofs`
are tests marked ``long`` and, on the second engine, pages and what is marked ``one_engine``: the queries of a page are
those of the services below, those of such a test are the ones of shorter tests beside it.
"""

import os

import pytest

TEST, PROOFS = "test", "proofs"
PART, SECOND_ENGINE, WHOLE = "PRRT_TEST_PART", "PRRT_TEST_DATABASE_ONLY", "PRRT_TEST_BOTH"
KNOWS_A_DATABASE = {"db", "transactional_db", "live_server"}


def part_of(item, *, on_second_engine: bool) -> str | None:
    """None: it knows no database, and could say nothing new on the second engine."""
    if on_second_engine and not _knows_a_database(item):
        return None
    is_left = item.get_closest_marker("long") or (on_second_engine and _is_for_one_engine(item))
    return PROOFS if is_left else TEST


def is_wanted(item) -> bool:
    """By the environment: one part, or without a word of it the whole; a page on the second engine only with PRRT_TEST_BOTH."""
    on_second_engine, wanted = bool(os.environ.get(SECOND_ENGINE)), os.environ.get(PART)
    part = part_of(item, on_second_engine=on_second_engine)
    if wanted:
        return part == wanted
    return part == TEST or (part == PROOFS and bool(not on_second_engine or os.environ.get(WHOLE)))


def is_long_run() -> bool:
    """Long proofs are among what is asked for."""
    return os.environ.get(PART) != TEST


def sliced(short, full) -> list:
    """Values of a parameter: a short proof for `make test`, the full one for `make proofs`."""
    return [short, pytest.param(full, marks=pytest.mark.long)]


def every(step: int, cases, mark) -> list:
    """Parameters of which all but each ``step``-th, the first among them, wear the mark."""
    return [case if number % step == 0 else _marked(case, mark) for number, case in enumerate(cases)]


def _marked(case, mark):
    return pytest.param(*(case if isinstance(case, tuple) else (case,)), marks=mark)


def _is_for_one_engine(item) -> bool:
    return "client" in item.fixturenames or item.get_closest_marker("one_engine") is not None


def _knows_a_database(item) -> bool:
    return bool(item.get_closest_marker("django_db") or KNOWS_A_DATABASE & set(item.fixturenames))
