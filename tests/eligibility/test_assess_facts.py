"""``assess --facts``: without a database, nothing guessed, every problem named, the answer as its schema says."""

import datetime as dt
import io
import json
import subprocess
import sys

import pytest
from django.core.management import CommandError, call_command
from jsonschema import Draft202012Validator

from eligibility.domain.vocabulary import FACTS
from eligibility.facts_file import CODES, FactsRefused, read_facts
from eligibility.facts_schema import facts_schema
from tests.board.factories import published_case
from tests.conftest import REPOSITORY

LABEL = "lutathera-smpc-eu"
SCHEMAS = REPOSITORY / "docs" / "schemas"
FACTS_SCHEMA, ANSWER_SCHEMA = (
    Draft202012Validator(json.loads((SCHEMAS / f"{name}.schema.json").read_text())) for name in ("facts", "assessment")
)
RECENT = {"date": "2026-04-14"}
GOOD = {
    "format": "prrt-facts/1",
    "as_of": "2026-04-20",
    "facts": {
        "age_years": {"value": 58, "unit": "years"},
        "grade": ["G1", "G2"],
        "pregnancy": "not_of_childbearing_potential",
        "platelets": {"value": 104, "unit": "10^9/L", **RECENT},
        "ki67_percent": {"low": 7, "high": 8, "unit": "%"},
        "has_progression": {"unknown": "missing"},
        "sstr_relation_to_liver": {
            "date": "2026-04-02",
            "lesions": [{"label": "L04", "site": "liver", "size_mm": 21.5, "relation": ["below"]}],
        },
    },
}


@pytest.fixture
def facts(tmp_path):
    def write(content, name="facts.json"):
        path = tmp_path / name
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return str(path)

    return write


def answer(*args):
    out = io.StringIO()
    call_command("assess", *args, "--json", stdout=out)
    found = json.loads(out.getvalue())
    ANSWER_SCHEMA.validate(found)
    return found


def rows(path, guideline=LABEL, *more):
    (one,) = answer("--facts", path, "--guideline", guideline, *more)["assessments"]
    return one["verdict"], {row["id"]: row for row in one["rows"]}


def with_facts(**changed):
    return GOOD | {"facts": GOOD["facts"] | changed}


def test_it_answers_without_a_database(facts):
    verdict, found = rows(facts(GOOD))
    assert verdict == "not_eligible"
    states = {name: found[name]["state"] for name in ("IND.GRADE", "SSTR.UPTAKE", "CI.PREGNANCY", "RCI.PLATELETS")}
    assert states == {
        "IND.GRADE": "met",
        "SSTR.UPTAKE": "not met",
        "CI.PREGNANCY": "clear",
        "RCI.PLATELETS": "clear",
    }
    assert found["IND.PROGRESSION"]["state"] == "unknown" and found["IND.SITE"]["reason"] == "not recorded"


def test_a_value_without_a_date_is_not_taken_for_recent(facts):
    _, found = rows(facts(with_facts(platelets={"value": 60, "unit": "10^9/L"})))
    assert (found["RCI.PLATELETS"]["state"], found["RCI.PLATELETS"]["reason_codes"]) == ("unknown", ["undated"])
    _, found = rows(facts(with_facts(platelets={"value": 60, "unit": "10^9/L", **RECENT})))
    assert found["RCI.PLATELETS"]["state"] == "triggered"


def test_a_pregnancy_test_ages_and_a_lasting_state_does_not(facts):
    _, found = rows(facts(with_facts(pregnancy="negative_test")))
    assert found["CI.PREGNANCY"]["reason_codes"] == ["undated"]
    _, found = rows(facts(with_facts(pregnancy={"is": "negative_test", "date": "2026-03-01"})))
    assert found["CI.PREGNANCY"]["reason_codes"] == ["out_of_date"]


def test_a_value_dated_later_is_not_used(facts):
    _, found = rows(facts(GOOD), LABEL, "--as-of", "2026-04-13")
    assert found["RCI.PLATELETS"]["reason_codes"] == ["dated_later"]


def test_toml_says_the_same(facts):
    text = """format = "prrt-facts/1"
as_of = 2026-04-20
[facts]
grade = "G2"
hb = {value = 7.9, unit = "g/dL", date = 2026-04-14}
"""
    _, found = rows(facts(text, "facts.toml"))
    assert (found["IND.GRADE"]["state"], found["RCI.HAEMOGLOBIN"]["state"]) == ("met", "triggered")


def test_decimals_stay_exact_up_to_the_threshold(facts):
    for text, state in (("8.0000000000000001", "clear"), ("7.9999999999999999", "triggered")):
        content = json.dumps(with_facts(hb={"value": 0, "unit": "g/dL", **RECENT})).replace(
            '"value": 0', f'"value": {text}'
        )
        assert rows(facts(content))[1]["RCI.HAEMOGLOBIN"]["state"] == state


BAD_FACTS = [
    ({"platlets": "yes"}, "fact_unknown", "facts.platlets"),
    ({"platelets": {"value": 104, "unit": "g/dL"}}, "fact_invalid", "facts.platelets.unit"),
    ({"platelets": {"value": 104}}, "fact_invalid", "facts.platelets.unit"),
    ({"platelets": {"value": "104", "unit": "10^9/L"}}, "fact_invalid", "facts.platelets.value"),
    ({"platelets": {"value": True, "unit": "10^9/L"}}, "fact_invalid", "facts.platelets.value"),
    ({"platelets": {"value": -1, "unit": "10^9/L"}}, "fact_invalid", "facts.platelets.value"),
    ({"platelets": {"value": 1e300, "unit": "10^9/L"}}, "fact_invalid", "facts.platelets.value"),
    ({"platelets": {"value": 1, "low": 1, "unit": "10^9/L"}}, "fact_invalid", "facts.platelets"),
    ({"platelets": {"value": 1, "unit": "10^9/L", "date": "14.4.2026"}}, "fact_invalid", "facts.platelets.date"),
    ({"platelets": {"value": 1, "unit": "10^9/L", "colour": "red"}}, "fact_invalid", "facts.platelets"),
    ({"platelets": 104}, "fact_invalid", "facts.platelets"),
    ({"grade": "G9"}, "fact_invalid", "facts.grade"),
    ({"grade": []}, "fact_invalid", "facts.grade"),
    ({"grade": {"value": "G2"}}, "fact_invalid", "facts.grade"),
    ({"grade": [["G2"]]}, "fact_invalid", "facts.grade"),
    ({"pregnancy": {"unknown": "no idea"}}, "fact_invalid", "facts.pregnancy"),
    ({"sstr_relation_to_liver": {"lesions": []}}, "fact_invalid", "facts.sstr_relation_to_liver.lesions"),
    ({"sstr_relation_to_liver": {"lesions": [1]}}, "fact_invalid", "facts.sstr_relation_to_liver.lesions[0]"),
]
BEYOND_A_SCHEMA = [
    ({"platelets": {"value": 1e-300, "unit": "10^9/L"}}, "fact_invalid", "facts.platelets.value"),
    ({"platelets": {"low": 2, "high": 1, "unit": "10^9/L"}}, "fact_invalid", "facts.platelets"),
]
BAD_LESIONS = [
    ({"label": None}, "label"),
    ({"relation": []}, "relation"),
    ({"relation": "below"}, "relation"),
    ({"relation": ["cold"]}, "relation"),
    ({"size_mm": 0}, "size_mm"),
    ({"size_mm": "21"}, "size_mm"),
    ({"visceral": "yes"}, "visceral"),
    ({"reason": "whatever"}, "reason"),
    ({"suv": 3}, ""),
]


@pytest.mark.parametrize(("changed", "code", "where"), [*BAD_FACTS, *BEYOND_A_SCHEMA])
def test_a_bad_fact_is_named(facts, changed, code, where):
    given = with_facts(**changed)
    with pytest.raises(FactsRefused) as caught:
        read_facts(json.dumps(given).encode(), is_toml=False)
    assert (caught.value.problems[0].code, caught.value.problems[0].where) == (code, where)
    assert list(FACTS_SCHEMA.iter_errors(given)) or (changed, code, where) in BEYOND_A_SCHEMA


@pytest.mark.parametrize(("changed", "key"), BAD_LESIONS)
def test_a_bad_lesion_is_named(changed, key):
    lesion = {"label": "L01", "site": "liver", **changed}
    given = with_facts(sstr_relation_to_liver={"lesions": [lesion]})
    with pytest.raises(FactsRefused) as caught:
        read_facts(json.dumps(given).encode(), is_toml=False)
    assert caught.value.problems[0].where == f"facts.sstr_relation_to_liver.lesions[0]{'.' if key else ''}{key}"
    assert list(FACTS_SCHEMA.iter_errors(given))


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("", "facts_unreadable"),
        ("{", "facts_unreadable"),
        ('{"format": "prrt-facts/1", "facts": {}, "facts": {}}', "facts_unreadable"),
        ('{"format": "prrt-facts/1", "facts": {"hb": {"value": NaN, "unit": "g/dL"}}}', "facts_unreadable"),
        ("[" * 20_000, "facts_unreadable"),
        ("[]", "facts_format"),
        ("{}", "facts_format"),
        ({"format": "prrt-facts/2", "facts": {}}, "facts_format"),
        ({"format": "prrt-facts/1", "facts": []}, "facts_format"),
        ({"format": "prrt-facts/1", "facts": {}, "name": "x"}, "facts_format"),
        ({"format": "prrt-facts/1", "facts": {}, "as_of": "soon"}, "fact_invalid"),
    ],
)
def test_a_bad_file_ends_with_status_two_and_a_code(facts, content, code):
    with pytest.raises(CommandError, match=rf"\[{code}\]") as caught:
        call_command("assess", "--facts", facts(content))
    assert caught.value.returncode == 2


def test_every_problem_is_told_at_once(facts):
    content = with_facts(grade="G9", hb={"value": -1, "unit": "g/dL"}, nothing="yes")
    with pytest.raises(CommandError) as caught:
        call_command("assess", "--facts", facts(content))
    assert all(name in str(caught.value) for name in ("facts.grade", "facts.hb.value", "facts.nothing"))


@pytest.mark.parametrize(
    "args",
    [
        (),
        ("0001", "--facts", "x.json"),
        ("--facts", "no-such-file.json"),
        ("--facts", "x.json", "--known-at", "2026-01-01"),
    ],
)
def test_a_wrong_call_ends_with_status_two(args):
    with pytest.raises(CommandError) as caught:
        call_command("assess", *args)
    assert caught.value.returncode == 2


def test_the_status_reaches_the_shell_and_standard_input_is_read(tmp_path):
    env = {"PRRT_MODE": "demo", "PRRT_DATA_DIR": str(tmp_path), "PATH": ""}

    def ask(text):
        command = [sys.executable, "manage.py", "assess", "--facts", "-", "--guideline", "krenning-gt2", "--json"]
        return subprocess.run(
            command, check=False, input=text, env=env, cwd=REPOSITORY, capture_output=True, text=True, timeout=60
        )

    good, bad = ask(json.dumps(GOOD)), ask("{}")
    assert (good.returncode, json.loads(good.stdout)["assessments"][0]["verdict"]) == (0, "not_met")
    assert bad.returncode == 2 and not bad.stdout and "[facts_format]" in bad.stderr and "Traceback" not in bad.stderr


def test_the_schema_of_facts_is_the_vocabulary():
    assert json.loads((SCHEMAS / "facts.schema.json").read_text()) == json.loads(json.dumps(facts_schema()))
    assert set(facts_schema()["properties"]["facts"]["properties"]) == set(FACTS)
    FACTS_SCHEMA.validate(GOOD)


def test_every_code_is_in_the_documentation():
    text = (REPOSITORY / "docs" / "assess.md").read_text()
    assert all(f"`{code}`" in text for code in CODES)


@pytest.mark.django_db
def test_the_answer_about_a_case_fits_the_same_schema():
    published_case("0001")
    assert answer("0001")["case"] == "0001"


COUNTED = {"value": 80, "unit": "days"}


def problems_of(content, **more):
    with pytest.raises(FactsRefused) as refused:
        read_facts(json.dumps(content).encode(), is_toml=False, **more)
    return [(p.code, p.where) for p in refused.value.problems]


@pytest.mark.parametrize("name", ["sstr_scan_age_days", "days_since_chemotherapy", "fdg_scan_age_days"])
def test_days_counted_to_another_day_are_not_taken_for_days_to_this_one(name):
    """The scan would be half a year older, and stay 80 days old."""
    content = GOOD | {"facts": {name: COUNTED}}
    assert read_facts(json.dumps(content).encode(), is_toml=False, as_of=dt.date(2026, 4, 20)).facts
    assert problems_of(content, as_of=dt.date(2026, 10, 20)) == [("fact_invalid", f"facts.{name}")]


def test_days_with_the_date_of_the_event_have_to_agree_with_it():
    dated = {"facts": {"days_since_surgery": COUNTED | {"date": "2026-01-30"}}}
    assert read_facts(json.dumps(GOOD | dated).encode(), is_toml=False).facts
    assert problems_of(GOOD | dated, as_of=dt.date(2026, 10, 20)) == [("fact_invalid", "facts.days_since_surgery")]
    spread = {"facts": {"days_since_surgery": {"low": 70, "high": 90, "unit": "days", "date": "2026-01-30"}}}
    assert read_facts(json.dumps(GOOD | spread).encode(), is_toml=False).facts


@pytest.mark.parametrize(("on", "is_fine"), [("2020-01-01", False), ("2026-01-30", True)])
def test_a_scan_age_has_to_agree_with_the_date_of_the_lesions(on, is_fine):
    lesions = GOOD["facts"]["sstr_relation_to_liver"] | {"date": on}
    content = with_facts(sstr_relation_to_liver=lesions, sstr_scan_age_days=COUNTED)
    if is_fine:
        assert read_facts(json.dumps(content).encode(), is_toml=False).facts
    else:
        assert problems_of(content) == [("fact_invalid", "facts.sstr_scan_age_days")]
