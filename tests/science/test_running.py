"""When a running meeting ends, with the case on the screen under, at and over its time."""

import datetime as dt

import pytest

from board.domain.running import ending

NOW = dt.datetime(2026, 5, 14, 16, 0, tzinfo=dt.UTC)
PLANNED = dt.datetime(2026, 5, 14, 17, 0, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("current", "waiting", "at", "late"),
    [
        (None, [], "16:00", -60),
        (None, [10, 8], "16:18", -42),
        ((12, 0), [10], "16:22", -38),
        ((12, 12 * 60), [10], "16:10", -50),
        ((12, 45 * 60), [10], "16:10", -50),
        ((10, 300), [60], "17:05", 5),
    ],
)
def test_ending(current, waiting, at, late):
    found = ending(NOW, PLANNED, current=current, waiting=iter(waiting))
    assert (f"{found.at:%H:%M}", found.rest_minutes, found.late_minutes) == (at, sum(waiting), late)
