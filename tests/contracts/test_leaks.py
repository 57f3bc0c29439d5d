"""A patient whose every word is unique goes through everything; the words turn up nowhere they should not.

They may be in the database's own columns for them and on pages of those who may see the case. Never in logs, job
rows, messages to the worker, names of files, addresses, or the answers to strangers.
"""

import datetime as dt
import json
import logging
import os
from pathlib import Path

import pytest
from django.urls import reverse

from imaging.models import ForeignObject, Job, Series, Upload
from imaging.services import add_files, close_upload, correct_suv_input, open_upload, running
from imaging.tasks import ring
from tests.imaging.phantom import write_pet
from tests.imaging.phantom_objects import write_report, write_rtstruct, write_seg
from tests.imaging.scan_rows import confirm_held
from tests.patients.factories import make_patient, make_user

pytestmark = pytest.mark.both_engines

NAME, DICOM_ID, FILE = "ZQCANARYNAME", "ZQCANARYID", "ZQCANARYFILE"
CASE, CENTRE = "ZQCANARYCASE", "ZQCANARYCENTRE"
BIRTH = dt.date(1901, 2, 3)
WORDS = (NAME, DICOM_ID, FILE, CASE, CENTRE, "19010203", "1901-02-03")


def found_in(text: str) -> list[str]:
    return [word for word in WORDS if word in text]


@pytest.fixture
def nuclear(db):
    return make_user("nuclear_medicine")


@pytest.fixture
def logs(caplog):
    caplog.set_level(logging.DEBUG)
    return caplog


@pytest.fixture
def broker(settings):
    """New messages of this test, where the queue is a folder and can be read."""
    if not settings.CELERY_BROKER_URL.startswith("filesystem"):
        pytest.skip("the queue of this run is a server; its messages are read where it is a folder")
    queue = Path(settings.CELERY_BROKER_DIR) / "queue"
    before = set(queue.iterdir()) if queue.is_dir() else set()
    return lambda: [path.read_bytes() for path in sorted(set(queue.iterdir()) - before)]


def bring_in(by, folder: Path, patient=None, patient_id: str = DICOM_ID) -> Upload:
    paths = write_pet(folder, "canary", patient_id=patient_id, family_name=f"{NAME}^", birth_date=BIRTH)
    broken = folder / "broken.dcm"
    broken.write_bytes(paths[0].read_bytes()[:-300])
    who = {"PatientName": f"{NAME}^", "PatientID": patient_id, "PatientBirthDate": f"{BIRTH:%Y%m%d}"}
    drawn = [write(folder, "canary", **who) for write in (write_seg, write_rtstruct, write_report)]
    upload = open_upload(by=by, patient=patient, source=Upload.Source.COMMAND)
    files = [(f"{FILE}-{number}.dcm", path.open("rb")) for number, path in enumerate([*paths, broken, *drawn])]
    add_files(by=by, upload=upload, files=files)
    for _, stream in files:
        stream.close()
    job = close_upload(by=by, upload=upload)
    ring([job.pk])
    running.run_until_done(job.pk)
    return upload


@pytest.fixture
def canary(nuclear, tmp_path, logs, django_capture_on_commit_callbacks):
    """The case with an attached scan, a corrected weight and a file that was refused."""
    patient = make_patient(by=nuclear, case_number=CASE, birth_date=BIRTH, centre=CENTRE, sex_for_formulas="F")
    from patients.services import confirm_identifier

    confirm_identifier(by=nuclear, patient=patient, value=DICOM_ID, reason="request form")
    with django_capture_on_commit_callbacks(execute=True):
        bring_in(nuclear, tmp_path / "files", patient)
        scan = confirm_held(nuclear, patient)
        job = correct_suv_input(by=nuclear, series=scan.pet_series, name="body_weight_kg", value="61", reason="weighed")
        ring([job.pk])
    running.run_until_done(job.pk)
    return scan


def test_the_canary_really_went_through(canary):
    study = canary.pet_series.study
    assert study.dicom_patient_id == DICOM_ID and study.dicom_birth_date == BIRTH
    assert canary.pet_series.instance_count == 12
    assert set(Job.objects.values_list("kind", "state")) == {
        (kind, Job.State.DONE) for kind in (Job.Kind.IMPORT, Job.Kind.SERIES, Job.Kind.SCAN, Job.Kind.CONTOURS)
    }
    assert ForeignObject.objects.filter(scan=canary).count() == 3 and canary.products.exists()


def test_the_name_is_stored_nowhere(canary):
    """Only the ID, birth date and sex are kept, and only where identities are compared."""
    from django.apps import apps

    for model in apps.get_models():
        for row in model._base_manager.values():
            text = json.dumps(row, default=str)
            assert NAME not in text, model._meta.label
            if model._meta.label not in {
                "imaging.Study",
                "imaging.KnownName",
                "patients.PatientIdentifier",
                "patients.AuditEvent",
            }:
                assert DICOM_ID not in text, model._meta.label


def test_logs_hold_ids_only(canary, logs):
    assert found_in(logs.text) == []


def test_job_rows_hold_ids_only(canary):
    for row in Job.objects.values():
        assert found_in(json.dumps(row, default=str)) == []


def test_messages_to_the_worker_hold_an_id(broker, canary):
    messages = broker()
    assert messages, "nothing was said to the worker, so nothing was tested"
    import base64

    for message in messages:
        body = base64.b64decode(json.loads(message)["body"]).decode()
        assert found_in(message.decode() + body) == []
        assert any(str(pk) in body for pk in Job.objects.values_list("pk", flat=True))


def test_names_of_stored_files_are_hashes(canary, settings):
    names = [os.path.join(root, name) for root, _, files in os.walk(settings.FILE_STORE_DIR) for name in files]
    assert names and found_in("\n".join(names)) == []


def test_pictures_are_named_by_digest(canary, client, nuclear, settings):
    client.force_login(nuclear)
    assert client.get(reverse("imaging:mip", args=[canary.pet_series_id])).status_code == 200
    names = [path.name for path in (Path(settings.DATA_DIR) / "pictures").iterdir()]
    assert names and found_in("\n".join(names)) == []


def test_addresses_name_the_case_at_most(canary, client, nuclear):
    """The case number is the one word of a case in an address; imaging addresses have none."""
    client.force_login(nuclear)
    for name, pk in (("imaging:scan", canary.pk), ("imaging:series", canary.pet_series_id)):
        page = client.get(reverse(name, args=[pk])).content.decode()
        addresses = [part.split('"')[0] for mark in ('href="', 'src="', 'action="') for part in page.split(mark)[1:]]
        assert addresses
        for address in addresses:
            assert set(found_in(address)) <= {CASE}
            if address.startswith("/imaging/"):
                assert found_in(address) == []


def test_pages_show_no_dicom_name(canary, client, nuclear):
    client.force_login(nuclear)
    upload = Upload.objects.get()
    for name, pk in (
        ("imaging:scan", canary.pk),
        ("imaging:series", canary.pet_series_id),
        ("imaging:upload_detail", upload.pk),
    ):
        answer = client.get(reverse(name, args=[pk]))
        assert answer.status_code == 200 and NAME not in answer.content.decode()


def test_strangers_read_none_of_it(canary, client):
    client.force_login(make_user("nuclear_medicine"))
    upload = Upload.objects.get()
    for name, args in (
        ("imaging:scan", [canary.pk]),
        ("imaging:series", [canary.pet_series_id]),
        ("imaging:mip", [canary.pet_series_id]),
        ("imaging:upload_detail", [upload.pk]),
        ("imaging:upload_progress", [upload.pk]),
        ("imaging:product", [canary.products.first().pk]),
        ("imaging:upload", []),
        ("board:home", []),
        ("board:patients", []),
        ("board:watch", []),
    ):
        answer = client.get(reverse(name, args=args))
        assert found_in(answer.content.decode() + str(dict(answer.headers))) == [], name


def test_a_held_header_is_shown_to_those_who_compare_it_only(nuclear, client, tmp_path, logs):
    patient = make_patient(by=nuclear, case_number=CASE, birth_date=dt.date(1950, 1, 1))
    upload = bring_in(nuclear, tmp_path / "files", patient)
    series = Series.objects.get(upload_items__upload=upload, upload_items__label=f"{FILE}-0.dcm")
    assert series.identity == Series.Identity.HELD
    client.force_login(nuclear)
    assert DICOM_ID in client.get(reverse("imaging:series", args=[series.pk])).content.decode()
    reader = make_user("clinician")
    from patients.services import grant_access

    grant_access(by=nuclear, patient=patient, kind="care_team", user=reader)
    client.force_login(reader)
    answer = client.get(reverse("imaging:series", args=[series.pk]))
    assert answer.status_code == 404 and found_in(answer.content.decode()) == []
    assert DICOM_ID not in client.get(reverse("board:patient", args=[CASE])).content.decode()
    assert found_in(logs.text) == []


def test_an_unexpected_error_logs_where_and_not_what(nuclear, tmp_path, logs, monkeypatch):
    """The sentence of an exception may carry a value of the file; the log names its kind and place."""
    from imaging.services import importing

    def broken(*_args, **_kwargs):
        raise RuntimeError(f"could not digest {NAME}")

    monkeypatch.setattr(importing, "store_series", broken)
    bring_in(nuclear, tmp_path / "files")
    assert "RuntimeError" in logs.text and found_in(logs.text) == []
