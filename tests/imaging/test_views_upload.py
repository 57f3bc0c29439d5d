"""Uploads through the pages: durable when answered, each file with its own outcome, nothing twice, nothing to strangers."""

import io
import json
import uuid
import zipfile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from imaging import store
from imaging.framing import CONTENT_TYPE, HEAD
from imaging.models import Job, Series, Upload
from imaging.services import running
from imaging.views import upload as upload_view
from tests.imaging.phantom import BORN, write_pet
from tests.patients.factories import make_patient, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def user(client):
    user = make_user("nuclear_medicine")
    client.force_login(user)
    return user


def body_of(files) -> bytes:
    return b"".join(HEAD.pack(len(n), len(data)) + n + data for n, data in ((n.encode(), d) for n, d in files))


def start(client, case: str = "", key=None) -> dict:
    answer = client.post(reverse("imaging:upload_start"), {"key": str(key or uuid.uuid4()), "case": case})
    return answer.json() | {"status": answer.status_code}


def send(client, opened: dict, files, body: bytes | None = None):
    data = body_of(files) if body is None else body
    return client.post(opened["files"], data, content_type=CONTENT_TYPE, headers={"Accept": "application/json"})


def finish(client, opened: dict):
    answer = client.post(opened["close"], headers={"Accept": "application/json"})
    for job in Job.objects.filter(state=Job.State.QUEUED):
        running.run_until_done(job.pk)
    return answer


def read(paths) -> list[tuple[str, bytes]]:
    return [(path.name, path.read_bytes()) for path in paths]


def upload_series(client, files, case: str = "") -> dict:
    opened = start(client, case)
    assert send(client, opened, files).status_code == 200
    assert finish(client, opened).status_code == 200
    return opened


def test_a_series_is_received_imported_and_shown(client, user, tmp_path):
    opened = upload_series(client, read(write_pet(tmp_path)))
    page = client.get(opened["detail"]).content.decode()
    assert "Import finished: 12 stored." in page
    series = Series.objects.get()
    assert reverse("imaging:series", args=[series.pk]) in page
    shown = client.get(reverse("imaging:series", args=[series.pk])).content.decode()
    assert "SUVbw" in shown and "(0010,1030)" in shown


def test_what_was_acknowledged_is_on_disk_under_its_hash(client, user):
    opened = start(client)
    answer = send(client, opened, [("a.dcm", b"first"), ("b.dcm", b"second")])
    assert answer.json() == {"received": 2, "items": []}
    for item in Upload.objects.get().items.all():
        assert store.path(item.sha256).read_bytes() in {b"first", b"second"}


def test_one_bad_file_does_not_stop_the_others(client, user, tmp_path):
    files = [("letter.pdf", b"%PDF-1.4 not an image"), ("empty.dcm", b""), *read(write_pet(tmp_path))]
    opened = start(client)
    answer = send(client, opened, files).json()
    assert [(item["index"], bool(item["sentence"])) for item in answer["items"]] == [(1, True)]
    finish(client, opened)
    page = client.get(opened["detail"]).content.decode()
    assert "12 stored" in page and "2 refused" in page
    assert "This is not a DICOM file." in page and "letter.pdf" in page


def test_the_uploads_of_the_week_are_the_newest_first(client, user, tmp_path):
    opened = [start(client)["detail"] for _ in range(14)]
    shown = client.get(reverse("imaging:upload")).content.decode()
    places = [shown.find(url) for url in reversed(opened)]
    assert places[:12] == sorted(places[:12]) and min(places[:12]) > 0 and places[12:] == [-1, -1]


def test_the_same_files_again_are_already_here(client, user, tmp_path):
    files = read(write_pet(tmp_path))
    upload_series(client, files)
    opened = upload_series(client, files)
    page = client.get(opened["detail"]).content.decode()
    assert "12 already here" in page and "already here since" in page
    assert Series.objects.get().instance_count == 12


def test_a_cut_connection_keeps_nothing_of_its_batch_and_can_be_repeated(client, user):
    opened = start(client)
    files = [("a.dcm", b"x" * 1000), ("b.dcm", b"y" * 1000)]
    answer = send(client, opened, files, body_of(files)[:-10])
    assert answer.status_code == 400 and answer.json()["code"] == "upload_interrupted"
    assert Upload.objects.get().items.count() == 0
    assert send(client, opened, files).status_code == 200
    assert Upload.objects.get().items.count() == 2


def test_a_batch_sent_twice_is_one_batch(client, user):
    opened = start(client)
    files = [("a.dcm", b"x" * 1000), ("b.dcm", b"y" * 1000)]
    assert send(client, opened, files).json() == send(client, opened, files).json()
    assert Upload.objects.get().items.count() == 2
    assert Upload.objects.get().file_count == 2


def test_a_form_sent_twice_opens_one_upload(client, user):
    key = uuid.uuid4()
    assert start(client, key=key)["detail"] == start(client, key=key)["detail"]
    assert Upload.objects.count() == 1


def test_another_persons_key_opens_nothing(client, user):
    key = uuid.uuid4()
    start(client, key=key)
    client.force_login(make_user("coordinator"))
    assert start(client, key=key)["status"] in {403, 422}
    assert Upload.objects.get().by == user


def test_closing_twice_is_one_import(client, user):
    opened = start(client)
    send(client, opened, [("a.dcm", b"x")])
    answers = [client.post(opened["close"], headers={"Accept": "application/json"}).status_code for _ in range(2)]
    assert answers == [200, 200]
    assert Job.objects.filter(kind=Job.Kind.IMPORT).count() == 1


def test_a_closed_upload_takes_no_more(client, user):
    opened = start(client)
    send(client, opened, [("a.dcm", b"x")])
    client.post(opened["close"])
    answer = send(client, opened, [("b.dcm", b"y")])
    assert answer.status_code == 409 and answer.json()["sentence"]


def test_an_empty_upload_says_so(client, user):
    opened = start(client)
    answer = client.post(opened["close"], headers={"Accept": "application/json"})
    assert answer.status_code == 422 and answer.json()["code"] == "upload_empty"
    page = client.post(opened["close"])
    assert page.status_code == 422 and "holds no file" in page.content.decode()


def test_too_large_a_body_is_refused_with_a_sentence(client, user, monkeypatch):
    opened = start(client)
    monkeypatch.setattr(upload_view, "MAX_BODY_BYTES", 100)
    answer = send(client, opened, [("a.dcm", b"x" * 200)])
    assert answer.status_code == 413 and "4 GB" in answer.json()["sentence"]
    page = client.post(reverse("imaging:upload"), {"files": SimpleUploadedFile("a.dcm", b"x" * 200)})
    assert page.status_code == 413 and "4 GB" in page.content.decode()


def test_one_file_over_its_cap_is_refused_alone(client, user, monkeypatch):
    from imaging import archive

    monkeypatch.setattr(archive, "MAX_FILE_BYTES", 100)
    opened = start(client)
    answer = send(client, opened, [("big.dcm", b"x" * 300), ("small.dcm", b"y")]).json()
    assert answer["received"] == 2
    assert [item["index"] for item in answer["items"]] == [0]


def test_a_full_disk_is_said_in_words(client, user, monkeypatch):
    opened = start(client)

    def full(*_args, **_kwargs):
        raise store.StoreError("disk_full")

    monkeypatch.setattr(upload_view.services, "add_files", full)
    answer = send(client, opened, [("a.dcm", b"x")])
    assert answer.status_code == 507 and answer.json()["sentence"] == "The disk is full."


def test_other_bodies_are_not_read(client, user):
    opened = start(client)
    assert client.post(opened["files"], {"files": "x"}).status_code == 415


def test_without_script_one_form_is_one_import(client, user, tmp_path):
    files = [SimpleUploadedFile(name, data) for name, data in read(write_pet(tmp_path))]
    key = str(uuid.uuid4())
    for _ in range(2):
        answer = client.post(reverse("imaging:upload"), {"key": key, "case": "", "files": files})
        assert answer.status_code == 302
        for file in files:
            file.seek(0)
    assert Upload.objects.get().items.count() == 12
    running.run_until_done(Job.objects.get(kind=Job.Kind.IMPORT).pk)
    assert "12 stored" in client.get(answer["Location"]).content.decode()


def test_the_form_asks_for_files_and_for_a_case_it_knows(client, user):
    answer = client.post(reverse("imaging:upload"), {"key": str(uuid.uuid4()), "case": ""})
    assert answer.status_code == 422 and "Choose at least one file." in answer.content.decode()


def test_a_case_that_is_not_visible_and_one_that_is_not_there_are_alike(client, user):
    make_patient(case_number="HIDDEN-1")
    answers = [start(client, case) for case in ("HIDDEN-1", "NO-SUCH-1")]
    assert answers[0] == answers[1]
    assert answers[0]["status"] == 422


def test_progress_is_counts_and_stops(client, user, tmp_path):
    opened = start(client)
    send(client, opened, read(write_pet(tmp_path)))
    address = reverse("imaging:upload_progress", args=[Upload.objects.get().pk])
    first = client.get(address).json()
    assert [stage["id"] for stage in first["stages"]] == ["received", "read", "stored", "suv", "measured"]
    assert first["stages"][0]["text"] == "12 files so far" and not first["is_finished"]
    finish(client, opened)
    last = client.get(address).json()
    assert last["is_finished"] and last["percent"] == 100 and last["revision"] != first["revision"]
    assert last["stages"][3]["text"] == "1 of 1 PET series"


def test_an_interrupted_upload_can_be_continued_or_imported_as_it_is(client, user):
    opened = start(client)
    send(client, opened, [("a.dcm", b"x")])
    page = client.get(opened["detail"]).content.decode()
    assert "This upload was interrupted" in page and opened["files"] in page and opened["close"] in page


def test_file_names_are_for_their_sender_only(client, user):
    opened = start(client)
    send(client, opened, [("DOE^JANE.dcm", b"not dicom")])
    finish(client, opened)
    assert "DOE^JANE" in client.get(opened["detail"]).content.decode()
    client.force_login(make_user("nuclear_medicine"))
    page = client.get(opened["detail"])
    assert page.status_code == 200 and "DOE" not in page.content.decode()


def test_a_series_of_somebody_elses_case_is_not_even_a_line(client, user, tmp_path):
    files = read(write_pet(tmp_path, "b"))
    other = make_user("nuclear_medicine")
    make_patient(by=other, case_number="SYN-b", birth_date=BORN)
    client.force_login(other)
    upload_series(client, files, "SYN-b")
    assert Series.objects.get().identity == Series.Identity.ATTACHED
    client.force_login(make_user("coordinator"))
    opened = upload_series(client, files)
    page = client.get(opened["detail"]).content.decode()
    assert "already here" in page
    assert "SYN-b" not in page and str(Series.objects.get().pk) not in page


def test_labels_and_hostile_names_are_text(client, user):
    opened = start(client)
    send(client, opened, [("<script>alert(1)</script>.dcm", b"x"), ("../../etc/passwd", b"y")])
    finish(client, opened)
    page = client.get(opened["detail"]).content.decode()
    assert "<script>alert(1)" not in page and "../" not in page


def test_the_answer_of_progress_is_json_without_names(client, user):
    opened = start(client)
    send(client, opened, [("DOE^JANE.dcm", b"x")])
    answer = client.get(reverse("imaging:upload_progress", args=[Upload.objects.get().pk]))
    assert "DOE" not in json.dumps(answer.json())


def test_a_zip_is_opened_and_its_files_listed_one_by_one(client, user, tmp_path):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as target:
        for path in write_pet(tmp_path):
            target.write(path, f"DICOM/{path.name}")
        target.writestr("DICOM/readme.txt", "not an image")
    opened = upload_series(client, [("scan.zip", packed.getvalue())])
    page = client.get(opened["detail"]).content.decode()
    assert "13 stored, 1 refused" in page and "readme.txt" in page and "1 of 1 PET series" in page
