"""The stored files of a backup: named by their content, so every backup in a folder shares those it has in common."""

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from board.keeping.manifest import CHUNK_BYTES
from imaging import store, store_names

FOLDER = "store"


@dataclass
class Copied:
    """``damaged``: read and not what the name says, so not taken; ``missing``: named and not there."""

    files: dict[str, int] = field(default_factory=dict)
    new: int = 0
    damaged: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)

    @property
    def is_whole(self) -> bool:
        return not (self.damaged or self.missing)


def copy_all(backup: Path) -> Copied:
    """Everything in the store, and what the rows name and is not there. To be called after the database was copied."""
    done = Copied()
    for part in store_names.PARTS:
        named, there = store_names.named(part), store_names.there(part).files
        for digest, size in there.items():
            _copy(digest, size, backup / FOLDER, done)
        done.missing += sorted(named.keys() - there.keys() - set(done.damaged))
    return done


def _copy(digest: str, size: int, folder: Path, done: Copied) -> None:
    target = folder / digest[:2] / digest
    if not (target.is_file() and target.stat().st_size == size):
        if not copy_checked(store.path(digest), target, digest):
            done.damaged.append(digest)
            return
        done.new += 1
    done.files[digest] = size


def copy_checked(source: Path, target: Path, digest: str) -> bool:
    """A durable copy under its final name, or none: False where the content is not what the name says."""
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f".{target.name}.{os.getpid()}")
    made = hashlib.sha256()
    try:
        with source.open("rb") as read, draft.open("wb") as write:
            while chunk := read.read(CHUNK_BYTES):
                made.update(chunk)
                write.write(chunk)
            write.flush()
            os.fsync(write.fileno())
        if made.hexdigest() != digest:
            return False
        draft.chmod(store.MODE)
        os.replace(draft, target)
        store.sync_folder(target.parent)
        return True
    finally:
        draft.unlink(missing_ok=True)


def remove_drafts(backup: Path) -> None:
    """Files that a backup was copying when it was stopped."""
    for draft in (backup / FOLDER).glob("*/.*"):
        draft.unlink(missing_ok=True)


def write_list(path: Path, files: dict[str, int]) -> None:
    path.write_text("".join(f"{digest} {size}\n" for digest, size in sorted(files.items())))


def read_list(path: Path) -> Iterator[tuple[str, int]]:
    for line in path.read_text().splitlines():
        digest, _, size = line.partition(" ")
        yield digest, int(size)
