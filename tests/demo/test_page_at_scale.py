"""The work of a page does not grow with the registry: counted in steps of SQLite's machine, not in seconds."""

import datetime as dt

import pytest
from django.db import connection

from board.chart import Chart
from board.models import WatchState
from board.patient_filters import Filters, narrowed
from board.patient_list import patient_page
from board.worklist import worklist
from demo.people import demo_team
from demo.scale import load
from patients.models import Patient
from patients.selectors import get_visible_patient, visible_patients

pytestmark = pytest.mark.django_db
STEP = 20
GRACE = 12  # steps; reading one table of 320 cases costs more than a hundred


def steps_of(read):
    """SQLite machine steps (in units of STEP) to read something, without planner statistics, as after installation."""
    count = 0

    def tick():
        nonlocal count
        count += 1

    connection.ensure_connection()
    connection.connection.set_progress_handler(tick, STEP)
    try:
        read()
    finally:
        connection.connection.set_progress_handler(None, 0)
    return count


on_sqlite = pytest.mark.skipif(connection.vendor != "sqlite", reason="counts steps of SQLite's own machine")
NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
DAY = dt.date(2026, 1, 1)


def chart(user):
    Chart(get_visible_patient(user, "SYN-0000002"), DAY)


def home(user):
    worklist(user, today=DAY)


def search(user):
    list(narrowed(visible_patients(user), Filters(text="SYN-000000"), DAY).order_by("case_number")[:10])


def overdue(user):
    list(narrowed(visible_patients(user), Filters(is_overdue=True), DAY).order_by("case_number")[:10])


@on_sqlite
@pytest.mark.parametrize("read", [chart, home, search, overdue])
def test_reading_costs_the_same_among_few_and_among_many(read):
    by, team = demo_team()
    load(20, by=by, team=team)
    among_few = steps_of(lambda: read(by))
    load(300, by=by, team=team)
    among_many = steps_of(lambda: read(by))
    assert among_few > (0 if read is overdue else 5)
    assert among_many <= 1.1 * among_few + GRACE


@on_sqlite
def test_the_few_of_a_class_are_found_among_many_at_the_cost_of_among_few():
    by, team = demo_team()

    def steps():
        chosen = Filters(sstr_class="POOR")
        return steps_of(lambda: list(narrowed(visible_patients(by), chosen, DAY).order_by("case_number")[:10]))

    def keep(name):
        kept = {"is_open": True, "has_no_date": False, "reasons": [], "changed_at": NOW, "checked_at": NOW}
        cases = Patient.objects.filter(watch_state=None)
        WatchState.objects.bulk_create(WatchState(patient=case, sstr_class=name, **kept) for case in cases)

    load(5, by=by, team=team)
    keep("POOR")
    load(20, by=by, team=team)
    keep("RICH")
    among_few = steps()
    load(300, by=by, team=team)
    keep("RICH")
    assert among_few > 5
    assert steps() <= 1.1 * among_few + GRACE


@on_sqlite
def test_a_page_far_down_costs_what_the_first_costs():
    by, team = demo_team()
    load(400, by=by, team=team)
    mine = visible_patients(by)
    first = steps_of(lambda: patient_page(mine, today=DAY))
    deep = steps_of(lambda: patient_page(mine, today=DAY, after="SYN-0000340"))
    assert first > 100
    assert deep <= 1.2 * first
