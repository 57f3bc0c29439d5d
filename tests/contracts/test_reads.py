"""Proof that the comparison of what is shown with what is written down would find a hole; and what a failing trail does.

The comparison itself runs with every request of ``test_permissions``.
"""

import re
from pathlib import Path
from unittest import mock

import pytest
from django.db import DatabaseError
from django.http import HttpResponse, JsonResponse
from django.urls import reverse

from board import decision_views
from patients import reads
from patients.domain.page_words import OF_PAGES, page_words
from patients.models import AccessEvent
from tests.contracts.conftest import drawn
from tests.contracts.reads import Watched
from tests.contracts.routes import DISPLAY_ROUTES, ENDS, ROUTES, STREAMS
from tests.contracts.walking import all_routes
from tests.contracts.world import make_world
from tests.patients.factories import make_user

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).resolve().parents[2]
COMMANDS = {"export_fhir", "decision", "import_table"}


@pytest.fixture
def world():
    return make_world("OWN1X", make_user("nuclear_medicine"))


@pytest.fixture
def reader(client, world):
    client.force_login(world.owner)
    return client


def differences(client, name, **kwargs):
    with Watched() as watched:
        response = client.get(reverse(name, kwargs=kwargs))
    return watched.differences(name, response)


@pytest.mark.parametrize("name", ["board:patient", "board:patients", "board:home", "board:watch", "imaging:upload"])
def test_a_view_that_forgets_its_note_is_found(reader, world, name):
    kwargs = {"case_number": world.patient.case_number} if name == "board:patient" else {}
    assert differences(reader, name, **kwargs) == {}
    with mock.patch.object(reads, "_add"), mock.patch.object(reads, "note_case"):
        assert differences(reader, name, **kwargs) == {"shown and not written down": {world.patient.case_number}}


@pytest.mark.parametrize(("name", "about"), [("imaging:mip", "series"), ("imaging:viewer", "scan")])
def test_a_picture_and_what_a_viewer_draws_are_no_exception(reader, world, name, about):
    asked = drawn(world).kwargs(about)
    assert differences(reader, name, **asked) == {}
    with mock.patch.object(reads, "_add"):
        assert differences(reader, name, **asked) == {"shown and not written down": {world.patient.case_number}}


def test_a_note_without_data_is_found(reader, world):
    with mock.patch.object(reads, "nothing"):
        found = differences(reader, "board:state", case_number=world.patient.case_number)
    assert found == {"written down and not shown": {world.patient.case_number}}


def test_what_is_written_down(reader, world):
    reader.get(reverse("board:patient", args=[world.patient.case_number]), REMOTE_ADDR="192.0.2.7")
    row = AccessEvent.objects.get(route="board:patient")
    said = (row.user, row.patient, row.kind, row.method, row.address)
    assert said == (world.owner, world.patient, "page", "GET", "192.0.2.7") and len(row.request_id) == 32


@pytest.mark.parametrize(
    "name", ["board:patient", "board:patients", "imaging:read", "board:letter_pdf", "imaging:scan"]
)
def test_when_it_cannot_be_written_down_no_byte_of_a_patient_leaves(reader, world, name):
    about = {"board:patient": "case_number", "board:letter_pdf": "decision", "board:patients": ""}.get(name, "scan")
    with mock.patch("patients.services.accesses._store", side_effect=DatabaseError("full")):
        response = reader.get(reverse(name, kwargs=world.kwargs(about)))
    assert response.status_code == 503 and "written down before" in response.content.decode()
    assert "OWN1X" not in response.content.decode() and world.patient.case_number not in str(response.headers)


@pytest.mark.parametrize("name", ["board:home", "board:patient", "board:watch", "board:patients"])
def test_a_page_as_before_shows_its_patients_again(reader, world, name):
    address = reverse(name, args=[world.patient.case_number] if name == "board:patient" else [])
    first = reader.get(address)
    before = list(AccessEvent.objects.filter(route=name).values_list("patient", "kind"))
    second = reader.get(address, HTTP_IF_NONE_MATCH=first["ETag"])
    assert second.status_code == 304
    assert before and list(AccessEvent.objects.filter(route=name).values_list("patient", "kind")) == before * 2


def test_a_refusal_and_a_redirection_are_no_reads(reader, world):
    other = make_world("OWN2X", make_user("nuclear_medicine"))
    assert reader.get(reverse("board:patient", args=[other.patient.case_number])).status_code == 404
    assert reader.get(reverse("board:patients"), {"q": world.patient.case_number}).status_code in (200, 302)
    assert not AccessEvent.objects.filter(patient=other.patient).exists()


def test_every_page_has_words():
    """Who saw this patient is told in words, not in names of the code; the commands of the server have theirs too."""
    routes = ROUTES.keys() | DISPLAY_ROUTES | STREAMS | ENDS | {"people:invited"}
    assert OF_PAGES.keys() - COMMANDS == routes
    admin = [route.name for route in all_routes() if route.name.startswith("admin:patients_")]
    assert admin and not [name for name in [*OF_PAGES, *admin] if "_" in page_words(name)]
    assert page_words("admin:patients_labresult_history") == "data desk: labresult, history"


def test_every_command_that_hands_out_a_case_has_words():
    given = re.compile(r'record_read\([^)]*route="(\w+)"')
    files = (ROOT / "board").rglob("*.py")
    assert {name for path in files for name in given.findall(path.read_text())} == COMMANDS


def test_notes_outside_a_request_do_nothing(world):
    reads.note(world.patient)
    reads.note_all([world.patient])
    assert not AccessEvent.objects.exclude(patient=None).exists()


def test_the_answer_of_one_request_says_nothing_of_the_one_before(rf, world):
    from config.middleware import ReadsMiddleware

    def shows(request):
        reads.note(world.patient)
        return HttpResponse("shown")

    for view, rows in ((shows, 1), (lambda request: JsonResponse({"version": 1}), 1)):
        request = rf.get("/")
        request.resolver_match = None
        ReadsMiddleware(view)(request)
        assert AccessEvent.objects.exclude(patient=None).count() == rows


def test_json_refusals_of_the_console_say_nothing(reader, world):
    assert decision_views.reads is reads
    with Watched() as watched:
        reader.post(reverse("board:item_sign", args=[world.objects["item"].pk]), HTTP_ACCEPT="application/json")
    assert watched.rows == []
