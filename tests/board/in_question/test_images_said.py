"""Where numbers of a case are read, it is said that images among them are in question."""

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from board.chart import Chart
from board.document_text import as_text
from board.frames import case_frame
from board.identity import identity_of
from board.models import ScreenState
from board.pack import pack_for
from imaging.models import Scan, Series
from imaging.services import keep_in_chart
from patients.models import Patient
from patients.services import grant_access, update_patient
from tests.board.meeting_factories import make_item, make_meeting
from tests.imaging.conftest import colleague, doctor, import_files, phantom_case  # noqa: F401
from tests.imaging.dicom_files import pet_slice, write
from tests.imaging.people import make_doctor
from tests.patients.factories import make_user

pytestmark = [pytest.mark.django_db, pytest.mark.one_engine]
SAID = "images in question"
OWN = {"PatientID": "SYN-a", "PatientBirthDate": "19670302", "PatientSex": "F", "PatientName": "SYN-a"}


@pytest.fixture
def series(tmp_path, phantom_case, import_files):  # noqa: F811
    import_files([write(tmp_path / f"{k}.dcm", pet_slice(k, **OWN)) for k in range(8)], patient=phantom_case)
    return Series.objects.get()


@pytest.fixture
def chair(phantom_case, doctor):  # noqa: F811
    chair = make_user("chair")
    for kind in ("care_team", "board"):
        grant_access(by=doctor, patient=phantom_case, kind=kind, user=chair)
    return chair


@pytest.fixture
def item(phantom_case, chair):  # noqa: F811
    meeting = make_meeting(chair, state="running", started_at=timezone.now())
    item = make_item(meeting, phantom_case, chair)
    ScreenState.objects.create(meeting=meeting, item=item)
    return item


def corrected(patient, by) -> Patient:
    return update_patient(patient, by=by, reason="passport", birth_date=dt.date(1958, 3, 12))


def facts(patient) -> list[str]:
    return [fact.text for fact in identity_of(Chart(patient, timezone.localdate())).facts]


def pages(client, item) -> dict[str, str]:
    """Every place where somebody decides by the numbers of the case, or is told what was decided."""
    case, scan = item.patient.case_number, Scan.objects.get(patient=item.patient)
    asked = {
        "case": reverse("board:patient", args=[case]),
        "eligibility": f"{reverse('board:patient', args=[case])}?tab=eligibility",
        "decide": reverse("board:decide", args=[case]),
        "decision of a meeting": reverse("board:item_draft", args=[item.pk]),
        "what if": reverse("board:what_if", args=[case]),
        "console": f"{reverse('board:console', args=[item.meeting_id])}?item={item.pk}",
        "scan": reverse("imaging:scan", args=[scan.pk]),
    }
    found = {name: client.get(address) for name, address in asked.items()}
    assert {name: answer.status_code for name, answer in found.items()} == dict.fromkeys(found, 200)
    said = {name: answer.content.decode() for name, answer in found.items()}
    said["screen"] = case_frame(item.meeting, item.pk, "overview")
    said["pack"] = as_text(pack_for(item.added_by, item.meeting))
    return said


def test_every_place_says_it_until_it_is_answered(client, series, phantom_case, doctor, chair, item):  # noqa: F811
    client.force_login(chair)
    assert [name for name, text in pages(client, item).items() if SAID in text] == []
    corrected(phantom_case, doctor)
    assert [name for name, text in pages(client, item).items() if SAID not in text] == []
    third = make_doctor("third")
    grant_access(by=doctor, patient=phantom_case, kind="care_team", user=third)
    keep_in_chart(by=third, series=series, patient=Patient.objects.get(), reason="passport seen")
    assert [name for name, text in pages(client, item).items() if SAID in text] == []
