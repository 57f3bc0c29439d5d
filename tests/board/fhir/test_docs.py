"""docs/fhir.md says what the code does: its tables are compared with the tables of the code."""

import json
import re

import pytest

from board.fhir.bundles import ONE_EACH
from board.fhir.mapping import to_histology, to_patient
from board.fhir.mapping.codes import UCUM_CODES, UNSURE_LOINC
from board.fhir.mapping.drafts import REASONS
from board.fhir.mapping.extras import EXTRAS
from board.fhir.mapping.terms import MCODE
from board.fhir.outcomes import TAKEN
from board.fhir.reading import NOT_READ, READERS
from patients.domain.units import ANALYTES
from patients.models import HistologySpecimen, Patient
from tests.board.fhir.factories import decided_case, full_case
from tests.conftest import REPOSITORY

DOCUMENT = (REPOSITORY / "docs" / "fhir.md").read_text()
GOLDEN = REPOSITORY / "tests" / "board" / "fhir" / "golden"


def table(heading: str) -> dict[str, list[str]]:
    """First cell -> the others, of the table under a heading."""
    part = DOCUMENT.split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]
    rows = [
        [cell.strip().strip("`") for cell in line.strip("|").split("|")]
        for line in part.splitlines()
        if line.startswith("|")
    ]
    return {cells[0]: cells[1:] for cells in rows[2:]}


@pytest.mark.django_db
def test_every_kind_of_row_stands_there_with_its_resource():
    for make in (full_case, decided_case):
        make()
    writers = [*ONE_EACH, (Patient, lambda row, _: to_patient.patient(row)), (HistologySpecimen, to_histology.specimen)]
    written: dict[str, set[str]] = {}
    for model, write in writers:
        made = [write(row, "x") for row in model.objects.all()]
        found = [one for each in made for one in (each if isinstance(each, list) else [each])]
        assert found, f"no {model.__name__} was written"
        written[model.__name__] = {one["resourceType"] for one in found}
    said = {model: set(cells[0].split(", ")) for model, cells in table("Rows").items()}
    others = {"UptakeMeasurement", "LesionReading", "BoardDecision", "Assessment", "DecisionFollowUp"}
    assert {model: kinds for model, kinds in said.items() if model not in others} == written
    assert others <= set(said)


def test_what_is_read_back_is_what_is_read():
    back = {kind for cells in table("Rows").values() for kind in cells[0].split(", ") if cells[2] == "yes"}
    assert back == {*READERS, "Patient"}
    never = {kind for cells in table("Rows").values() for kind in cells[0].split(", ") if cells[2] == "no"}
    assert set(NOT_READ) == never - {"Observation"}


def test_every_profile_named_in_a_bundle_stands_there():
    used = set()
    for path in GOLDEN.glob("*.json"):
        for one in json.loads(path.read_text())["entry"]:
            used |= set(one["resource"].get("meta", {}).get("profile", []))
    assert {url.removeprefix(f"{MCODE}/") for url in used} == set(re.findall(r"`(mcode-[a-z-]+)`", DOCUMENT))


def test_every_extension_stands_there():
    ours = {name: [f"{model}.{field}", kind] for model, rows in EXTRAS.items() for field, name, kind in rows}
    assert table("Extensions") == ours


def test_every_unit_stands_there():
    assert {unit: cells[0] for unit, cells in table("Units").items()} == UCUM_CODES
    assert set(UCUM_CODES) == {unit for analyte in ANALYTES.values() for unit in analyte.units}
    assert len(set(UCUM_CODES.values())) == len(UCUM_CODES), "two units would come back as one"
    assert all(code in DOCUMENT for code in UNSURE_LOINC)


def test_every_outcome_stands_there_with_its_sentence():
    assert table("What becomes of a resource") == {code: list(said) for code, said in (TAKEN | REASONS).items()}


def test_every_refusal_of_a_whole_bundle_stands_there():
    sources = "".join(
        (REPOSITORY / "board" / "fhir" / name).read_text()
        for name in ("received.py", "identity.py", "reading.py", "importing.py")
    )
    raised = set(re.findall(r'(?:_refuse|BundleRefused)\(\s*"(\w+)"', sources)) | {
        "patients_several",
        "patient_missing",
    }
    assert set(table("When the whole bundle is refused")) == raised
