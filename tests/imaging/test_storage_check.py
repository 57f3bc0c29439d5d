"""The files against the rows that name them: all that is wrong is found, nothing that is right is named or moved."""

import json
import os
import random
import time
import uuid
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.db.models.sql.compiler import SQLCompiler
from django.utils import timezone

from imaging import store, store_check, store_names, upkeep
from imaging.models import Instance, Job, StoreCheck, Upload, UploadItem
from tests.contracts.world import make_world
from tests.patients.factories import make_user

pytestmark = pytest.mark.django_db
WEEK_AGO = time.time() - 7 * 24 * 3600


@pytest.fixture
def by(db):
    return make_user("nuclear_medicine")


def named_files(by, number: int, first: int = 0) -> list[str]:
    """Files of one import, each with its row."""
    upload = Upload.objects.create(by=by, source="browser", state=Upload.State.DONE)
    with store.batch() as put:
        stored = [
            put(_Bytes(b"named %d " % k + random.randbytes(300)), max_bytes=1000) for k in range(first, first + number)
        ]
    UploadItem.objects.bulk_create(UploadItem(upload=upload, label="x", sha256=s.sha256, size=s.size) for s in stored)
    return [one.sha256 for one in stored]


def orphans(number: int, at: float = WEEK_AGO) -> list[str]:
    with store.batch() as put:
        stored = [put(_Bytes(b"nobody %d" % k), max_bytes=1000).sha256 for k in range(number)]
    for digest in stored:
        os.utime(store.path(digest), (at, at))
    return stored


def flip(digest: str) -> None:
    """One bit, the size as it was."""
    path = store.path(digest)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.chmod(0o640)
    path.write_bytes(content)


class _Bytes:
    def __init__(self, content: bytes):
        self._rest = content

    def read(self, size: int, /) -> bytes:
        taken, self._rest = self._rest[:size], self._rest[size:]
        return taken


def test_three_hundred_of_three_hundred(by):
    """100 nobody names, 100 deleted, 100 with one bit turned, among 700 that are as they should be."""
    rows = named_files(by, 700)
    gone, turned, nobodys = rows[:100], rows[100:200], orphans(100)
    for digest in gone:
        store.path(digest).unlink()
    for digest in turned:
        flip(digest)
    row, found = store_check.check(sample=None)
    assert sorted(found.missing) == sorted(gone)
    assert sorted(found.damaged) == sorted(turned)
    assert sorted(found.orphans) == sorted(found.trashed) == sorted(nobodys)
    assert (row.missing, row.damaged, row.orphans, row.hashed) == (100, 100, 100, 600)
    assert not row.is_good and found.strange == []


def test_what_a_part_names_is_what_the_rows_of_it_say(by):
    digests = named_files(by, 60)
    refused, opened = digests[:2]
    UploadItem.objects.filter(sha256=refused).update(outcome="refused", reason_code="not_dicom")
    UploadItem.objects.filter(sha256=opened).update(outcome="stored", reason_code="archive_opened")
    make_world("W", by)
    sizes = dict(UploadItem.objects.exclude(sha256__in=(refused, opened)).values_list("sha256", "size"))
    others = [(model, column) for model, column, _ in store_names.NAMING if model is not UploadItem]
    kept = [digest for model, column in others for digest in model._base_manager.values_list(column, flat=True)]
    expected = dict.fromkeys(filter(None, kept)) | sizes
    found = {part: store_names.named(part) for part in store_names.PARTS}
    assert {digest: size for part in found.values() for digest, size in part.items()} == expected
    assert len(expected) >= 60 and all(digest.startswith(part) for part, of in found.items() for digest in of)


def test_a_check_does_not_make_its_questions_anew_for_each_part(by, monkeypatch):
    (digest,) = named_files(by, 1)
    store_names.named("00")
    monkeypatch.setattr(SQLCompiler, "as_sql", lambda *_, **__: pytest.fail("made anew"))
    assert [one for part in store_names.PARTS for one in store_names.named(part)] == [digest]


def test_a_sound_store_has_no_finding(by):
    named_files(by, 50)
    row, found = store_check.check(sample=None)
    assert row.is_good and (found.missing, found.damaged, found.orphans, found.strange) == ([], [], [], [])


def test_a_changed_size_is_seen_without_reading(by):
    digest = named_files(by, 1)[0]
    path = store.path(digest)
    path.chmod(0o640)
    path.write_bytes(path.read_bytes()[:-1])
    assert store_check.check(sample=0)[1].damaged == [digest]


def test_a_sample_reads_so_many(by):
    named_files(by, 60)
    row, found = store_check.check(sample=7)
    assert found.hashed == 7 and not row.is_full


def test_what_is_younger_than_a_day_stays(by):
    young = orphans(3, at=time.time() - 23 * 3600)
    found = store_check.check()[1]
    assert sorted(found.orphans) == sorted(young) and found.trashed == []
    assert all(store.exists(digest) for digest in young)


@pytest.mark.parametrize("state", ["receiving", "received", "running"])
def test_nothing_is_set_aside_while_something_is_open(by, state):
    nobodys = orphans(2)
    if state == "running":
        Job.objects.create(kind="import", subject_id=uuid.uuid4(), input_digest="0", method_version="t", state=state)
    else:
        Upload.objects.create(by=by, source="browser", state=state)
    assert store_check.check()[1].trashed == [] and all(store.exists(digest) for digest in nobodys)


def test_what_was_set_aside_comes_back_when_a_row_names_it(by):
    digest = orphans(1)[0]
    assert store_check.check()[1].trashed == [digest] and not store.exists(digest)
    UploadItem.objects.create(
        upload=Upload.objects.create(by=by, source="browser", state="done"), label="x", sha256=digest, size=8
    )
    row, found = store_check.check()
    assert found.put_back == [digest] and store.exists(digest) and row.is_good


def test_storing_the_same_content_again_makes_it_young(by):
    digest = orphans(1)[0]
    store.put_bytes(b"nobody 0")
    assert store_check.check()[1].trashed == [] and store.exists(digest)


def test_what_the_store_never_put_there_is_named(by):
    digest = named_files(by, 1)[0]
    (store.path(digest).parent / "copy of a file").write_text("x")
    (store.path(digest).parent.parent / "notes.txt").write_text("x")
    assert {path.name for path in store_check.check()[1].strange} == {"copy of a file", "notes.txt"}


def test_every_column_that_names_a_file_is_asked():
    """A new one that is forgotten would have its files set aside."""
    from django.apps import apps

    known = {(model, column) for model, column, _ in store_names.NAMING}
    columns = {
        (model, field.name)
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if "sha256" in field.name
    }
    labels = {(model._meta.label, name) for model, name in columns - known}
    assert labels == {
        ("imaging.Reading", "inputs_sha256"),
        ("eligibility.Assessment", "guideline_sha256"),
        ("patients.ImportBatch", "sha256"),
        # Archives that go after a day lie in a folder of their own.
        ("board.PatientExport", "sha256"),
        ("board.CohortExport", "sha256"),
    }


def test_pictures_and_versions_of_a_case_are_named(by):
    world = make_world("X", by)
    assert store_names.is_named(world.objects["product"].sha256)
    assert store.exists(world.objects["product"].sha256)
    found = store_check.check(sample=None)[1]
    assert world.objects["product"].sha256 not in found.orphans


def test_the_command_says_it_and_ends_with_one(by):
    digest = named_files(by, 2)[0]
    store.path(digest).unlink()
    out = StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("storage_check", "--full", stdout=out)
    assert ended.value.code == 1 and digest in out.getvalue()
    out = StringIO()
    with pytest.raises(SystemExit):
        call_command("storage_check", "--json", "--leave", stdout=out)
    assert json.loads(out.getvalue())["missing"] == [digest]


def test_once_a_night(by):
    named_files(by, 1)
    now = timezone.now()
    assert upkeep.check_files_by_night(now).is_good
    assert upkeep.check_files_by_night(now) is None
    StoreCheck.objects.update(started_at=now - timedelta(days=1, minutes=1))
    assert upkeep.check_files_by_night(now) is not None


def test_a_check_of_tonight_that_was_cut_off_is_made_again(by):
    now = timezone.now().replace(hour=12)
    cut = StoreCheck.objects.create(started_at=now - timedelta(minutes=30), is_full=False)
    assert upkeep.check_files_by_night(now) is None, "it may still run"
    StoreCheck.objects.filter(pk=cut.pk).update(started_at=now - timedelta(hours=2))
    assert upkeep.check_files_by_night(now).is_good


def test_instances_have_their_size_compared(by):
    series = make_world("X", by).objects["series"]
    digest = store.put_bytes(b"a slice").sha256
    Instance.objects.create(series=series, sop_uid="1.2", sha256=digest, size=99)
    assert store_check.check(sample=0)[1].damaged == [digest]
