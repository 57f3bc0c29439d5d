import datetime as dt
import io
import json

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError

from patients.models import LabResult, Patient
from patients.services import revise
from tests.board.factories import BASELINE, FOLLOW_UP, published_case
from tests.eligibility.cases import DAY, complete_case

pytestmark = [pytest.mark.django_db, pytest.mark.one_engine]


def assess(*args):
    out = io.StringIO()
    call_command("assess", *args, stdout=out)
    return out.getvalue()


def as_json(*args):
    found = json.loads(assess(*args, "--json"))
    return {a["guideline"]["id"]: a for a in found["assessments"]}


def test_before_a_case_was_opened_nothing_is_known_of_it():
    complete_case()
    case = Patient.objects.get()
    found = as_json(case.case_number, "--as-of", str(DAY), "--known-at", "2020-01-01")["lutathera-smpc-eu"]
    states = {row["id"]: row["state"] for row in found["rows"]}
    assert states["IND.ADULT"] == "unknown" and states["CI.PREGNANCY"] == "unknown"
    assert not {"met", "clear"} & set(states.values())


def test_without_tables_it_is_a_sentence(monkeypatch):
    from patients import commands

    monkeypatch.setattr(commands, "_has_tables", lambda: False)

    def broken(*_args, **_options):
        raise OperationalError("no such table: patients_patient")

    monkeypatch.setattr("eligibility.management.commands.assess.Command.handle", broken)
    with pytest.raises(CommandError, match="has no tables yet"):
        assess("0001")


def test_the_published_case_at_both_scans():
    published_case("0001")
    baseline, follow_up = (as_json("0001", "--as-of", str(day)) for day in (BASELINE, FOLLOW_UP))
    assert baseline["krenning-gt2"]["verdict_text"] == "not met under krenning-gt2 v2"
    assert follow_up["krenning-gt2"]["verdict_text"] == "met under krenning-gt2 v2"
    for found in (baseline, follow_up):
        label = found["lutathera-smpc-eu"]
        assert label["verdict"] == "cannot_determine"
        missing = {row["id"] for row in label["missing"]}
        assert {"IND.PROGRESSION", "CI.PREGNANCY", "CI.RENAL", "DATA.LABS", "RCI.PLATELETS"} <= missing
        states = {row["id"]: row["state"] for row in label["rows"]}
        assert states["IND.GRADE"] == states["IND.SITE"] == states["IND.ADULT"] == states["IND.EXTENT"] == "met"


def test_a_table_for_people_with_the_unknown_first():
    published_case("0001")
    text = assess("0001", "--guideline", "lutathera-smpc-eu", "--as-of", str(FOLLOW_UP))
    lines = text.splitlines()
    assert lines[1].strip().startswith("cannot determine under lutathera-smpc-eu v2024-05.2 (")
    assert lines[2].startswith("  not known whether on-label: ") and "Progressive disease" in lines[2]
    states = [line.split()[0] for line in lines[3:] if line.startswith("  ")]
    assert states[: states.count("unknown")] == ["unknown"] * states.count("unknown")
    assert "not active, shown only: OLD.MARROW" in text and "krenning-gt2" not in text
    assert lines[-1] == "Research and decision support, not a certified medical device."


def test_known_at_and_as_of_are_two_clocks():
    by, patient, *_ = complete_case()
    then = max(LabResult.objects.values_list("recorded_at", flat=True))
    revise(LabResult.objects.get(analyte="platelets"), by=by, reason="typing error", value=70)
    args = (patient.case_number, "--as-of", str(DAY), "--guideline", "lutathera-smpc-eu")
    assert as_json(*args)["lutathera-smpc-eu"]["verdict"] == "not_recommended"
    known = {
        row["id"]: row["value"] for row in as_json(*args, "--known-at", then.isoformat())["lutathera-smpc-eu"]["rows"]
    }
    assert known["RCI.PLATELETS"] == "210 10^9/L"
    early = (*args[:2], str(DAY - dt.timedelta(days=1)), *args[3:])
    assert as_json(*early)["lutathera-smpc-eu"]["verdict"] == "cannot_determine"


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("nobody",), "There is no case"),
        (("0001", "--as-of", "yesterday"), "not a date"),
        (("0001", "--as-of", "2026-02-31"), "not a date"),
        (("0001", "--known-at", "never"), "not a date"),
        (("0001", "--guideline", "krenning"), "Known are: compete, compose, enets-centre, krenning-gt2, "),
    ],
)
def test_bad_input_is_a_sentence(args, message):
    published_case("0001")
    with pytest.raises(CommandError, match=message):
        assess(*args)
