"""One backup: the database at one moment, then the files, so that no row in it names a file that is not."""

import datetime as dt
import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db import connection
from django.utils import timezone

from board.keeping import anchor, files, snapshot_postgresql, snapshot_sqlite
from board.keeping.manifest import FILES, Manifest, part_of, write
from imaging import store
from imaging.models import BackupNote

ENGINES = {"sqlite": snapshot_sqlite, "postgresql": snapshot_postgresql}
DRAFT = ".unfinished-"


class Running(Exception):
    """Another backup into this folder has not ended."""


@dataclass(frozen=True)
class Made:
    folder: Path
    manifest: Manifest
    copied: files.Copied


def back_up(place: Path, say: Callable[[str], None] = lambda _text: None) -> Made:
    """A new folder under ``place`` named by the time; it appears when it is whole."""
    now = timezone.now()
    name = f"{now:%Y-%m-%dT%H%M%S.%f}Z"
    draft = place / f"{DRAFT}{name}"
    with _alone(place) as is_certain:
        if is_certain:
            _remove_leftovers(place)
        draft.mkdir(parents=True, mode=0o700)
        try:
            return _filled(place, draft, name, now, say)
        except BaseException:
            shutil.rmtree(draft, ignore_errors=True)  # it holds a copy of the database
            raise


@contextmanager
def _alone(place: Path) -> Iterator[bool]:
    """One backup at a time in a folder: so what is unfinished there was left by one that was stopped.

    False where that cannot be known: not every share has locks.
    """
    place.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder = os.open(place, os.O_RDONLY)
    try:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Running(place) from error
        except OSError:
            yield False
        else:
            yield True
    finally:
        os.close(folder)


def _remove_leftovers(place: Path) -> None:
    for draft in place.glob(f"{DRAFT}*"):
        shutil.rmtree(draft, ignore_errors=True)
    files.remove_drafts(place)


def _filled(place: Path, draft: Path, name: str, now: dt.datetime, say: Callable[[str], None]) -> Made:
    _note_anchor(say)
    with ENGINES[connection.vendor].taken(draft) as taken:
        say("database copied")
        tables = {table: _count(taken, table) for table in taken.tables()}
        migrations = [list(row) for row in taken.rows("SELECT app, name FROM django_migrations ORDER BY id")]
        heads = {"signed": _head(taken)}
        parts, sequences = taken.parts, taken.sequences
    copied = files.copy_all(place)
    say(f"{len(copied.files)} files, {copied.new} of them new")
    files.write_list(draft / FILES, copied.files)
    manifest = Manifest(
        version=settings.VERSION,
        made_at=now.isoformat(timespec="seconds"),
        engine=connection.vendor,
        migrations=migrations,
        tables=tables,
        heads=heads,
        parts=[part_of(path) for path in [*parts, draft / FILES]],
        files=len(copied.files),
        bytes=sum(copied.files.values()),
        sequences=sequences,
    )
    digest = write(draft, manifest)
    _finish(draft, place / name)
    if copied.is_whole:  # one that lacks files is told by the command, and does not count as the newest backup
        BackupNote.objects.create(files=manifest.files, rows=manifest.rows, digest=digest)
    return Made(place / name, manifest, copied)


def _note_anchor(say: Callable[[str], None]) -> None:
    """Before the copy, so that something anchored is in every backup and can be compared when it is put back."""
    try:
        anchor.note()
    except OSError as error:
        say(f"the anchor could not be written: {error.strerror or error}")


def _count(taken, table: str) -> int:
    quoted = connection.ops.quote_name(table)
    return taken.rows(f"SELECT COUNT(*) FROM {quoted}")[0][0]  # noqa: S608  (a name the database gave)


def _head(taken) -> list:
    found = taken.rows("SELECT sequence, hash FROM board_chainhead")
    return list(found[0]) if found else [0, ""]


def _finish(draft: Path, final: Path) -> None:
    for path in draft.iterdir():
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    store.sync_folder(draft)
    draft.rename(final)
    store.sync_folder(final.parent)
