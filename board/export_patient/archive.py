"""The ZIP of one patient, written to disk piece by piece, with the digest of each file in its manifest."""

import datetime as dt
import hashlib
import json
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import IO, Any

from django.conf import settings

from board.export_patient import record
from board.export_patient.tables import rows_of
from board.export_patient.withheld import Withheld, withheld_from
from board.fhir.bundles import as_text, bundle_of
from board.one_moment import one_moment
from imaging import store
from imaging.domain.errors import ImagingRefusal
from imaging.models import Scan
from imaging.refused import Refused
from imaging.services.exporting import objects_of
from patients.models import Patient

Told = Callable[[str, int, int], None]
EARLIEST = (1980, 1, 1, 0, 0, 0)
READ_ME = """Everything that PRRT Board holds about one patient.

This archive identifies the patient. Keep it and pass it on like the chart itself.
PRRT Board is decision support, not a certified medical device.

patient.json     every row in every version, the trail, assessments, decisions, agenda items and contacts
fhir.json        the case as a FHIR R4B bundle: structure checked, not profile-validated
dicom/original/  DICOM objects as they were stored, named by their SHA-256
dicom/derived/   segmentations and reports made from the lesions, one folder per scan
manifest.json    size and SHA-256 of each file, what could not be made and what is withheld, with the reason
"""


class Damaged(Exception):
    """A stored file is absent or not what it was: an export with a hole would look complete."""


class _Archive:
    def __init__(self, target: IO[bytes]):
        self.zip = zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, allowZip64=True)
        self.files: list[dict[str, Any]] = []

    def add(self, name: str, chunks: Iterable[bytes]) -> str:
        digest, size = hashlib.sha256(), 0
        entry = zipfile.ZipInfo(name, EARLIEST)
        entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o600 << 16
        with self.zip.open(entry, "w", force_zip64=True) as file:
            for chunk in chunks:
                digest.update(chunk)
                size += len(chunk)
                file.write(chunk)
        self.files.append({"name": name, "size": size, "sha256": digest.hexdigest()})
        return digest.hexdigest()


@dataclass
class Written:
    """What the archive holds; ``made``: scans whose objects were made for it, with what the trail is told."""

    at: dt.datetime
    withheld: Withheld
    digests: list[str] = field(default_factory=list)
    made: list[tuple[Scan, dict[str, Any]]] = field(default_factory=list)
    not_made: list[dict[str, str]] = field(default_factory=list)
    files: int = 0


def write(patient: Patient, target: IO[bytes], *, by, at: dt.datetime, told: Told) -> Written:
    """All rows are read at one moment. Raises ``Damaged``."""
    archive = _Archive(target)
    with archive.zip:
        archive.add("README.txt", [READ_ME.encode()])
        with one_moment() as beside:
            written = Written(at, withheld_from(by, patient))
            now = Patient.objects.get(pk=patient.pk)
            _add_rows(archive, now, written, lambda *said: beside(lambda: told(*said)))
            _add_derived(archive, now, by, written, lambda *said: beside(lambda: told(*said)))
            files = rows_of("imaging.Instance", now).exclude(pk__in=written.withheld.of("imaging.Instance"))
            written.digests = sorted(set(files.values_list("sha256", flat=True)))
        _add_originals(archive, written.digests, told)
        archive.add("manifest.json", [_manifest(archive, written)])
    written.files = len(archive.files)
    return written


def _add_rows(archive: _Archive, patient: Patient, written: Written, told: Told) -> None:
    heard = partial(told, "rows")
    texts = record.pieces(patient, at=written.at, withheld=written.withheld, told=heard)
    archive.add("patient.json", (text.encode() for text in texts))
    told("FHIR bundle", 0, 1)
    archive.add("fhir.json", [as_text(bundle_of(patient, now=written.at)).encode()])


def _add_originals(archive: _Archive, digests: list[str], told: Told) -> None:
    for number, sha256 in enumerate(digests, start=1):
        told("DICOM as stored", number - 1, len(digests))
        if archive.add(f"dicom/original/{sha256}.dcm", _stored(sha256)) != sha256:
            raise Damaged


def _stored(sha256: str) -> Iterator[bytes]:
    try:
        with store.open_stored(sha256) as file:
            while chunk := file.read(store.CHUNK_BYTES):
                yield chunk
    except FileNotFoundError as error:
        raise Damaged from error


def _add_derived(archive: _Archive, patient: Patient, by, written: Written, told: Told) -> None:
    """SEG, SR and key object of each scan; where one refuses, its sentence."""
    scans = list(Scan.objects.filter(patient=patient).order_by("pk"))
    for number, scan in enumerate(scans):
        told("segmentations and reports", number, len(scans))
        try:
            made = objects_of(by, scan, with_names=True)
        except (Refused, ImagingRefusal) as refusal:
            said = {"scan": str(scan.pk), "code": refusal.code, "sentence": refusal.message}
            written.not_made.append(said)
            continue
        for file in made.files:
            archive.add(f"dicom/derived/{scan.pk}/{file.name}", [file.data])
        written.made.append((scan, made.said))


def _manifest(archive: _Archive, written: Written) -> bytes:
    said = {
        "schema": record.SCHEMA,
        "notice": record.NOTICE,
        "made_at": written.at.isoformat(),
        "code_version": settings.VERSION,
        "files": list(archive.files),
        "not_made": written.not_made,
        "withheld": written.withheld.said(),
    }
    return json.dumps(said, indent=1).encode()
