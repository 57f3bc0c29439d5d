"""Which of two targets runs a test, on each engine: `make test`, or `make proofs` for what that one leaves out.

Each test is asked once by `make test`, and on the other engine too by `make proofs`. Pages and what is marked
``one_engine`` are asked on the first engine (SQLite): their queries are those of the services below and of shorter tests
beside them. Services are asked on the second (PostgreSQL), which is the stricter one, and where there is none on the
first. What is marked ``both_engines`` is asked on both: locks, append-only rows, and a slice of wrong patient, wrong
number, lost job and leaked name. What is marked ``long`` is left to `make proofs` altogether.
"""

import os

import pytest

TEST, PROOFS = "test", "proofs"
PART, SECOND_ENGINE, WHOLE = "PRRT_TEST_PART", "PRRT_TEST_DATABASE_ONLY", "PRRT_TEST_BOTH"
BESIDE = "PRRT_TEST_BESIDE"  # of the first engine: the second runs beside it and asks the same files
KNOWS_A_DATABASE = {"db", "transactional_db", "live_server"}


def part_of(item, *, on_second_engine: bool, is_beside: bool = False) -> str | None:
    """None: it knows no database, and could say nothing new on the second engine."""
    if on_second_engine and not _knows_a_database(item):
        return None
    if item.get_closest_marker("long"):
        return PROOFS
    if on_second_engine:
        return PROOFS if _is_for_one_engine(item) else TEST
    return PROOFS if is_beside and _is_for_the_second(item) else TEST


def is_wanted(item) -> bool:
    """By the environment: one part, or without a word of it the whole; a page on the second engine only with PRRT_TEST_BOTH."""
    on_second_engine, wanted = bool(os.environ.get(SECOND_ENGINE)), os.environ.get(PART)
    part = part_of(item, on_second_engine=on_second_engine, is_beside=bool(os.environ.get(BESIDE)))
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


def _is_for_the_second(item) -> bool:
    return _knows_a_database(item) and not _is_for_one_engine(item) and not item.get_closest_marker("both_engines")


def _knows_a_database(item) -> bool:
    return bool(item.get_closest_marker("django_db") or KNOWS_A_DATABASE & set(item.fixturenames))
