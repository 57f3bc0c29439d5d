"""What was backed up comes back whole, on either database; what is not whole is refused before anything is touched."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db.models import QuerySet

from board.append_only import unprotected
from board.chain import verify
from board.keeping import anchor
from board.keeping.backing_up import back_up
from board.keeping.manifest import BadBackup
from board.keeping.putting_back import restore, what_came_later
from board.models import ChainHead, ChainLink
from imaging import store, store_names
from imaging.models import BackupNote, Upload, UploadItem
from patients.append_only import TRAIL
from patients.models import AuditEvent, Patient, TrailSeal, User
from patients.trail_seals import seal_all
from tests.board.chain_rows import signed, small_chain
from tests.patients.factories import make_patient, make_user

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both_engines]


@pytest.fixture
def chair(transactional_db):
    """A small installation: people, a case, three signed decisions, forty files."""
    by = make_user("chair")
    small_chain(by, make_patient(by=by, case_number="BEFORE"), 3)
    upload = Upload.objects.create(by=by, source="browser", state=Upload.State.DONE)
    for number in range(40):
        bring_file(upload, b"slice %d" % number * 50)
    return by


def bring_file(upload, content: bytes) -> str:
    stored = store.put_bytes(content)
    UploadItem.objects.create(upload=upload, label="x.dcm", sha256=stored.sha256, size=stored.size)
    return stored.sha256


def stored_files() -> dict[str, int]:
    return {digest: size for part in store_names.PARTS for digest, size in store_names.there(part).files.items()}


def newest(place):
    return sorted(path for path in place.iterdir() if path.name != "store")[-1]


@pytest.mark.parametrize("made_of", [None], ids=["without tables"])
def test_the_drill(chair, tmp_path, elsewhere):
    """Rows, chain, triggers, files and numbering are those of the original, and work goes on."""
    files, events = stored_files(), list(AuditEvent.objects.order_by("pk").values())
    links = list(ChainLink.objects.values_list("hash", flat=True))
    made = back_up(tmp_path / "backups")
    assert made.copied.is_whole and made.manifest.tables["patients_patient"] == 1 and made.manifest.files == 40
    assert made.manifest.heads["signed"][0] == 3
    with elsewhere():
        said, wrong = restore(tmp_path / "backups")
        assert wrong == [] and said == made.manifest
        assert stored_files() == files
        assert list(AuditEvent.objects.order_by("pk").values()) == events
        assert list(ChainLink.objects.values_list("hash", flat=True)) == links
        assert verify() == [] and unprotected() == []
        by = User.objects.get(pk=chair.pk)
        after = make_patient(by=by, case_number="AFTER")
        assert AuditEvent.objects.order_by("pk").last().pk > events[-1]["id"]
        signed(by, after, 9)
        assert verify() == [] and ChainLink.objects.count() == 4
    assert not Patient.objects.filter(case_number="AFTER").exists(), "the original was touched"
    assert BackupNote.objects.get().rows == made.manifest.rows


def test_the_second_backup_copies_new_files_only(chair, tmp_path, elsewhere):
    first = back_up(tmp_path / "backups")
    digest = bring_file(Upload.objects.get(), b"one more")
    second = back_up(tmp_path / "backups")
    assert (first.copied.new, second.copied.new, second.manifest.files) == (40, 1, 41)
    with elsewhere():
        assert restore(first.folder)[1] == []
        assert not store.exists(digest), "of the first backup, not of the second"


def test_what_is_not_empty_is_left_alone(chair, tmp_path):
    made = back_up(tmp_path / "backups")
    with pytest.raises(BadBackup, match="not empty"):
        restore(made.folder)
    assert verify() == []


@pytest.mark.parametrize("what", ["manifest", "part", "file missing", "format"])
def test_a_wrong_backup_is_refused_before_anything_is_done(chair, tmp_path, elsewhere, what):
    made = back_up(tmp_path / "backups")
    told = made.folder / "manifest.json"
    if what == "manifest":
        told.write_text(told.read_text().replace('"patients_patient": 1', '"patients_patient": 0'))
    if what == "format":
        told.unlink()
    if what == "part":
        part = made.folder / made.manifest.parts[0].name
        content = bytearray(part.read_bytes())
        content[len(content) // 2] ^= 1
        part.write_bytes(content)
    if what == "file missing":
        next((tmp_path / "backups" / "store").rglob("[0-9a-f]" * 64)).unlink()
    with elsewhere() as there:
        with pytest.raises(BadBackup):
            restore(tmp_path / "backups" if what != "format" else made.folder)
        assert not there.exists()


@pytest.mark.one_engine
def test_a_file_that_rotted_in_the_backup_is_named_and_not_put_back(chair, tmp_path, elsewhere):
    back_up(tmp_path / "backups")
    rotten = next(path for path in (tmp_path / "backups" / "store").rglob("*") if path.is_file())
    rotten.chmod(0o640)
    rotten.write_bytes(bytes([rotten.read_bytes()[0] ^ 1]) + rotten.read_bytes()[1:])
    with elsewhere():
        wrong = restore(tmp_path / "backups")[1]
        assert any(rotten.name in sentence and "damaged" in sentence for sentence in wrong)
        assert not store.exists(rotten.name)


def test_a_damaged_or_missing_file_is_said_and_not_kept(chair, tmp_path):
    digests = sorted(stored_files())
    store.path(digests[0]).unlink()
    store.path(digests[1]).chmod(0o640)
    store.path(digests[1]).write_bytes(b"x")
    copied = back_up(tmp_path / "backups").copied
    assert (copied.missing, copied.damaged) == ([digests[0]], [digests[1]])
    assert not (tmp_path / "backups" / "store" / digests[1][:2] / digests[1]).exists()


def test_a_backup_that_broke_off_is_none(chair, tmp_path, monkeypatch):
    from board.keeping import files

    monkeypatch.setattr(files, "copy_checked", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(CommandError, match="No backup was made"):
        call_command("backup", str(tmp_path / "backups"), stdout=StringIO())
    with pytest.raises(BadBackup, match="no backup"):
        restore(tmp_path / "backups")


@pytest.mark.one_engine
def test_twenty_old_databases_give_twenty_alarms(chair, tmp_path, settings, elsewhere):
    """The anchor knows a link that the old copy does not have, however much older the copy is."""
    settings.ANCHOR_FILE = str(tmp_path / "safe" / "anchor.txt")
    patient = Patient.objects.get()
    seal_all()
    made = back_up(tmp_path / "backups")
    alarms = 0
    for number in range(20):
        signed(chair, patient, 100 + number)
        assert anchor.note() == 1 and anchor.problems() == []
    with elsewhere():
        assert restore(made.folder)[1] == []
        (said,) = what_came_later()
        assert "20 after it, links 4 to 23" in said and "What both have agrees, up to link 3" in said
        assert [one.code for one in anchor.problems()] == ["older_copy"] and anchor.entries_missing() == 20
        lines = (tmp_path / "safe" / "anchor.txt").read_text().splitlines()
        for upto in range(len(lines) - 20, len(lines)):
            (tmp_path / "safe" / "anchor.txt").write_text("\n".join(lines[: upto + 1]) + "\n")
            alarms += bool(anchor.problems())
        assert anchor.note() == 0, "an older end is never written over a newer one"
        with pytest.raises(CommandError, match="older than its anchor"):
            call_command("anchor", "--check", stdout=StringIO())
        with pytest.raises(SystemExit):
            call_command("verify_chain", stdout=StringIO())
    assert alarms == 20


def test_a_chain_that_was_written_anew_does_not_pass(chair, tmp_path, settings):
    settings.ANCHOR_FILE = str(tmp_path / "anchor.txt")
    ChainHead.objects.all()  # as long as before, of other content
    (tmp_path / "anchor.txt").write_text(f"2026-05-14T02:00:00+00:00 signed 3 {'f' * 64}\n")
    (wrong,) = anchor.problems()
    assert wrong.code == "anchor_differs" and "An entry that both have differs: link 3" in wrong.sentence
    with pytest.raises(CommandError, match="another hash"):
        call_command("anchor", stdout=StringIO())


@pytest.mark.one_engine
def test_an_older_copy_and_a_changed_one_are_told_apart(chair, tmp_path, settings):
    """Both chains: cut off, taken out of the middle, written anew, and both at once."""
    settings.ANCHOR_FILE = str(tmp_path / "anchor.txt")
    patient = Patient.objects.get()
    for number in range(3):
        seal_all()
        assert anchor.note() == 2
        signed(chair, patient, 100 + number)
    with TRAIL.lifted():
        rows = QuerySet(TrailSeal)
        rows.filter(sequence=3)._raw_delete("default")
        (older,) = anchor.problems()
        assert older.code == "older_copy" and "1 after it, seals of the trail 3 to 3" in older.sentence
        rows.filter(sequence=1).update(hash="f" * 64)
        differs, older = anchor.problems()
        assert differs.code == "anchor_differs" and "seal of the trail 1" in differs.sentence
        assert "up to seal of the trail 2" in older.sentence
        rows.filter(sequence=1)._raw_delete("default")
        assert [one.code for one in anchor.problems()] == ["anchor_gone", "older_copy"]
    out = StringIO()
    with pytest.raises(SystemExit):
        call_command("verify_chain", "--json", stdout=out)
    assert {"anchor_gone", "older_copy"} <= {one["code"] for one in json.loads(out.getvalue())["problems"]}


@pytest.mark.one_engine
def test_the_newest_backup_has_something_anchored_to_compare(chair, tmp_path, settings, elsewhere):
    settings.ANCHOR_FILE = str(tmp_path / "anchor.txt")
    made, out = back_up(tmp_path / "backups"), StringIO()
    signed(chair, Patient.objects.get(), 7)
    anchor.note()
    with elsewhere(), pytest.raises(CommandError, match="What both have agrees, up to link 3") as ended:
        call_command("restore", str(made.folder), stdout=out)
    assert ended.value.returncode == 3 and "all as backed up" in out.getvalue()


@pytest.mark.one_engine
def test_the_commands(chair, tmp_path, elsewhere, settings):
    out = StringIO()
    call_command("backup", str(tmp_path / "backups"), stdout=out)
    assert "SECRET_KEY is not in it" in out.getvalue()
    whole = json.loads((newest(tmp_path / "backups") / "manifest.json").read_text())
    assert settings.SECRET_KEY not in json.dumps(whole) and whole["heads"]["signed"][0] == 3
    with pytest.raises(CommandError, match="outside PRRT_DATA_DIR"):
        call_command("backup", str(settings.DATA_DIR), stdout=out)
    with elsewhere():
        call_command("restore", str(tmp_path / "backups"), stdout=out)
        assert "all as backed up" in out.getvalue()
        with pytest.raises(CommandError, match="not empty"):
            call_command("restore", str(tmp_path / "backups"), stdout=out)
