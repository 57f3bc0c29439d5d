"""Files in no series leave the list of work when a person has looked, and come back when somebody looks again."""

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from imaging import store
from imaging.models import Upload, UploadItem
from imaging.services import close_files, reopen_files
from patients.models import AuditEvent
from tests.imaging.people import make_doctor
from tests.imaging.scan_rows import refusal_of
from tests.patients.factories import make_user

pytestmark = pytest.mark.django_db
CODE = "late_name_differs"
ADDRESS = "imaging:held_files"


@pytest.fixture
def upload(phantom_case, doctor):
    upload = Upload.objects.create(by=doctor, patient=phantom_case, source="browser", state="done")
    Upload.objects.filter(pk=upload.pk).update(created_at=timezone.now() - dt.timedelta(days=90))
    for number, code in enumerate([CODE, CODE, "sop_uid_conflict"]):
        sha256 = store.put_bytes(bytes([number])).sha256
        UploadItem.objects.create(upload=upload, label=f"{number}", outcome="held", reason_code=code, sha256=sha256)
    return upload


def listed(client, which="") -> list[tuple[str, int]]:
    rows = client.get(reverse("imaging:held") + which).context["files"]
    return [(row["reason_code"], row["number"]) for row in rows]


def test_what_is_open_stays_on_the_list_however_old_it_is(client, upload, doctor):
    client.force_login(doctor)
    assert listed(client) == [(CODE, 2), ("sop_uid_conflict", 1)]


def test_a_person_closes_them_with_a_reason_and_looks_a_second_time(client, upload, phantom_case, colleague):
    client.force_login(colleague)
    address = reverse(ADDRESS, args=[upload.pk])
    before = list(upload.items.values("outcome", "reason_code", "sha256", "series"))
    answer = client.post(address, {"code": CODE, "reason": "another patient, sent again under her own series"})
    assert answer.status_code == 302 and listed(client) == [("sop_uid_conflict", 1)]
    assert listed(client, "?list=closed") == [(CODE, 2)]
    page = client.get(reverse("imaging:held") + "?list=closed").content.decode()
    assert "by colleague" in page and "another patient, sent again under her own series" in page
    event = AuditEvent.objects.get(action="close_files")
    assert (event.by, event.patient, event.after) == (colleague, phantom_case, {"code": CODE, "files": 2})
    assert event.reason == "another patient, sent again under her own series"
    client.post(address, {"code": CODE, "reason": "the site says it is hers", "act": "reopen"})
    assert listed(client) == [(CODE, 2), ("sop_uid_conflict", 1)] and listed(client, "?list=closed") == []
    assert AuditEvent.objects.get(action="reopen_files").reason == "the site says it is hers"
    assert list(upload.items.values("outcome", "reason_code", "sha256", "series")) == before
    assert all(store.path(item.sha256).exists() for item in upload.items.all())


def test_refusals(client, upload, doctor):
    say = {"upload": upload, "code": CODE, "reason": "looked at"}
    assert refusal_of(close_files, by=doctor, **say | {"reason": " "}) == "reason_missing"
    assert refusal_of(close_files, by=doctor, **say | {"code": "nothing"}) == "files_not_held"
    assert refusal_of(reopen_files, by=doctor, **say) == "files_not_held"
    assert refusal_of(close_files, by=make_user("data_entry"), **say) == "not_permitted"
    assert refusal_of(close_files, by=make_doctor("stranger"), **say) == "case_not_found"
    assert close_files(by=doctor, **say) == 2
    assert refusal_of(close_files, by=doctor, **say) == "files_not_held"
    client.force_login(doctor)
    page = client.post(reverse(ADDRESS, args=[upload.pk]), {"code": "sop_uid_conflict", "reason": ""}, follow=True)
    assert "Give a reason" in page.content.decode() and listed(client) == [("sop_uid_conflict", 1)]


def test_who_may_not_decide_sees_the_list_without_the_form(client, phantom_case):
    clerk = make_user("data_entry")
    own = Upload.objects.create(by=clerk, source="browser", state="done")
    UploadItem.objects.create(upload=own, label="x", outcome="held", reason_code=CODE)
    client.force_login(clerk)
    assert listed(client) == [(CODE, 1)]
    assert reverse(ADDRESS, args=[own.pk]) not in client.get(reverse("imaging:held")).content.decode()
    assert client.post(reverse(ADDRESS, args=[own.pk]), {"code": CODE, "reason": "x"}).status_code == 403
