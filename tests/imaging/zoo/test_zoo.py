"""Every case of bad DICOM through the browser and from a folder: outcome and reason code exactly as the table says."""

import ast
import json
import re
from pathlib import Path

import pytest
from django.apps import apps
from django.urls import reverse
from django.utils.html import escape

from imaging import outcomes, sandbox, selectors
from imaging.domain.errors import CAUTIONS
from imaging.models import Scan, Series
from imaging.services import start_reading
from patients.models import Patient
from tests.imaging.dicom_files import pet_slice, write
from tests.imaging.zoo import table
from tests.imaging.zoo.cases import CASES, is_further, routes, specimens
from tests.imaging.zoo.conftest import seen_of
from tests.imaging.zoo.people import CASE, PAYLOADS, UNKNOWN_SCRIPT

pytestmark = [pytest.mark.django_db, pytest.mark.one_engine]
REPOSITORY = Path(__file__).resolve().parents[3]
ROWS = [
    pytest.param(
        route,
        case,
        n,
        id=f"{case.number:03d}-{specimen.what[:24]}-{route}",
        marks=[pytest.mark.long] if is_further(case, n, route) else [],
    )
    for case, n, specimen in specimens()
    for route in routes(case, n)
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
        assert case.differs or not case.specimens or case.is_as_researched, case.number


def test_every_code_of_the_table_has_its_sentence():
    for case in CASES:
        for specimen in case.specimens:
            for code in specimen.expected.codes:
                assert outcomes.explain(code) or CAUTIONS.get(code), code


def sentence_of(code: str) -> str:
    """As a pattern: what a sentence says of the very file stands between its words."""
    said = outcomes.explain(code) or CAUTIONS[code]
    return ".+".join(re.escape(escape(part)) for part in re.split(r"\{\w+\}", said))


def test_every_refused_file_has_its_sentence_on_the_page_of_its_import_and_in_the_report(seen, client, doctor):
    client.force_login(doctor)
    for found in seen.values():
        codes = {item.reason_code for item in found.items if item.outcome == "refused"}
        page = client.get(reverse("imaging:upload_detail", args=[found.upload.pk])).content.decode()
        assert [code for code in codes if not re.search(sentence_of(code), page)] == []
        report = outcomes.of_upload(found.upload)["files"]
        assert {file["code"] for file in report if file["outcome"] == "refused"} == codes
        assert [file for file in report if file["outcome"] in ("refused", "held") and not file["sentence"]] == []


def test_every_code_of_a_series_has_its_sentence_on_its_page(seen, client, doctor):
    """Of each code the first series of each route."""
    client.force_login(doctor)
    asked, missing = set(), []
    for found in seen.values():
        wanted: dict[str, Series] = {}
        for series in selectors.series_of(found.upload):
            for code in seen_of(series).codes:
                wanted.setdefault(code, series)
        for code, series in wanted.items():
            page = client.get(reverse("imaging:series", args=[series.pk])).content.decode()
            missing += [] if re.search(sentence_of(code), page) else [(found.route, code)]
        asked |= set(wanted)
    of_series = {code for case in CASES for one in case.specimens for s in one.expected.series for code in s.codes}
    assert missing == [] and asked == of_series


def test_the_page_is_printed_from_the_table():
    assert (REPOSITORY / "docs" / "bad-dicom.md").read_text() == table.page(), (
        "python -m tests.imaging.zoo.table > docs/bad-dicom.md"
    )


def test_no_name_is_kept(seen):
    for model in apps.get_app_config("imaging").get_models():
        assert "CANARY" not in json.dumps(list(model._base_manager.values()), default=str), model._meta.label


def test_a_series_whose_slices_name_two_tracers_has_none(seen):
    """Else the first slice would decide whether the scan counts as SSTR."""
    (case,) = (case for case in CASES if case.number == 68)
    (n,) = (n for n, one in enumerate(case.specimens) if one.what == "one slice says PSMA")
    found = Series.objects.filter(series_uid__endswith=f".68.{n + 1}.2")
    assert found and {series.tracer for series in found} == {""}
    assert {scan.tracer for scan in Scan.objects.filter(pet_series__in=found)} == {""}


def test_hostile_text_is_text(seen, client, doctor):
    """The ID on the page of the held series, where the two identities stand side by side."""
    client.force_login(doctor)
    held = Series.objects.filter(study__dicom_patient_id=UNKNOWN_SCRIPT)
    assert held
    for series in held:
        page = client.get(reverse("imaging:series", args=[series.pk])).content.decode()
        assert escape(UNKNOWN_SCRIPT) in page and UNKNOWN_SCRIPT not in page


def test_hostile_text_of_maker_and_description_is_text(seen, client, doctor):
    """The maker is a line of the report, which is no HTML; pages of a series show neither maker nor description."""
    client.force_login(doctor)
    hostile = [s for s in Series.objects.all() if s.header.get("description") in PAYLOADS]
    assert {series.header["description"] for series in hostile} == set(PAYLOADS)
    for series in hostile:
        payload = series.header["description"]
        page = client.get(reverse("imaging:series", args=[series.pk])).content.decode()
        assert payload not in page and escape(payload) not in page
        reading = start_reading(by=doctor, scan=Scan.objects.get(pet_series=series))
        answer = client.get(reverse("imaging:report_text", args=[reading.pk]))
        assert f"Scanner: {payload}" in answer.content.decode()
        assert answer["Content-Type"].startswith("text/plain") and answer["X-Content-Type-Options"] == "nosniff"


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
