"""What is refused leaves the store with its import; its row stays, and nothing that somebody else brings goes with it."""

import io
import os
import time
import zipfile

import pytest

from imaging import store, store_check, store_names
from imaging.models import Instance, UploadItem
from imaging.services import letting_go
from tests.imaging.dicom_files import pet_slice, to_bytes
from tests.imaging.phantom import write_pet

LETTER = b"a letter to somebody, no image" * 50
pytestmark = pytest.mark.django_db


def in_store() -> set[str]:
    return {digest for part in store_names.PARTS for digest in store_names.there(part).files}


@pytest.fixture
def letter(tmp_path):
    path = tmp_path / "letter.txt"
    path.write_bytes(LETTER)
    return path


def test_only_what_was_taken_is_kept_and_the_rows_of_the_rest_say_what_they_were(import_files, tmp_path, letter):
    packed = tmp_path / "more.zip"
    with zipfile.ZipFile(packed, "w") as target:
        target.writestr("a.dcm", to_bytes(pet_slice()))
        target.writestr("b.txt", b"neither an image" * 50)
    upload = import_files([*write_pet(tmp_path / "a"), packed, letter])
    kept = set(Instance.objects.values_list("sha256", flat=True))
    assert len(kept) == 13 and kept <= in_store()
    gone = UploadItem.objects.filter(upload=upload, outcome="refused")
    assert gone.count() == 2 and not set(gone.values_list("sha256", flat=True)) & in_store()
    opened = UploadItem.objects.get(upload=upload, reason_code="archive_opened")
    assert opened.sha256 and opened.sha256 not in in_store(), "each file of it is there by itself"
    _, found = store_check.check(sample=None)
    assert found.is_good and found.orphans == [] and not list(store_check.trash().glob("*"))


def test_content_that_another_import_waits_for_stays(import_files, letter, doctor):
    from imaging.services import add_file, close_upload, open_upload
    from imaging.services.running import run_until_done

    other = open_upload(by=doctor, source="command")
    add_file(by=doctor, upload=other, label="mine.txt", stream=io.BytesIO(LETTER))
    import_files([letter])
    (mine,) = other.items.all()
    assert mine.sha256 in in_store()
    run_until_done(close_upload(by=doctor, upload=other).pk)
    mine.refresh_from_db()
    assert mine.reason_code == "not_dicom" and mine.sha256 not in in_store()


def test_content_that_was_put_again_meanwhile_stays_until_its_own_import_ends(import_files, letter, monkeypatch):
    real = letting_go._set_aside

    def put_again_first(digest, before):
        os.utime(store.path(digest), (time.time() + 1, time.time() + 1))
        return real(digest, before)

    monkeypatch.setattr(letting_go, "_set_aside", put_again_first)
    upload = import_files([letter])
    assert upload.items.get().sha256 in in_store()


def test_a_row_that_came_while_its_file_was_moved_gets_it_back(import_files, letter, doctor, monkeypatch):
    from imaging.services import open_upload

    other, real = open_upload(by=doctor, source="command"), letting_go._set_aside

    def named_meanwhile(digest, before):
        moved = real(digest, before)
        UploadItem.objects.create(upload=other, label="x", sha256=digest, size=len(LETTER))
        return moved

    monkeypatch.setattr(letting_go, "_set_aside", named_meanwhile)
    upload = import_files([letter])
    assert upload.items.get().sha256 in in_store()


def test_what_goes_while_it_is_put_again_is_written_anew(letter, monkeypatch):
    stored, real, seen = store.put_bytes(LETTER), os.utime, []

    def gone_first(path, *args):
        if not seen:
            seen.append(path)
            path.unlink()
        return real(path, *args)

    monkeypatch.setattr(store.os, "utime", gone_first)
    assert store.put_bytes(LETTER) == stored and seen
    assert store.path(stored.sha256).read_bytes() == LETTER


def test_two_objects_under_one_uid_both_stay(import_files, tmp_path):
    for name, size in (("a", "1.70"), ("b", "1.80")):
        (tmp_path / f"{name}.dcm").write_bytes(to_bytes(pet_slice(PatientSize=size)))
        upload = import_files([tmp_path / f"{name}.dcm"])
    item = upload.items.get()
    assert item.reason_code == "sop_uid_conflict" and item.sha256 in in_store()
