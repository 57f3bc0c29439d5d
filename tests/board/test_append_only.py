"""The database refuses to change or delete what was signed, on both engines."""

import pytest
from django.core.management.sql import emit_post_migrate_signal
from django.db import IntegrityError, connection, transaction

from board.append_only import PREFIX, TABLES, lifted, unprotected
from board.models import BoardDecision, DecisionFollowUp, Minutes
from eligibility.models import ChangeVerdict
from tests.board.chain_rows import DAY, small_chain
from tests.board.meeting_factories import make_meeting
from tests.patients.factories import make_patient, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.both_engines]


@pytest.fixture
def rows():
    """One row at least in every table that is protected."""
    by = make_user("chair")
    patient = make_patient(by=by)
    decision = small_chain(by, patient, 1)[0]
    DecisionFollowUp.objects.create(decision=decision, kind="done", recorded_by=by)
    Minutes.objects.create(meeting=make_meeting(by), content={}, recorded_by=by)
    ChangeVerdict.objects.create(
        patient=patient, before_scan=decision.pk, after_scan=decision.pk, digest="d", method_version="1",
        change_class="x", sentence="x", verdict="unsure", kind="true_change", reader=by,
    )  # fmt: skip
    return decision


def refused(statement, *values):
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, values)


def columns(table):
    with connection.cursor() as cursor:
        return [column.name for column in connection.introspection.get_table_description(cursor, table)]


@pytest.mark.parametrize("table", TABLES)
def test_no_column_is_changed_and_no_row_deleted(rows, table):
    for column in columns(table):
        refused(f"UPDATE {table} SET {column} = {column}")
    refused(f"DELETE FROM {table}")


@pytest.mark.parametrize("table", TABLES)
def test_no_row_is_replaced_or_swept_away(rows, table):
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        return refused(f"TRUNCATE {table} CASCADE")
    names = ", ".join(columns(table))
    return refused(f"INSERT OR REPLACE INTO {table} ({names}) SELECT {names} FROM {table}")


def test_every_trigger_is_there_after_all_migrations(db):
    assert unprotected() == []


def test_a_missing_trigger_is_named(db):
    with connection.cursor() as cursor:
        name = next(iter(sorted(lifted_names())))
        table = "board_boarddecision"
        cursor.execute(f"DROP TRIGGER {name}" + (f" ON {table}" if connection.vendor == "postgresql" else ""))
    assert unprotected() == [name]


def lifted_names():
    event = "update" if connection.vendor == "sqlite" else "change"
    return {f"append_only_board_boarddecision_{event}"}


def test_lifted_they_come_back_after_an_error(rows):
    with pytest.raises(ZeroDivisionError), lifted():
        assert len(unprotected()) == len(TABLES) * (3 if connection.vendor == "sqlite" else 2)
        with connection.cursor() as cursor:
            cursor.execute("UPDATE board_boarddecision SET owner = 'x'")
        raise ZeroDivisionError
    assert BoardDecision.objects.get(decided_on=DAY).owner == "x"
    assert unprotected() == []


def test_a_migration_that_lost_a_trigger_gets_it_back(db):
    name = f"{PREFIX}board_minutes_{'update' if connection.vendor == 'sqlite' else 'change'}"
    on = "" if connection.vendor == "sqlite" else " ON board_minutes"
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TRIGGER {name}{on}")
    assert unprotected() == [name]
    emit_post_migrate_signal(0, False, "default")
    assert unprotected() == []
