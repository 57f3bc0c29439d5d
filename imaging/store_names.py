"""Which stored files the rows name, and which files are there: a part at a time, so that no list outgrows memory."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.conf import settings
from django.db import connection
from django.db.models import Model, Q, QuerySet

from imaging import store
from imaging.models import (
    ForeignObject,
    ImageProduct,
    Instance,
    Proposal,
    Series,
    UploadItem,
    UptakeMeasurement,
    Voi,
)

PARTS = [f"{number:02x}" for number in range(256)]
INCOMING = "incoming"
_FIRST, _AFTER = "first of a part", "after a part"  # stand in a statement for the ends of the part that is asked for
# Every column that names a stored file, with the column of its size where one is kept.
NAMING: tuple[tuple[type[Model], str, str], ...] = (
    (Instance, "sha256", "size"),
    (UploadItem, "sha256", "size"),
    (Series, "manifest_sha256", ""),
    (Series, "volume_sha256", ""),
    (ForeignObject, "sha256", ""),
    (ImageProduct, "sha256", ""),
    (Voi, "mask_sha256", ""),
    (UptakeMeasurement, "mask_sha256", ""),
    (Proposal, "mask_sha256", ""),
)

_LET_GO = Q(outcome=UploadItem.Outcome.REFUSED) | Q(outcome=UploadItem.Outcome.STORED, reason_code="archive_opened")


@dataclass(frozen=True)
class Part:
    """One of the 256 folders: files with their sizes, and what is there that the store never put there."""

    files: dict[str, int]
    strange: list[Path]


def named(part: str) -> dict[str, int | None]:
    """Digest -> size (None where no row states it) of everything that any version of a row names in this part."""
    found: dict[str, int | None] = {}
    ends = {_FIRST: part, _AFTER: _after(part)}
    with connection.cursor() as cursor:
        for statement, values in _statements(connection.vendor):
            cursor.execute(statement, [ends.get(value, value) for value in values])
            for digest, *stated in cursor:
                found[digest] = stated[0] if stated else found.get(digest)
    return found


@cache
def _statements(vendor: str) -> list[tuple[str, tuple]]:
    """One for each column that names a file, made once: a check asks each for 256 parts."""
    made = []
    for model, column, size in NAMING:
        rows = _rows(model).filter(**{f"{column}__gte": _FIRST, f"{column}__lt": _AFTER})
        made.append(rows.values_list(*filter(None, (column, size))).query.sql_with_params())
    return made


def is_named(digest: str) -> bool:
    return bool(named_among({digest}))


def named_among(digests: set[str]) -> set[str]:
    """Those of a handful of digests that a row needs."""
    found: set[str] = set()
    for model, column, _ in NAMING:
        found |= set(_rows(model).filter(**{f"{column}__in": digests}).values_list(column, flat=True))
    return found


def let_go_of(items: QuerySet[UploadItem]) -> QuerySet[UploadItem]:
    """Rows whose file is not kept once their import has ended: refused ones, and archives that were opened."""
    return items.filter(_LET_GO).exclude(sha256="")


def _rows(model: type[Model]) -> QuerySet:
    return model._base_manager.exclude(_LET_GO) if model is UploadItem else model._base_manager.all()


def there(part: str) -> Part:
    files, strange = {}, []
    for entry in _entries(Path(settings.FILE_STORE_DIR) / part):
        if store.is_name(entry.name) and entry.name.startswith(part) and entry.is_file(follow_symlinks=False):
            files[entry.name] = entry.stat().st_size
        else:
            strange.append(Path(entry.path))
    return Part(files, strange)


def beside() -> list[Path]:
    """What lies in the store's folder itself and is none of its parts."""
    known = {*PARTS, INCOMING}
    return [Path(entry.path) for entry in _entries(Path(settings.FILE_STORE_DIR)) if entry.name not in known]


def _entries(folder: Path) -> Iterator[os.DirEntry]:
    try:
        with os.scandir(folder) as entries:
            yield from entries
    except FileNotFoundError:
        return


def _after(part: str) -> str:
    return f"{int(part, 16) + 1:02x}" if part != PARTS[-1] else "g"
