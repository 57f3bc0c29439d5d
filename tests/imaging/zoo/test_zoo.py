"""Every case of bad DICOM through the browser and from a folder: outcome and reason code exactly as the table says."""

import ast
import json
from pathlib import Path

import pytest
from django.apps import apps
from django.urls import reverse

from imaging import outcomes, sandbox
from imaging.domain.errors import CAUTIONS
from imaging.models import Scan, Series
from patients.models import Patient
from tests.imaging.dicom_files import pet_slice, write
from tests.imaging.zoo import table
from tests.imaging.zoo.cases import CASES, specimens
from tests.imaging.zoo.conftest import ROOTS
from tests.imaging.zoo.people import CASE, PAYLOADS

pytestmark = [pytest.mark.django_db, pytest.mark.one_engine]
REPOSITORY = Path(__file__).resolve().parents[3]
ROWS = [
    pytest.param(route, case, n, id=f"{case.number:03d}-{specimen.what[:24]}-{route}")
    for case, n, specimen in specimens()
    for route in specimen.routes
]


def by_text(found) -> list:
    return sorted(found, key=repr)


@pytest.mark.parametrize(("route", "case", "n"), ROWS)
def test_a_case_has_the_outcome_of_the_table(seen, route, case, n):
    expected, found = case.specimens[n].expected, seen[route]
    assert found.files(case, n) == dict(expected.files)
    assert by_text(found.of(case, n)) == by_text(expected.series)


def test_no_file_of_either_route_is_without_outcome(seen):
    for found in seen.values():
        assert found.items and not [item.label for item in found.items if item.outcome == "waiting"]


def test_there_are_96_cases_and_each_is_shown_somehow():
    assert [case.number for case in CASES] == list(range(1, 97))
    for case in CASES:
        assert case.specimens or case.proof
        if case.proof:
            path, name = case.proof.split("::")
            tree = ast.parse((REPOSITORY / path).read_text())
            assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}, case.proof


def test_an_outcome_that_is_not_the_one_of_the_research_says_why():
    for case in CASES:
        assert case.differs or case.proof or set(case.research) & set("RQBWH") & set(case.letter), case.number


def test_every_code_of_the_table_has_its_sentence():
    for case in CASES:
        for specimen in case.specimens:
            for code in specimen.expected.codes:
                assert outcomes.explain(code) or CAUTIONS.get(code), code


def test_the_page_is_printed_from_the_table():
    assert (REPOSITORY / "docs" / "bad-dicom.md").read_text() == table.page(), (
        "python -m tests.imaging.zoo.table > docs/bad-dicom.md"
    )


def test_no_name_is_kept(seen):
    for model in apps.get_app_config("imaging").get_models():
        assert "CANARY" not in json.dumps(list(model._base_manager.values()), default=str), model._meta.label


def test_hostile_text_is_text(seen, client, doctor):
    client.force_login(doctor)
    hostile = [s for s in Series.objects.all() if s.header.get("description") in PAYLOADS]
    assert len(hostile) == len(ROOTS) * len(PAYLOADS)
    for series in hostile:
        page = client.get(reverse("imaging:series", args=[series.pk])).content.decode()
        assert "<script>alert(1)" not in page
    held = Series.objects.filter(study__dicom_patient_id=PAYLOADS[0]).first()
    page = client.get(reverse("imaging:series", args=[held.pk])).content.decode()
    assert "&lt;script&gt;alert(1)" in page and "<script>alert(1)" not in page


def test_a_renamed_case_keeps_its_scans(seen):
    case = Patient.objects.get(case_number=CASE)
    before = Scan.objects.filter(patient=case).count()
    Patient.objects.filter(pk=case.pk).update(case_number="SYN-RENAMED")
    assert before and Scan.objects.filter(patient__case_number="SYN-RENAMED").count() == before
    assert not Series.objects.filter(identity="attached", candidate_patient=None).exists()


NAMES = {
    "ISO_IR 192": "Yamada^Tarou=山田^太郎=やまだ^たろう",
    "ISO_IR 100": "Müller^Jürg",
    "ISO_IR 144": "Люкceмбypг",
    "GB18030": "Wang^XiaoDong=王^小东",
}


@pytest.mark.parametrize(("charset", "name"), NAMES.items())
def test_names_keep_their_groups(tmp_path, charset, name):
    """Where an export repeats the name of the images it repeats it whole."""
    path = write(tmp_path / "a.dcm", pet_slice(SpecificCharacterSet=charset, PatientName=name))
    assert sandbox.read_filing(path).patient_name == name
