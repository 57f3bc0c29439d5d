"""`manage.py import_dicom`: works without a broker and without a worker, and says what became of every file."""

import errno
import json
import os
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from imaging import local_files
from imaging.management.commands import import_dicom
from imaging.models import Job, Scan, Series, UploadItem
from imaging.reasons import explain
from tests.imaging.phantom import write_pet

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.one_engine]


@pytest.fixture(autouse=True)
def _no_patience(monkeypatch):
    monkeypatch.setattr(import_dicom, "WORKER_PATIENCE_SECONDS", 0.0)


def run(*arguments):
    out = StringIO()
    call_command("import_dicom", *map(str, arguments), stdout=out, stderr=StringIO())
    return out.getvalue()


def test_a_folder_into_a_case(tmp_path, phantom_case, doctor):
    write_pet(tmp_path / "a")
    (tmp_path / "a" / "readme.txt").write_text("not an image")
    (tmp_path / "a" / "link").symlink_to("/etc/passwd")
    said = run(tmp_path / "a", "--case", "SYN-a", "--user", "doctor")
    assert "Files: 12 stored, 2 refused." in said
    assert "link: This is a link or a device, not a file." in said
    assert "readme.txt: This is not a DICOM file." in said
    assert "SUVbw factor" in said and "attached" in said
    assert Scan.objects.get().patient == phantom_case


def test_json_has_every_file_and_series(tmp_path, phantom_case, colleague):
    write_pet(tmp_path / "a")
    found = json.loads(run(tmp_path / "a", "--user", "colleague", "--json"))
    assert found["state"] == "done" and found["counts"]["stored"] == 12
    assert len(found["files"]) == 12
    series = found["series"][0]
    assert (series["modality"], series["identity"], series["tracer"]) == ("PT", "unassigned", "68Ga-DOTATATE")
    assert series["suv"]["state"] == "current" and series["suv"]["factor_bw"] > 0
    again = json.loads(run(tmp_path / "a", "--user", "colleague", "--json"))
    assert again["counts"]["already"] == 12


def test_when_every_file_was_refused_the_command_fails(tmp_path, doctor):
    (tmp_path / "letter.pdf").write_bytes(b"%PDF-1.7 a letter")
    with pytest.raises(CommandError) as failed:
        run(tmp_path, "--user", "doctor")
    assert failed.value.returncode == 3


def test_a_held_series_says_why(tmp_path, phantom_case, doctor):
    write_pet(tmp_path / "b", "b")
    said = run(tmp_path / "b", "--case", "SYN-a", "--user", "doctor")
    assert "is not known for this case" in said
    assert Series.objects.get().identity == "held" and not Scan.objects.exists()


def test_work_that_a_worker_has_taken_is_left_to_it(tmp_path, phantom_case, doctor, monkeypatch):
    write_pet(tmp_path / "a")
    real, theirs = import_dicom.ring, []

    def taken_by_a_worker(pks):
        from imaging.services.running import run_until_done

        theirs.extend(pks)
        run_until_done(pks[0])

    monkeypatch.setattr(import_dicom, "ring", taken_by_a_worker)
    monkeypatch.setattr(import_dicom, "run", lambda pk: pytest.fail("ran although a worker had it"))
    assert real and "12 stored" in run(tmp_path / "a", "--user", "doctor")
    assert Job.objects.filter(pk__in=theirs, state="done", attempts=1).exists()


def test_what_cannot_be_read_is_named(tmp_path, phantom_case, doctor):
    """A link to a folder, a pipe, and a folder nobody may enter: each has its line, and the images arrive."""
    write_pet(tmp_path / "a")
    (tmp_path / "a" / "elsewhere").symlink_to("/etc")
    os.mkfifo(tmp_path / "a" / "pipe")
    found = json.loads(run(tmp_path / "a", "--case", "SYN-a", "--user", "doctor", "--json"))
    refused = {file["label"]: file["code"] for file in found["files"] if file["outcome"] == "refused"}
    assert refused == {"elsewhere": "not_a_regular_file", "pipe": "not_a_regular_file"}
    assert found["counts"]["stored"] == 12


def test_a_file_nobody_may_read_and_one_whose_share_goes_are_named(tmp_path, phantom_case, doctor, monkeypatch):
    """The super-user may read all, so the system's answers are played; the others arrive, and again all of them."""
    files = write_pet(tmp_path / "a")
    opened, read, gone = os.open, os.read, set()

    def no_right_to_one(path, flags, *rest, **more):
        if os.fspath(path) == os.fspath(files[2]):
            raise PermissionError(errno.EACCES, "no", path)
        descriptor = opened(path, flags, *rest, **more)
        if os.fspath(path) == os.fspath(files[5]):
            gone.add(descriptor)
        return descriptor

    def of_a_share(descriptor, size):
        if descriptor in gone and os.lseek(descriptor, 0, os.SEEK_CUR) > 1000:
            raise OSError(errno.ESTALE, "stale")
        return read(descriptor, min(size, 1024) if descriptor in gone else size)

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", no_right_to_one)
        patch.setattr(os, "read", of_a_share)
        found = json.loads(run(tmp_path / "a", "--case", "SYN-a", "--user", "doctor", "--json"))
    refused = {file["label"]: file for file in found["files"] if file["outcome"] == "refused"}
    assert {label: file["code"] for label, file in refused.items()} == {
        files[2].name: "file_unreadable",
        files[5].name: "file_unreadable",
    }
    assert {file["sentence"] for file in refused.values()} == {explain("file_unreadable")}
    assert found["counts"]["held"] == 10, "slices are missing, and the two that come later complete the series"
    again = json.loads(run(tmp_path / "a", "--case", "SYN-a", "--user", "doctor", "--json"))
    assert again["counts"]["stored"] == 2 and again["counts"]["already"] == 10


def test_a_folder_that_cannot_be_listed_is_named(tmp_path, monkeypatch):
    def walk(path, onerror):
        onerror(PermissionError(13, "no", str(tmp_path / "locked")))
        yield str(path), [], []

    monkeypatch.setattr(local_files.os, "walk", walk)
    assert list(local_files.files_under(tmp_path)) == [tmp_path / "locked"]


def test_a_file_that_changes_while_it_is_read_is_refused(tmp_path, phantom_case, doctor, monkeypatch):
    growing = write_pet(tmp_path / "a")[3]
    read = local_files.LocalFile.read

    def disturbed(self, size, /):
        data = read(self, size)
        if self.label == growing.name and len(data) == 132:  # the look at its first bytes
            with growing.open("ab") as file:
                file.write(b"more")
        return data

    monkeypatch.setattr(local_files.LocalFile, "read", disturbed)
    (file,) = [f for f in _files_of(tmp_path) if f["label"] == growing.name]
    assert (file["outcome"], file["code"]) == ("refused", "file_changed")
    assert "changed while it was read" in file["sentence"]


def _files_of(folder):
    return json.loads(run(folder / "a", "--case", "SYN-a", "--user", "doctor", "--json"))["files"]


def test_work_that_fails_again_and_again_is_given_up_and_said(tmp_path, phantom_case, doctor, monkeypatch):
    """Nobody else may be here to sweep: the command must not wait for ever."""
    from imaging.services import running

    def broken(job, lease):
        raise RuntimeError("a fault of ours")

    monkeypatch.setitem(running.RUNNERS, Job.Kind.IMPORT, broken)
    write_pet(tmp_path / "a")
    with pytest.raises(CommandError, match="The import failed"):
        run(tmp_path / "a", "--user", "doctor")
    assert Job.objects.get().state == Job.State.FAILED


def test_what_cannot_start_is_said(tmp_path, doctor):
    for arguments, sentence in (
        ([tmp_path / "absent", "--user", "doctor"], "nothing at"),
        ([tmp_path, "--user", "nobody"], "no user"),
        ([tmp_path, "--user", "doctor", "--case", "X"], "no case of this number"),
        ([tmp_path, "--user", "doctor"], "no file"),
    ):
        with pytest.raises(CommandError, match=sentence):
            run(*arguments)


def test_a_second_name_of_a_file_is_no_file_of_the_folder(tmp_path, phantom_case, doctor):
    files = write_pet(tmp_path / "a")
    os.link(files[4], tmp_path / "elsewhere.dcm")
    found = json.loads(run(tmp_path / "a", "--case", "SYN-a", "--user", "doctor", "--json"))
    (refused,) = [file for file in found["files"] if file["outcome"] == "refused"]
    assert (refused["label"], refused["code"]) == (files[4].name, "hard_link")
    assert "a hard link" in refused["sentence"] and found["counts"]["held"] == 11, "the others are a slice short"


def test_a_folder_that_becomes_a_link_while_it_is_imported_leads_nowhere(tmp_path, phantom_case, doctor, monkeypatch):
    """O_NOFOLLOW looks at the last part of a path only."""
    write_pet(tmp_path / "a" / "deep")
    write_pet(tmp_path / "outside", "b")
    listed = list(local_files.files_under(tmp_path / "a"))
    (tmp_path / "a" / "deep").rename(tmp_path / "a" / "moved")
    (tmp_path / "a" / "deep").symlink_to(tmp_path / "outside")
    monkeypatch.setattr(import_dicom, "files_under", lambda _: iter(listed))
    with pytest.raises(CommandError):
        run(tmp_path / "a", "--case", "SYN-a", "--user", "doctor")
    assert set(UploadItem.objects.values_list("reason_code", flat=True)) == {"outside_folder"}
    assert not Series.objects.exists()


def test_another_disk_below_the_folder_is_not_the_folder(tmp_path, phantom_case, doctor, monkeypatch):
    write_pet(tmp_path / "a")
    write_pet(tmp_path / "a" / "mounted", "b")
    disk = local_files._disk
    monkeypatch.setattr(local_files, "_disk", lambda path: -1 if path.name == "mounted" else disk(path))
    found = json.loads(run(tmp_path / "a", "--case", "SYN-a", "--user", "doctor", "--json"))
    codes = [file["code"] for file in found["files"]]
    assert codes.count("outside_folder") == 12 and found["counts"]["stored"] == 12


def test_a_folder_reached_by_a_link_is_imported_as_it_was_asked_for(tmp_path, phantom_case, doctor):
    """So is a single file in it: the person named that place."""
    files = write_pet(tmp_path / "a")
    (tmp_path / "link").symlink_to(tmp_path / "a")
    assert "Files: 12 stored." in run(tmp_path / "link", "--case", "SYN-a", "--user", "doctor")
    assert "Files: 1 already" in run(tmp_path / "link" / files[0].name, "--case", "SYN-a", "--user", "doctor")
