"""What a backup says of itself: what is in it, how much, and the digest of every part."""

import hashlib
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

FORMAT = 1
NAME, SEAL, FILES = "manifest.json", "manifest.sha256", "files.txt"
CHUNK_BYTES = 1 << 20


class BadBackup(Exception):
    """Nothing was restored; the sentence says what is wrong with the backup."""


@dataclass(frozen=True)
class Part:
    """One file beside the manifest."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    version: str
    made_at: str
    engine: str
    migrations: list[list[str]]
    tables: dict[str, int]
    heads: dict[str, list]
    parts: list[Part]
    files: int
    bytes: int
    sequences: dict[str, int] = field(default_factory=dict)
    format: int = FORMAT

    @property
    def rows(self) -> int:
        return sum(self.tables.values())


def part_of(path: Path) -> Part:
    return Part(path.name, path.stat().st_size, digest_of(path))


def digest_of(path: Path) -> str:
    made = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            made.update(chunk)
    return made.hexdigest()


def write(folder: Path, manifest: Manifest) -> str:
    """The digest of the manifest, which is kept beside it."""
    (folder / NAME).write_text(json.dumps(asdict(manifest), indent=1, sort_keys=True))
    digest = digest_of(folder / NAME)
    (folder / SEAL).write_text(f"{digest}  {NAME}\n")
    return digest


def read(folder: Path) -> Manifest:
    """The manifest, after it and every part beside it were found to be what was written."""
    if not (folder / NAME).is_file() or not (folder / SEAL).is_file():
        raise BadBackup(f"There is no whole backup in {folder.name}: {NAME} or {SEAL} is missing.")
    if digest_of(folder / NAME) != (folder / SEAL).read_text()[:64]:
        raise BadBackup(f"{NAME} was changed since the backup was made.")
    try:
        said = json.loads((folder / NAME).read_text())
        if said["format"] != FORMAT:
            raise BadBackup(f"This backup has format {said['format']}; this version reads format {FORMAT}.")
        found = Manifest(**said | {"parts": [Part(**part) for part in said["parts"]]})
    except (ValueError, KeyError, TypeError) as error:
        raise BadBackup(f"{NAME} cannot be read.") from error
    for part in found.parts:
        path = folder / part.name
        if not path.is_file() or path.stat().st_size != part.size or digest_of(path) != part.sha256:
            raise BadBackup(f"{part.name} is missing or is not what was written.")
    return found


def newest(folder: Path) -> Path:
    """``folder`` itself where it is a backup, else the newest one in it."""
    if (folder / NAME).is_file():
        return folder
    found = sorted(path.parent for path in folder.glob(f"*/{NAME}"))
    if not found:
        raise BadBackup(f"There is no backup in {folder}.")
    return found[-1]
