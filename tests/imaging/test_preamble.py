"""What stands before a DICOM file is not kept: stored, exported and compared without it, and said."""

import zipfile
from io import BytesIO

import pytest

from imaging import preamble, store, store_check
from imaging.models import Instance, Series
from tests.imaging.dicom_files import pet_slice, to_bytes
from tests.imaging.object_files import report

PROGRAM = b"MZ\x90\0".ljust(128, b"\x90")
PAGE = b"<html><script>alert(1)</script>".ljust(128, b" ")
pytestmark = pytest.mark.django_db


def before(head: bytes, k: int = 0) -> bytes:
    return head + to_bytes(pet_slice(k))[128:]


def put(folder, **files: bytes):
    folder.mkdir(exist_ok=True)
    for name, data in files.items():
        (folder / f"{name}.dcm").write_bytes(data)
    return sorted(folder.iterdir())


def warned() -> bool:
    return "preamble_not_empty" in {warning["code"] for warning in Series.objects.get().warnings}


def test_what_is_stored_begins_with_zeros_and_is_otherwise_what_was_sent(tmp_path, import_files):
    sent = [before(PROGRAM, k) for k in range(3)]
    upload = import_files(put(tmp_path / "a", a=sent[0], b=sent[1], c=sent[2]))
    items = list(upload.items.order_by("label"))
    assert [store.path(item.sha256).read_bytes() for item in items] == [bytes(128) + data[128:] for data in sent]
    assert set(upload.items.values_list("outcome", "reason_code")) == {("stored", "")} and warned()
    assert set(Instance.objects.values_list("sha256", flat=True)) == set(upload.items.values_list("sha256", flat=True))
    assert store_check.check(sample=None)[1].wrong == set()


def test_the_same_again_is_here_already_whatever_stands_before_it(tmp_path, import_files):
    import_files(put(tmp_path / "a", a=before(PROGRAM)))
    revision = Series.objects.get().revision
    again = import_files(put(tmp_path / "b", a=before(PROGRAM), b=before(PAGE), c=before(bytes(128))))
    assert set(again.items.values_list("outcome", "reason_code")) == {("already", "")}
    assert Instance.objects.count() == 1 and Series.objects.get().revision == revision and warned()


def test_one_of_two_equal_files_of_an_import_is_enough_for_the_warning(tmp_path, import_files):
    upload = import_files(put(tmp_path / "a", a=before(bytes(128)), b=before(PAGE)))
    assert sorted(upload.items.values_list("outcome", flat=True)) == ["already", "stored"] and warned()


def test_the_warning_stays_when_late_slices_come(tmp_path, import_files):
    import_files(put(tmp_path / "a", a=before(PROGRAM)))
    import_files(put(tmp_path / "b", b=before(bytes(128), 1), c=before(bytes(128), 2)))
    assert Series.objects.get().revision == 2 and warned()


def test_inside_an_archive_it_goes_as_well(tmp_path, import_files):
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w") as target:
        target.writestr("a.dcm", before(PROGRAM))
    (tmp_path / "a.zip").write_bytes(packed.getvalue())
    upload = import_files([tmp_path / "a.zip"])
    item = upload.items.get(label="a.dcm")
    assert store.path(item.sha256).read_bytes() == before(bytes(128)) and warned()


def test_an_object_of_another_workstation_is_warned_of_too(tmp_path, import_files):
    import_files(put(tmp_path / "a", a=PROGRAM + to_bytes(report([]))[128:]))
    assert store.path(Instance.objects.get().sha256).read_bytes()[:128] == bytes(128) and warned()


def test_a_tiff_that_shares_the_file_is_left_as_the_standard_allows(tmp_path, import_files):
    sent = before(b"II*\0".ljust(128, b"\1"))
    import_files(put(tmp_path / "a", a=sent))
    assert store.path(Instance.objects.get().sha256).read_bytes() == sent and not warned()


@pytest.mark.parametrize("step", [1, 3, 127, 128, 131, 132, 4096])
def test_however_the_bytes_arrive(step):
    class Slowly(BytesIO):
        def read(self, size=-1, /):
            return super().read(min(size, step))

    def emptied(data: bytes) -> tuple[bytes, bool]:
        file = preamble.Emptied(Slowly(data))
        return b"".join(iter(lambda: file.read(1 << 20), b"")), file.was_foreign

    assert emptied(before(PROGRAM)) == (before(bytes(128)), True)
    for other in (b"", b"PK", b"x" * 131, before(bytes(128)), b"x" * 500):
        assert emptied(other) == (other, False)
