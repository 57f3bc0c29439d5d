"""Everything of one patient leaves in one archive: nothing is missing, and nothing of anybody else is in it."""

import hashlib
import io
import json
import uuid
import zipfile
from datetime import timedelta

import pytest
from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError
from django.urls import reverse
from django.utils import timezone
from jsonschema import Draft202012Validator

from board.export_patient import archive, services
from board.export_patient.record import models_of_ours
from board.export_patient.tables import LEFT_OUT, PATHS, rows_of
from board.models import PatientExport
from board.verdicts import answer_change
from imaging import store
from imaging.models import Instance, UploadItem
from patients.models import AuditEvent, LabResult, Patient
from patients.services import grant_access, record, revise, revoke_access
from tests.contracts.world import make_world
from tests.eligibility.change_case import change_of, illustrative_case
from tests.patients.factories import make_user

pytestmark = pytest.mark.django_db
ORIGINAL, FOREIGN = b"DICM of this patient", b"DICM ZQFOREIGN"


@pytest.fixture
def world(settings, tmp_path):  # the fixture of pytest-django, not the module
    settings.DATA_DIR = str(tmp_path)
    settings.FILE_STORE_DIR = str(tmp_path / "store")
    return make_world("ZQOWN", make_user("nuclear_medicine"))


@pytest.fixture
def other(world):
    found = make_world("ZQFOREIGN", make_user("nuclear_medicine"))
    _put(found, "series", FOREIGN)
    return found


def _put(world, name: str, data: bytes) -> str:
    stored = store.put_bytes(data)
    uid = f"1.2.{uuid.uuid4().int}"
    Instance.objects.create(series=world.objects[name], sop_uid=uid, sha256=stored.sha256, size=stored.size)
    return stored.sha256


def _made(world) -> PatientExport:
    PatientExport.objects.filter(patient=world.patient).delete()
    export = services.request_export(by=world.owner, patient=world.patient)
    services.make_export(export.pk)
    export.refresh_from_db()
    return export


def _files(export) -> dict[str, bytes]:
    with zipfile.ZipFile(services.path_of(export)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def reaches_patient(model, seen=()) -> bool:
    if model is Patient:
        return True
    fields = [f for f in model._meta.get_fields() if f.concrete and f.related_model and f.related_model not in seen]
    return any(reaches_patient(field.related_model, (*seen, model)) for field in fields)


def test_every_table_is_decided_about():
    assert models_of_ours() == PATHS.keys() | LEFT_OUT.keys(), "decide in tables.py whether it is about a patient"
    assert not PATHS.keys() & LEFT_OUT.keys()


def test_what_leads_to_a_patient_is_left_out_only_by_name():
    leading = {label for label in LEFT_OUT if reaches_patient(apps.get_model(label))}
    assert leading == {"board.PrivateNote", "board.ScreenState"}


def test_all_rows_in_all_versions_and_the_digests_agree(world, other):
    lab = record(LabResult, by=world.owner, patient=world.patient, analyte="creatinine", value="80", unit="umol/L")
    revise(lab, by=world.owner, reason="typed wrongly", value="90")
    sha256 = _put(world, "series", ORIGINAL)
    export = _made(world)
    files = _files(export)
    assert export.sha256 == hashlib.sha256(services.path_of(export).read_bytes()).hexdigest()
    manifest = json.loads(files["manifest.json"])
    assert {f["name"]: f["sha256"] for f in manifest["files"]} == {
        name: hashlib.sha256(data).hexdigest() for name, data in files.items() if name != "manifest.json"
    }
    assert files[f"dicom/original/{sha256}.dcm"] == ORIGINAL
    assert str(world.objects["scan"].pk) in {one["scan"] for one in manifest["not_made"]}
    tables = json.loads(files["patient.json"])["tables"]
    assert tables.keys() == PATHS.keys()
    for label in PATHS.keys() - {"patients.AuditEvent"}:
        assert len(tables[label]) == rows_of(label, world.patient).count(), label
    assert len(tables["patients.LabResult"]) == 2
    trail = AuditEvent.objects.filter(patient=world.patient).exclude(action="export_patient")
    assert len(tables["patients.AuditEvent"]) == trail.count()
    assert tables["board.BoardDecision"] and tables["board.Meeting"] and tables["board.AgendaItem"]


def test_nothing_of_another_patient_nor_of_a_series_held_for_this_one(world, other):
    held = _put(world, "held_series", b"perhaps somebody else's")
    files = _files(_made(world))
    assert not any(b"ZQFOREIGN" in data for data in files.values())
    assert b"ZQOWN" in files["patient.json"]
    assert not any(held in name for name in files)
    assert not any(world.patient.case_number in name for name in files)


def test_a_damaged_file_stops_the_export(world):
    sha256 = _put(world, "series", ORIGINAL)
    path = store.path(sha256)
    path.chmod(0o600)
    path.write_bytes(b"something else")
    export = _made(world)
    assert (export.state, export.reason_code) == ("failed", "store_damaged")
    assert list(services.folder().iterdir()) == []


def test_a_lost_lease_keeps_nothing(world, monkeypatch):
    export = services.request_export(by=world.owner, patient=world.patient)
    PatientExport.objects.exclude(pk=export.pk).filter(patient=world.patient).delete()

    def stolen(*args, **kwargs):
        PatientExport.objects.filter(pk=export.pk).update(token=99)
        return 1

    monkeypatch.setattr(services.archive, "write", stolen)
    services.make_export(export.pk)
    assert list(services.folder().iterdir()) == []
    assert services.claims.claim(export.pk) is None, "it is still somebody else's"


def test_it_is_removed_after_a_day(world):
    export = _made(world)
    assert services.remove_expired() == 0
    PatientExport.objects.filter(pk=export.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    export.refresh_from_db()
    assert services.open_export(by=world.owner, export=export) is None
    assert services.remove_expired() == 1
    assert not services.path_of(export).exists()


def test_download_leaves_a_trail_and_a_name_without_the_case(world, client):
    export = _made(world)
    client.force_login(world.owner)
    assert client.get(reverse("board:patient_export", args=[export.pk])).status_code == 200
    response = client.get(reverse("board:download_export", args=[export.pk]))
    assert b"".join(response.streaming_content)[:2] == b"PK"
    assert str(export.pk) in response["Content-Disposition"]
    assert world.patient.case_number not in response["Content-Disposition"]
    assert AuditEvent.objects.filter(action="download_export", by=world.owner, patient=world.patient).count() == 1


def test_access_that_ended_ends_the_export_too(world, client):
    export = _made(world)
    for grant in world.patient.grants.filter(user=world.owner):
        revoke_access(by=make_user("coordinator"), grant=grant, reason="left the team")
    client.force_login(world.owner)
    assert client.get(reverse("board:download_export", args=[export.pk])).status_code == 404


def test_the_command(world, tmp_path):
    PatientExport.objects.filter(patient=world.patient).delete()
    name = world.owner.get_username()
    call_command("export_patient", world.patient.case_number, by=name, out=tmp_path)
    assert len(list(tmp_path.glob("*.zip"))) == 1
    with pytest.raises(CommandError):
        call_command("export_patient", "no-such-case", by=name, out=tmp_path)


def test_the_file_keeps_to_its_published_schema(world):
    schema = json.loads((settings.BASE_DIR / "docs/schemas/patient-export.schema.json").read_text())
    Draft202012Validator(schema).validate(json.loads(_files(_made(world))["patient.json"]))


def _written(patient, by, told=lambda *said: None) -> dict[str, dict]:
    target = io.BytesIO()
    archive.write(patient, target, by=by, at=timezone.now(), told=told)
    with zipfile.ZipFile(target) as found:
        return {name: json.loads(found.read(f"{name}.json")) for name in ("patient", "fhir", "manifest")}


def _answer(patient, by, comment=""):
    found = change_of(patient)
    pair = {"before": found.before.id, "after": found.after.id, "seen": found.digest}
    return answer_change(by=by, patient=patient, verdict="explained", kind="optimisation", comment=comment, **pair)


def test_a_scan_whose_image_cannot_be_read_costs_only_its_own_objects():
    user, patient = illustrative_case()
    not_made = _written(patient, user)["manifest"]["not_made"]
    assert {one["code"] for one in not_made} == {"pixels_unreadable"} and len(not_made) == 2
    assert not_made[0]["sentence"] == "The image of a slice could not be read."


def test_a_second_reader_finds_no_verdict_in_the_archive_that_the_page_hides():
    first, patient = illustrative_case()
    second, chair = make_user("nuclear_medicine"), make_user("chair")
    for user in (second, chair):
        grant_access(by=first, patient=patient, user=user, kind="care_team", reason="reads along")
    _answer(patient, first, comment="ZQFIRST")
    blind = _written(patient, second)
    assert "ZQFIRST" not in str(blind)
    (said,) = blind["manifest"]["withheld"]
    assert (said["table"], said["rows"], said["code"]) == ("eligibility.ChangeVerdict", 1, "blinded")
    for user in (first, chair):
        seen = _written(patient, user)
        assert "ZQFIRST" in str(seen["patient"]) and seen["manifest"]["withheld"] == []
    _answer(patient, second)
    assert "ZQFIRST" in str(_written(patient, second)["patient"])


def test_a_file_that_became_no_series_is_in_the_archive_of_the_case_it_was_sent_for(world, other):
    upload = world.objects["upload"]
    upload.patient = world.patient
    upload.save()
    for found, label in ((upload, "ZQREFUSED.txt"), (other.objects["upload"], "ZQOTHER.txt")):
        UploadItem.objects.create(upload=found, label=label, outcome="refused", reason_code="not_dicom")
    labels = {row["label"] for row in _written(world.patient, world.owner)["patient"]["tables"]["imaging.UploadItem"]}
    assert "ZQREFUSED.txt" in labels and "ZQOTHER.txt" not in labels


@pytest.mark.django_db(transaction=True)
def test_what_is_written_meanwhile_is_in_none_of_its_files(world):
    def told(stage, done, _total):
        if (stage, done) == ("rows", 1):
            record(LabResult, by=world.owner, patient=world.patient, analyte="cga", value="97531", unit="ng/mL")

    files = _written(world.patient, world.owner, told)
    assert LabResult.objects.filter(value=97531).exists()
    assert not any("97531" in str(files[name]) for name in ("patient", "fhir"))
    record(LabResult, by=world.owner, patient=world.patient, analyte="cga", value="86420", unit="ng/mL")
    assert "86420" in str(_written(world.patient, world.owner)["fhir"])


def test_a_picture_that_may_show_a_name_is_not_among_the_originals(world):
    kept, picture = _put(world, "series", ORIGINAL), _put(world, "series", b"DICM picture of a screen")
    row = Instance.objects.get(sha256=picture)
    row.series.pk, row.series.series_uid, row.series.modality = uuid.uuid4(), "1.2.3.777", "SC"
    row.series.save(force_insert=True)
    Instance.objects.filter(pk=row.pk).update(series=row.series)
    found = _files(_made(world))
    names = [name for name in found if name.startswith("dicom/original/")]
    assert f"dicom/original/{kept}.dcm" in names and f"dicom/original/{picture}.dcm" not in names
    assert b"picture of a screen" not in b"".join(found[name] for name in names)
    said = [line for line in json.loads(found["manifest.json"])["withheld"] if line["code"] == "picture"]
    assert [(line["table"], line["rows"]) for line in said] == [("imaging.Instance", 1)]
