"""Every test is in `make test` or in `make proofs`, in each on its engine once; and a run does not cross midnight."""

import datetime as dt
from pathlib import Path
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest

from tests import parts
from tests.run import NO_DATABASE, ONCE, REPOSITORY, _lanes, far_from_midnight

TARGETS = {
    "make test": {parts.PART: parts.TEST},
    "make proofs": {parts.PART: parts.PROOFS},
    "make test-both": {parts.WHOLE: "1"},
}
FIRST, SECOND, BESIDE = {}, {parts.SECOND_ENGINE: "1"}, {parts.BESIDE: "1"}


def item(*marks: str, fixtures: tuple[str, ...] = ()):
    return SimpleNamespace(fixturenames=fixtures, get_closest_marker=lambda name: name if name in marks else None)


PURE, PAGE = item(), item("django_db", fixtures=("client", "db"))
SERVICE, COMMITS = item("django_db"), item(fixtures=("transactional_db",))
LONG, LONG_PAGE, LONG_PURE = item("django_db", "long"), item("long", fixtures=("client", "db")), item("long")
ONE_ENGINE, BROWSER = item("django_db", "one_engine"), item(fixtures=("live_server", "page"))
BOTH = item("django_db", "both_engines")
KINDS = [PURE, PAGE, SERVICE, COMMITS, LONG, LONG_PAGE, LONG_PURE, ONE_ENGINE, BROWSER, BOTH]


def _named(arguments: list[str]) -> tuple[list[Path], list[Path]]:
    """Places that a lane names, and those it leaves to others."""
    left = [REPOSITORY / one.removeprefix("--ignore=") for one in arguments if one.startswith("--ignore=")]
    return [REPOSITORY / one for one in arguments if not one.startswith("-")] or [REPOSITORY / "tests"], left


def _runs(lane, file: Path) -> int:
    places, left = _named(lane.arguments)
    return sum(file.is_relative_to(place) and not any(file.is_relative_to(other) for other in left) for place in places)


@pytest.fixture
def targets_of(monkeypatch):
    def run_it(kind, engine) -> set[str]:
        wanted = set()
        for target, part in TARGETS.items():
            for name in (parts.PART, parts.WHOLE, parts.SECOND_ENGINE, parts.BESIDE):
                monkeypatch.delenv(name, raising=False)
            for name, value in (part | engine).items():
                monkeypatch.setenv(name, value)
            if parts.is_wanted(kind):
                wanted.add(target)
        return wanted

    return run_it


@pytest.mark.parametrize("kind", KINDS)
def test_no_test_is_in_neither_target_and_none_in_both(targets_of, kind):
    assert len(targets_of(kind, FIRST) & {"make test", "make proofs"}) == 1
    assert len(targets_of(kind, BESIDE) & {"make test", "make proofs"}) == 1
    knows = kind not in (PURE, LONG_PURE)
    assert len(targets_of(kind, SECOND) & {"make test", "make proofs"}) == knows
    whole = ["make test-both" in targets_of(kind, engine) for engine in (FIRST, BESIDE, SECOND)]
    assert whole == [True, True, knows]


@pytest.mark.parametrize("kind", KINDS)
def test_make_test_asks_each_on_one_engine_and_what_is_marked_so_on_both(targets_of, kind):
    asked = ["make test" in targets_of(kind, engine) for engine in (BESIDE, SECOND)]
    assert sum(asked) == (2 if kind is BOTH else 0 if kind in (LONG, LONG_PAGE, LONG_PURE) else 1)


@pytest.mark.parametrize("kind", [PURE, PAGE, SERVICE, COMMITS, ONE_ENGINE, BROWSER, BOTH])
def test_only_what_is_marked_long_is_left_out_where_there_is_one_engine(targets_of, kind):
    assert "make test" in targets_of(kind, FIRST)


@pytest.mark.parametrize("kind", [LONG, LONG_PAGE, LONG_PURE])
def test_a_long_proof_is_left_to_make_proofs(targets_of, kind):
    assert "make proofs" in targets_of(kind, FIRST)


@pytest.mark.parametrize("kind", [SERVICE, COMMITS, BOTH])
def test_services_are_asked_on_the_second_engine(targets_of, kind):
    assert "make test" in targets_of(kind, SECOND)


@pytest.mark.parametrize("kind", [PURE, PAGE, ONE_ENGINE, BOTH])
def test_pages_and_what_knows_no_database_are_asked_on_the_first(targets_of, kind):
    assert "make test" in targets_of(kind, BESIDE)


def test_what_is_left_to_the_second_engine_has_a_lane_there():
    lanes = _lanes("redis://127.0.0.1:1/0", "postgres://x@127.0.0.1:1/x", [])
    leaving = [lane for lane in lanes if parts.BESIDE in lane.environment]
    asked = [lane for lane in lanes if parts.SECOND_ENGINE in lane.environment]
    for file in (REPOSITORY / "tests").rglob("test_*.py"):
        is_left, is_asked = (sum(_runs(lane, file) for lane in of) for of in (leaving, asked))
        assert not is_left or is_asked, file
    assert not [lane for lane in _lanes("redis://127.0.0.1:1/0", None, []) if parts.BESIDE in lane.environment]


def test_marks_and_fixtures_are_read_from_real_tests(request, client, db):
    found = {engine: parts.part_of(request.node, on_second_engine=engine) for engine in (False, True)}
    assert found == {False: parts.TEST, True: parts.PROOFS}


@pytest.mark.long
def test_a_mark_is_read_from_a_real_test(request):
    assert parts.part_of(request.node, on_second_engine=False) == parts.PROOFS
    assert parts.part_of(request.node, on_second_engine=True) is None


def test_by_hand_a_folder_runs_whole(monkeypatch):
    for name in (parts.PART, parts.WHOLE, parts.SECOND_ENGINE, parts.BESIDE):
        monkeypatch.delenv(name, raising=False)
    assert all(parts.is_wanted(kind) for kind in KINDS)


@pytest.mark.parametrize(("engine", "lanes"), [("SQLite", slice(0, 6)), ("PostgreSQL", slice(6, 8))])
def test_every_file_is_in_one_lane_of_each_engine(engine, lanes):
    runs = _lanes("redis://127.0.0.1:1/0", "postgres://x@127.0.0.1:1/x", [])[lanes]
    once = [REPOSITORY / place for place in [*ONCE, *NO_DATABASE]]
    for file in (REPOSITORY / "tests").rglob("test_*.py"):
        is_left = engine == "PostgreSQL" and any(file.is_relative_to(place) for place in once)
        assert sum(_runs(lane, file) for lane in runs) == (0 if is_left else 1), file


@pytest.mark.parametrize("hour", range(24))
def test_a_run_does_not_cross_midnight_in_the_zone_it_works_in(hour):
    started = dt.datetime(2026, 11, 26, hour, 45, tzinfo=dt.UTC)
    zone = ZoneInfo(far_from_midnight(started).get("TIME_ZONE", "UTC"))
    ended = started + dt.timedelta(hours=3)
    assert started.astimezone(zone).date() == ended.astimezone(zone).date()
