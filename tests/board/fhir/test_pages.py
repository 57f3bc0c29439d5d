"""Out by a link of the patient page; in by a trial run and a confirmation; and the same on the command line."""

import io
import json
import os
import stat
import time

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from board.fhir import holding
from board.fhir.received import LARGEST_BYTES
from patients.models import AuditEvent, LabResult, Patient
from tests.board.fhir.factories import exported, full_case
from tests.board.fhir.test_bad_bundles import LAB, PATIENT, bundle, quantity
from tests.board.fhir.test_round_trip import as_new_case
from tests.patients.factories import make_user

pytestmark = pytest.mark.django_db
XSS = "<script>alert('ZQ')</script>\"'><img src=x onerror=alert(1)>"


@pytest.fixture(autouse=True)
def own_folder(settings, tmp_path):
    settings.DATA_DIR = tmp_path


@pytest.fixture
def clerk(client):
    user = make_user("data_entry")
    client.force_login(user)
    return user


def send(client, text, **fields):
    file = io.BytesIO(text.encode())
    file.name = "bundle.json"
    return client.post(reverse("board:import_fhir"), {"bundle": file, **fields})


def ticket_of(answer) -> str:
    return answer.context["ticket"]


def confirm(client, ticket):
    return client.post(reverse("board:confirm_fhir"), {"ticket": ticket})


# --- out ------------------------------------------------------------------------------------------


def test_a_case_goes_out_as_a_file_and_the_trail_says_so(client):
    user, patient = full_case()
    client.force_login(user)
    assert (
        reverse("board:export_fhir", args=[patient.case_number])
        in client.get(reverse("board:patient", args=[patient.case_number])).content.decode()
    )
    answer = client.get(reverse("board:export_fhir", args=[patient.case_number]))
    found = json.loads(answer.content)
    assert answer["Content-Type"].startswith("application/fhir+json") and "no-store" in answer["Cache-Control"]
    assert answer["Content-Disposition"] == 'attachment; filename="patient-' + str(patient.pk) + '.fhir.json"'
    told = AuditEvent.objects.get(action="export_fhir")
    assert (told.by, told.patient, told.after["resources"]) == (user, patient, len(found["entry"]))


def test_taking_a_case_along_makes_no_page_old(client):
    from board.freshness import version_of
    from tests.board.factories import add_lab

    user, patient = full_case()
    client.force_login(user)
    before = version_of(patient)
    client.get(reverse("board:export_fhir", args=[patient.case_number]))
    assert version_of(patient) == before
    add_lab(user, patient)
    assert version_of(patient) != before


@pytest.mark.parametrize("role", ["observer"])
def test_who_only_reads_cannot_carry_it_away(client, role):
    from patients.services import grant_access

    _, patient = full_case()
    reader = make_user(role)
    grant_access(by=make_user("coordinator"), patient=patient, kind="care_team", user=reader)
    client.force_login(reader)
    address = reverse("board:export_fhir", args=[patient.case_number])
    assert address not in client.get(reverse("board:patient", args=[patient.case_number])).content.decode()
    assert client.get(address).status_code == 403
    assert not AuditEvent.objects.filter(action="export_fhir").exists()


# --- in -------------------------------------------------------------------------------------------


def test_a_trial_then_a_confirmation(client, clerk):
    _, patient = full_case()
    text = as_new_case(exported(patient), "N-0001")
    trial = send(client, text)
    assert trial.status_code == 200 and "nothing is stored yet" in trial.content.decode()
    assert not Patient.objects.filter(case_number="N-0001").exists()
    done = confirm(client, ticket_of(trial))
    assert "Bundle taken over" in done.content.decode() and "platelets 210 10^9/L" in done.content.decode()
    assert Patient.objects.visible_to(clerk).filter(case_number="N-0001").exists()
    assert list((holding._folder()).iterdir()) == [], "the file waits no longer"
    again = confirm(client, ticket_of(trial))
    assert again.status_code == 422 and "waits no longer" in again.content.decode()


def test_a_ticket_is_for_one_person_and_one_hour(client, clerk, monkeypatch):
    ticket = ticket_of(send(client, bundle(PATIENT, LAB)))
    (file,) = holding._folder().iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600 and "X-1" not in file.name
    client.force_login(make_user("clinician"))
    assert confirm(client, ticket).status_code == 422
    client.force_login(clerk)
    assert confirm(client, ticket + "x").status_code == 422
    later = time.time() + holding.SECONDS + 5
    monkeypatch.setattr("django.core.signing.time.time", lambda: later)
    assert confirm(client, ticket).status_code == 422
    assert not Patient.objects.exists()


def test_what_nobody_confirms_is_removed(client, clerk):
    send(client, bundle(PATIENT, LAB))
    (file,) = holding._folder().iterdir()
    holding.clear()
    assert file.exists()
    old = time.time() - holding.SECONDS - 5
    os.utime(file, (old, old))
    holding.clear()
    assert not file.exists()


def test_never_more_wait_than_a_hundred(clerk):
    for _ in range(holding.MOST + 3):
        holding.hold(b"{}", by=clerk, case_number="")
    assert len(list(holding._folder().iterdir())) == holding.MOST


@pytest.mark.parametrize(
    ("text", "words"),
    [("nonsense", "not a JSON file"), (bundle(LAB), "holds no Patient"), ("", "This file is empty")],
)
def test_a_refusal_says_why_and_keeps_nothing(client, clerk, text, words):
    answer = send(client, text, case="N-7")
    assert answer.status_code == 422 and words in answer.content.decode() and 'value="N-7"' in answer.content.decode()
    assert not (holding._folder()).exists() or list((holding._folder()).iterdir()) == []


def test_too_large_is_refused_before_it_is_read(client, clerk, monkeypatch):
    monkeypatch.setattr(
        "django.core.files.uploadhandler.FileUploadHandler.receive_data_chunk", lambda *_: pytest.fail("read")
    )
    answer = client.generic(
        "POST",
        reverse("board:import_fhir"),
        b"x",
        content_type="multipart/form-data; boundary=b",
        CONTENT_LENGTH=str(LARGEST_BYTES * 2),
    )
    assert answer.status_code == 413 and "larger than 10 MB" in answer.content.decode()


def test_hostile_text_is_text(client, clerk):
    """In every place a bundle can put words on our page: the row, the id, the reason, the refusal."""
    note = LAB | {"note": [{"text": XSS}]}
    drug = {
        "resourceType": "MedicationAdministration",
        "id": "m1",
        "status": "completed",
        "subject": {"reference": "Patient/p1"},
        "medicationCodeableConcept": {"text": XSS},
        "effectivePeriod": {"start": "2026"},
    }
    unit = LAB | {"id": XSS} | quantity(1, XSS)
    person = PATIENT | {"managingOrganization": {"display": XSS}}
    trial = send(client, bundle(person, note, drug, unit, {"resourceType": XSS, "id": XSS}))
    page = trial.content.decode()
    assert trial.status_code == 200 and "<script>alert" not in page and "<img src=x" not in page
    assert "&lt;script&gt;" in page, "nothing hostile reached the page, so nothing was tested"
    confirm(client, ticket_of(trial))
    page = client.get(reverse("board:patient", args=["X-1"])).content.decode()
    assert "<script>alert" not in page and LabResult.objects.get().note == XSS


def test_what_cannot_be_written_is_still_named(client, clerk):
    """Half a character in an id, a kind or a code breaks no page and no line of the command."""
    half = "\ud83d"
    odd = [LAB | {"id": half}, {"resourceType": half}, LAB | {"id": "o2", "code": {"text": f"{half}\u0000"}}]
    answer = send(client, bundle(PATIENT, *odd))
    assert answer.status_code == 200 and answer.content.decode().count("\ufffd") >= 4
    assert [line.code for line in answer.context["report"].lines[1:]] == ["text_not_storable"] * 3


def test_the_name_of_a_case_that_is_not_there_is_told_nothing(client, clerk):
    """The same words for a case of somebody else, whatever the bundle knows of it."""
    full_case("X-1")
    for person in (PATIENT, PATIENT | {"birthDate": "1958-03-02", "gender": "male"}):
        answer = send(client, bundle(person))
        assert "There is no case with this number that you may open" in answer.content.decode()


# --- command line ---------------------------------------------------------------------------------


def run(*args) -> str:
    out = io.StringIO()
    call_command(*args, stdout=out, stderr=io.StringIO())
    return out.getvalue()


def test_commands_there_and_back(tmp_path):
    user, _ = full_case()
    file = tmp_path / "case.json"
    run("export_fhir", "F-0001", "--out", str(file))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert json.loads(file.read_text())["entry"] == json.loads(run("export_fhir", "F-0001"))["entry"]
    with pytest.raises(CommandError, match="cannot be written: File exists"):
        run("export_fhir", "F-0001", "--out", str(file))
    file.write_text(as_new_case(file.read_text(), "N-0001"))
    said = json.loads(run("import_fhir", str(file), "--dry-run", "--json", "--user", user.username))
    assert said["is_trial"] and said["counts"]["recorded"] > 30
    assert not Patient.objects.filter(case_number="N-0001").exists()
    assert "Stored in case N-0001." in run("import_fhir", str(file), "--user", user.username)
    again = run("import_fhir", str(file))
    assert "Case N-0001:" in again and "already here. Stored in case N-0001." in again and "[recorded]" not in again


def test_commands_say_what_is_wrong(tmp_path):
    file = tmp_path / "case.json"
    file.write_text(bundle(LAB))
    make_user("clinician")
    with pytest.raises(CommandError, match="There is no case") as wrong:
        run("export_fhir", "nobody")
    assert wrong.value.returncode == 2
    with pytest.raises(CommandError, match="patient_missing") as refused:
        run("import_fhir", str(file))
    assert refused.value.returncode == 3
    with pytest.raises(CommandError, match="cannot be read"):
        run("import_fhir", str(tmp_path / "none.json"))
    with pytest.raises(CommandError, match="There is no user"):
        run("import_fhir", str(file), "--user", "nobody")
    make_user("clinician")
    with pytest.raises(CommandError, match="--user"):
        run("import_fhir", str(file))


def test_export_as_it_was_known_before_the_case_was_opened():
    full_case()
    found = json.loads(run("export_fhir", "F-0001", "--known-at", "2020-01-01"))
    assert [one["resource"]["resourceType"] for one in found["entry"]] == ["Patient"]
    assert "birthDate" not in found["entry"][0]["resource"]
