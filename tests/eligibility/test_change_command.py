"""``manage.py change``: JSON by its schema, a table, and a sentence for what cannot be answered."""

import datetime as dt
import io
import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from patients.models import Patient, User
from tests.board.factories import BASELINE, FOLLOW_UP, add_scan
from tests.eligibility.change_case import KEYS, illustrative_case
from tests.eligibility.json_schema import problems
from tests.patients.factories import make_patient

pytestmark = [pytest.mark.django_db, pytest.mark.one_engine]
SCHEMA = json.loads((Path(__file__).resolve().parents[2] / "docs" / "change.schema.json").read_text())


@pytest.fixture(scope="module")
def made(once):
    user, patient = illustrative_case()
    return user.pk, patient.pk


@pytest.fixture
def case(made, db):
    return User.objects.get(pk=made[0]), Patient.objects.get(pk=made[1])


def change(*args):
    out = io.StringIO()
    call_command("change", *args, stdout=out)
    return out.getvalue()


def test_json_follows_its_schema(case):
    found = json.loads(change("0001", "--json"))
    assert problems(found, SCHEMA) == []
    assert found["class"] == "UNDETERMINED" and {m["key"] for m in found["missing"]} == set(KEYS)


def test_the_gate_changed_and_the_class_is_undetermined(case):
    (gate,) = json.loads(change("0001", "--json"))["gates"]
    assert (gate["id"], gate["before"], gate["after"], gate["is_changed"]) == ("krenning-gt2", "not_met", "met", True)


def test_the_schema_is_strict(case):
    found = json.loads(change("0001", "--json"))
    for spoilt in (
        found | {"class": "IMPROVED"},
        found | {"more": 1},
        {k: v for k, v in found.items() if k != "sentence"},
        found | {"lesions": [{"label": "L01"}]},
        found | {"before": found["before"] | {"day": 5}},
        found | {"row": True},
    ):
        assert problems(spoilt, SCHEMA)


def test_the_table_is_for_reading(case):
    said = change("0001")
    assert said.startswith("Case 0001, 2025-07-14 to 2026-04-20, TA-SSTR-UP/1.0: UNDETERMINED (undetermined)")
    assert "gate krenning-gt2 v" in said and ": not_met to met" in said
    assert said.count("to be entered  ") == len(KEYS)
    assert "borrowed from FDG" in said and "not a certified medical device" in said


def test_two_scans_can_be_named(case):
    user, patient = case
    add_scan(user, patient, FOLLOW_UP + dt.timedelta(days=30))
    assert json.loads(change("0001", "--json"))["before"]["day"] == str(FOLLOW_UP)
    named = json.loads(change("0001", "--json", "--from", str(BASELINE), "--to", str(FOLLOW_UP)))
    assert (named["before"]["day"], named["after"]["day"]) == (str(BASELINE), str(FOLLOW_UP))
    assert json.loads(change("0001", "--json", "--to", str(FOLLOW_UP)))["before"]["day"] == str(BASELINE)


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["NO-SUCH"], "There is no case “NO-SUCH”"),
        (["0001", "--from", "yesterday"], "“yesterday” is not a date"),
        (["0001", "--to", "2026-02-30"], "is not a date"),
        (["0001", "--to", "2026-04-21"], "no SSTR scan of this case. Days with one: 2025-07-14, 2026-04-20"),
        (["0001", "--from", "2026-04-20", "--to", "2025-07-14"], "cannot be compared: the second scan lies before"),
        (["0001", "--from", "2026-04-20"], "cannot be compared: a scan cannot be compared with itself"),
        (["0001", "--to", "2025-07-14"], "no SSTR scan before that one"),
    ],
)
def test_bad_input_is_a_sentence(case, args, words):
    with pytest.raises(CommandError, match=words) as refused:
        change(*args)
    assert refused.value.returncode == 2


def test_one_scan_is_too_few(case):
    user, _ = case
    alone = make_patient(by=user)
    add_scan(user, alone, FOLLOW_UP)
    with pytest.raises(CommandError, match="this case has 1"):
        change(alone.case_number)
