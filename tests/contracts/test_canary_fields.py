"""Every field of a case has a value of its own in the canary, or a reason why not; a new one fails here by its name."""

import datetime as dt

import pytest
from django.apps import apps

from board.export_patient.tables import LEFT_OUT, PATHS
from tests.contracts import canary_fields
from tests.contracts.canary_fields import MORE, SHAPES, excuse, fields, values, words
from tests.contracts.canary_rows import full_world, row_of
from tests.patients.factories import make_user
from tests.processes.canary.words import WORD, found_in

pytestmark = pytest.mark.django_db
# Tables of which no row is about a case: what they are is said where they are left out of an export.
OF_NO_CASE = {
    "patients.Team", "patients.User", "patients.User_teams", "patients.User_groups", "patients.User_user_permissions",
    "patients.Invitation", "patients.Invitation_teams", "patients.TrailSeal", "imaging.BackupNote", "imaging.StoreCheck",
    "imaging.WorkerBeat", "imaging.WrongFile", "eligibility.OutboxCursor", "board.ChainHead", "board.MeetingSeries",
    "board.SeriesMember", "board.ScreenState", "board.Display", "board.WatchCheck",
}  # fmt: skip


@pytest.fixture(scope="module")
def world(once):
    return full_world(make_user("nuclear_medicine"))


def test_every_table_is_of_a_case_or_of_none():
    known = {model._meta.label for model in apps.get_models(include_auto_created=True)}
    assert set(PATHS) | set(LEFT_OUT) <= known
    assert set(LEFT_OUT) - set(MORE) == OF_NO_CASE


@pytest.mark.parametrize("name", list(fields()))
def test_a_field_has_its_value_in_a_row_or_a_reason(name, world):
    label, _, field = name.rpartition(".")
    if excuse(name):
        assert name not in values() and name not in SHAPES
        return
    value, row = values()[name], row_of(label, world)
    there = getattr(row, field)
    assert WORD in str(there) if WORD in str(value) else str(there).startswith(str(value)), (name, there)


@pytest.mark.parametrize("name", [name for name in fields() if not excuse(name)])
def test_each_value_is_looked_for(name):
    assert found_in(f"said: {values()[name]}".encode(), words())


def test_no_two_fields_share_a_value():
    found = [str(value) for value in values().values()]
    assert len(found) == len(set(found)) > 150


@pytest.mark.parametrize("excused", [*canary_fields.EXCUSED])
def test_no_excuse_outlives_its_field(excused):
    assert excused in fields() and excused not in values()


@pytest.mark.parametrize("pattern", list(canary_fields.BY_NAME))
def test_no_pattern_of_excuses_is_without_a_field(pattern):
    assert [name for name in fields() if canary_fields.re.fullmatch(pattern, name)]


def test_a_day_is_found_as_it_may_be_written():
    day = values()["imaging.Scan.clinical_date"]
    for said in (f"{day:%Y%m%d}", f"{day:%d.%m.%Y}", f"{day.day} {day:%B %Y}", f"{day:%b}. {day.day}, {day.year}"):
        assert found_in(said.encode(), words())
    assert not found_in(f"{day + dt.timedelta(days=1)}".encode(), words())


def test_a_field_that_is_new_fails_by_its_name(monkeypatch):
    """The control: a JSON of unknown shape, and a figure of too few digits."""
    monkeypatch.setattr(canary_fields, "SHAPES", {})
    field = fields()["patients.TreatmentLine.drugs"]
    with pytest.raises(KeyError, match=r"patients\.TreatmentLine\.drugs"):
        canary_fields._value(1, "patients.TreatmentLine.drugs", field)
    with pytest.raises(KeyError, match="ki67_low"):
        canary_fields._value(1, "patients.HistologySpecimen.ki67_low", fields()["patients.HistologySpecimen.ki67_low"])
