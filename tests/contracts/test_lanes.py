"""What runs once more on PostgreSQL: every test that may touch a database, pages only when wanted, and no other."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from tests.conftest import pytest_collection_modifyitems
from tests.run import far_from_midnight


def is_kept(item, monkeypatch) -> bool:
    monkeypatch.setenv("PRRT_TEST_DATABASE_ONLY", "1")
    items = [item]
    pytest_collection_modifyitems(item.config, items)
    return items == [item]


@pytest.mark.django_db
def test_a_marked_test_is_kept(request, monkeypatch):
    assert is_kept(request.node, monkeypatch)


def test_a_test_whose_fixtures_need_a_database_is_kept(request, monkeypatch, django_user_model):
    assert is_kept(request.node, monkeypatch)


def test_a_test_that_knows_none_is_left_out(request, monkeypatch, tmp_path):
    assert not is_kept(request.node, monkeypatch)


def test_pages_are_asked_for_on_both_engines_only_when_wanted(request, monkeypatch, client, db):
    assert not is_kept(request.node, monkeypatch)
    monkeypatch.setenv("PRRT_TEST_BOTH", "1")
    assert is_kept(request.node, monkeypatch)


@pytest.mark.one_engine
def test_a_long_proof_runs_on_both_engines_only_when_wanted(request, monkeypatch, db):
    assert not is_kept(request.node, monkeypatch)
    monkeypatch.setenv("PRRT_TEST_BOTH", "1")
    assert is_kept(request.node, monkeypatch)


@pytest.mark.parametrize("hour", range(24))
def test_a_run_does_not_cross_midnight_in_the_zone_it_works_in(hour):
    started = dt.datetime(2026, 11, 26, hour, 45, tzinfo=dt.UTC)
    zone = ZoneInfo(far_from_midnight(started).get("TIME_ZONE", "UTC"))
    ended = started + dt.timedelta(hours=3)
    assert started.astimezone(zone).date() == ended.astimezone(zone).date()
