"""Whether every file that a row names is there as it was stored, and which files nobody names any more.

A file that nobody names and that is older than a day is set aside in a folder beside the store, never deleted, and only
while nothing is being brought in or computed. Where a row names it after all, the next check puts it back.

What was found missing or damaged is kept (``WrongFile``) and read again by every check, samples too: it is over when
that very file is whole, or when a check that read everything did not find it.
"""

import hashlib
import os
import random
import time
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from imaging import store, store_names
from imaging.models import Job, StoreCheck, Upload, WrongFile

ORPHAN_SECONDS = 24 * 3600
SAMPLE = 2000
CHUNK_BYTES = 1 << 20


@dataclass
class Findings:
    """Digests and places, for the person who mends it; the row keeps the counts."""

    missing: list[str] = field(default_factory=list)
    damaged: list[str] = field(default_factory=list)
    put_back: list[str] = field(default_factory=list)
    orphans: list[str] = field(default_factory=list)
    trashed: list[str] = field(default_factory=list)
    strange: list[Path] = field(default_factory=list)
    files: int = 0
    named: int = 0
    hashed: int = 0
    remembered: set[str] = field(default_factory=set)

    @property
    def wrong(self) -> set[str]:
        return {*self.missing, *self.damaged}

    @property
    def is_good(self) -> bool:
        return not self.wrong


def check(*, sample: int | None = SAMPLE, sets_aside: bool = True) -> tuple[StoreCheck, Findings]:
    """``sample``: how many files are read and hashed; None for all. Existence and size are checked of every file."""
    row = StoreCheck.objects.create(is_full=sample is None)
    found = _look(sample)
    _read_known(row, found)
    if sets_aside and not is_busy():
        _set_aside(found)
    for name in ("files", "named", "hashed"):
        setattr(row, name, getattr(found, name))
    for name in ("missing", "damaged", "put_back", "orphans", "trashed", "strange"):
        setattr(row, name, len(getattr(found, name)))
    row.finished_at = timezone.now()
    row.save()
    return row, found


def is_busy() -> bool:
    """While files arrive or work runs, a file may be there a moment before the row that names it."""
    arriving = (Upload.State.RECEIVING, Upload.State.RECEIVED)
    return Upload.objects.filter(state__in=arriving).exists() or Job.objects.filter(state__in=Job.OPEN).exists()


def trash() -> Path:
    folder = Path(settings.FILE_STORE_DIR)
    return folder.with_name(f"{folder.name}-trash")


def _look(sample: int | None) -> Findings:
    found, chosen = Findings(strange=store_names.beside()), _Chosen(sample)
    for part in store_names.PARTS:
        there = store_names.there(part)  # before the rows: a file that comes meanwhile is no orphan
        named = store_names.named(part)
        found.strange += there.strange
        found.files += len(there.files)
        found.named += len(named)
        found.orphans += sorted(there.files.keys() - named.keys())
        whole = [digest for digest, size in named.items() if _is_whole_so_far(digest, size, there.files, found)]
        for digest in whole:
            chosen.offer(digest)
        if sample is None:
            _read(chosen.take(), found)
        _remember(found)  # now: a check that is cut off later has found it all the same
    _read(chosen.take(), found)
    _remember(found)
    return found


def _remember(found: Findings) -> None:
    for digest in found.wrong - found.remembered:
        WrongFile.objects.update_or_create(digest=digest, defaults={"seen_at": timezone.now()})
    found.remembered |= found.wrong


def _read_known(row: StoreCheck, found: Findings) -> None:
    """What earlier checks found and this one did not: wrong until it was read and is whole."""
    for known in WrongFile.objects.filter(seen_at__lt=row.started_at):
        if row.is_full or is_intact(store.path(known.digest), known.digest):
            known.delete()
        elif _size_of(known.digest) is None:
            found.missing.append(known.digest)
        else:
            found.damaged.append(known.digest)


def _is_whole_so_far(digest: str, size: int | None, there: dict[str, int], found: Findings) -> bool:
    on_disk = there.get(digest)
    if on_disk is None:
        on_disk = _size_of(digest)  # stored since the folder was read, or put back
    if on_disk is None:
        if not _put_back(digest):
            found.missing.append(digest)
            return False
        found.put_back.append(digest)
        on_disk = _size_of(digest)
    if size is not None and size != on_disk:
        found.damaged.append(digest)
        return False
    return True


def _size_of(digest: str) -> int | None:
    try:
        return store.path(digest).stat().st_size
    except FileNotFoundError:
        return None


def _read(digests: list[str], found: Findings) -> None:
    for digest in digests:
        found.hashed += 1
        if not is_intact(store.path(digest), digest):
            found.damaged.append(digest)


def is_intact(path: Path, digest: str) -> bool:
    made = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while chunk := file.read(CHUNK_BYTES):
                made.update(chunk)
    except OSError:
        return False
    return made.hexdigest() == digest


class _Chosen:
    """All that is offered, or so many of them by chance without knowing how many there will be."""

    def __init__(self, most: int | None):
        self._most, self._seen, self._kept = most, 0, []

    def offer(self, digest: str) -> None:
        self._seen += 1
        if self._most is None or len(self._kept) < self._most:
            self._kept.append(digest)
        elif (place := random.randrange(self._seen)) < self._most:  # noqa: S311 - a sample, no secret
            self._kept[place] = digest

    def take(self) -> list[str]:
        taken, self._kept = self._kept, []
        return taken


def _set_aside(found: Findings) -> None:
    for digest in found.orphans:
        path = store.path(digest)
        if _is_old(path) and not store_names.is_named(digest):
            _move(path, trash() / digest)
            found.trashed.append(digest)


def _is_old(path: Path) -> bool:
    """By when it was last put: storing the same content again renews it."""
    try:
        return time.time() - path.stat().st_mtime > ORPHAN_SECONDS
    except FileNotFoundError:
        return False


def _put_back(digest: str) -> bool:
    path = trash() / digest
    if not path.is_file() or not is_intact(path, digest):
        return False
    _move(path, store.path(digest))
    return True


def _move(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    os.replace(source, target)
    for folder in {source.parent, target.parent}:
        store.sync_folder(folder)
