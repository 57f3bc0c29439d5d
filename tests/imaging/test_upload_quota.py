"""What one account may begin in an hour and send in a day; a form that is sent twice counts once."""

import uuid

import pytest
from django.urls import reverse

from imaging.models import Upload
from imaging.refused import Refused
from imaging.services import open_upload
from tests.patients.factories import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def by(settings):
    settings.UPLOADS_PER_HOUR = 3
    settings.UPLOAD_BYTES_PER_DAY = 1000
    return make_user("nuclear_medicine")


def test_so_many_in_an_hour(by, client):
    key = uuid.uuid4()
    for _ in range(2):
        open_upload(by=by, source="browser")
    open_upload(by=by, source="browser", key=key)
    assert open_upload(by=by, source="browser", key=key).pk == key, "the same form again is the same import"
    with pytest.raises(Refused) as refused:
        open_upload(by=by, source="browser")
    assert refused.value.code == "upload_too_often"
    open_upload(by=make_user("nuclear_medicine"), source="browser")
    open_upload(by=by, source="command")
    client.force_login(by)
    answer = client.post(reverse("imaging:upload_start"), {"key": uuid.uuid4(), "case": ""})
    assert answer.status_code == 429 and "within an hour" in answer.json()["sentence"]


def test_so_much_in_a_day(by):
    first = open_upload(by=by, source="browser")
    Upload.objects.filter(pk=first.pk).update(byte_count=1000)
    with pytest.raises(Refused) as refused:
        open_upload(by=by, source="browser")
    assert refused.value.code == "upload_quota"
