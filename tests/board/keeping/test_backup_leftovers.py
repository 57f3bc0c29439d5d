"""A backup on a disk that is really full, and after one that was killed: nothing half-made stays."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from imaging import store
from imaging.models import BackupNote
from tests.board.keeping.test_backup import chair  # noqa: F401
from tests.small_disk import small_disk

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(
    "leave", [0, 300 << 10, 4 << 20], ids=["nothing", "less than the database", "less than the files"]
)
def test_a_backup_that_finds_no_room_says_so_and_leaves_nothing(chair, tmp_path, leave):  # noqa: F811
    for number in range(8):
        store.put_bytes(bytes([number]) * (2 << 20))
    notes = BackupNote.objects.count()
    with small_disk(tmp_path / "backups", 64) as place:
        place.fill(leave=leave)
        with pytest.raises(CommandError, match="No backup was made: the disk is full"):
            call_command("backup", str(place.place), stdout=StringIO())
        assert not [path for path in place.place.iterdir() if path.name not in ("ballast", "store")]
        assert not [path for path in place.place.rglob(".*") if path.is_file()]
        assert BackupNote.objects.count() == notes
        place.make_room()
        call_command("backup", str(place.place), stdout=StringIO())
    assert BackupNote.objects.count() == notes + 1


def test_what_a_killed_backup_left_goes_with_the_next_one(chair, tmp_path):  # noqa: F811
    place = tmp_path / "backups"
    (place / ".unfinished-2026-01-01T000000.000000Z").mkdir(parents=True)
    (place / ".unfinished-2026-01-01T000000.000000Z" / "database.sqlite3").write_bytes(b"half of a database")
    (place / "store" / "ab").mkdir(parents=True)
    (place / "store" / "ab" / f".ab{'0' * 62}.4711").write_bytes(b"half of a file")
    call_command("backup", str(place), stdout=StringIO())
    assert not list(place.rglob(".*"))
