"""Series of a folder, read where they lie: nothing is stored and no database is needed."""

import hashlib
import os
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from imaging.assemble import AssembledSeries, Slice, assemble
from imaging.instances import FileRefusal, ParsedObject
from imaging.local_files import files_under
from imaging.sandbox import parse_files


@dataclass(frozen=True)
class FolderContent:
    """The series found, outlines and reports with their paths, and how many files make no series for which reason."""

    series: list[AssembledSeries]
    objects: list[tuple[str, ParsedObject]]
    left_out: Counter[str]

    @property
    def pet(self) -> list[AssembledSeries]:
        return [series for series in self.series if series.kind == "pet"]


def read_folder(path: Path) -> FolderContent:
    """Every file under ``path``, or ``path`` itself; links are not followed."""
    files = [os.fspath(file) for file in files_under(path)]
    slices: list[Slice] = []
    objects: list[tuple[str, ParsedObject]] = []
    left_out: Counter[str] = Counter()
    for file, result in zip(files, parse_files(files), strict=True):
        if isinstance(result, FileRefusal):
            left_out[result.code] += 1
        elif isinstance(result, ParsedObject):
            objects += [] if result.hold else [(file, result)]
            left_out[result.hold or "not_used_here"] += 1
        else:
            slices.append((file, result))
    return FolderContent(assemble(_without_copies(slices)), objects, left_out)


def _without_copies(slices: list[Slice]) -> Iterable[Slice]:
    """Drop files that hold the same bytes as an earlier one; only files that share a SOP Instance UID are compared."""
    times = Counter(instance.sop_uid for _, instance in slices)
    seen: set[tuple[str, str]] = set()
    for file, instance in slices:
        if times[instance.sop_uid] > 1:
            with open(file, "rb") as opened:
                key = (instance.sop_uid, hashlib.file_digest(opened, "sha256").hexdigest())
            if key in seen:
                continue
            seen.add(key)
        yield file, instance
