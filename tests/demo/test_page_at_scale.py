"""The work of a patient page does not grow with the registry: counted in steps of SQLite's machine, not in seconds."""

import datetime as dt

import pytest
from django.db import connection

from board.chart import Chart
from demo.people import demo_team
from demo.scale import load
from patients.selectors import get_visible_patient

pytestmark = pytest.mark.django_db
STEP = 20


def steps_for(user, case_number):
    """SQLite machine steps (in units of STEP) to read one chart, without planner statistics, as after installation."""
    count = 0

    def tick():
        nonlocal count
        count += 1

    connection.ensure_connection()
    connection.connection.set_progress_handler(tick, STEP)
    try:
        Chart(get_visible_patient(user, case_number), dt.date(2026, 1, 1))
    finally:
        connection.connection.set_progress_handler(None, 0)
    return count


@pytest.mark.skipif(connection.vendor != "sqlite", reason="counts steps of SQLite's own machine")
def test_reading_a_chart_costs_the_same_among_few_and_among_many():
    by, team = demo_team()
    load(5, by=by, team=team)
    among_few = steps_for(by, "SYN-0000002")
    load(300, by=by, team=team)
    among_many = steps_for(by, "SYN-0000002")
    assert among_few > 20
    assert among_many <= 1.1 * among_few
