"""The ZIP of one patient, written to disk piece by piece, with the digest of each file in its manifest."""

import datetime as dt
import hashlib
import json
import zipfile
from collections.abc import Callable, Iterable, Iterator
from typing import IO, Any

from django.conf import settings

from board.export_patient import record
from board.export_patient.tables import rows_of
from board.fhir.bundles import as_text, bundle_of
from imaging import store
from imaging.models import Scan
from imaging.refused import Refused, sentence
from imaging.services.exporting import export_scan
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
manifest.json    size and SHA-256 of each file, and what could not be made, with the reason
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


def write(patient: Patient, target: IO[bytes], *, by, at: dt.datetime, told: Told) -> int:
    """Returns how many files it holds. Raises ``Damaged``."""
    archive = _Archive(target)
    with archive.zip:
        archive.add("README.txt", [READ_ME.encode()])
        texts = record.pieces(patient, at=at, told=lambda done, total: told("rows", done, total))
        archive.add("patient.json", (text.encode() for text in texts))
        told("FHIR bundle", 0, 1)
        archive.add("fhir.json", [as_text(bundle_of(patient, now=at)).encode()])
        _add_originals(archive, patient, told)
        not_made = _add_derived(archive, patient, by, told)
        archive.add("manifest.json", [_manifest(archive, at, not_made)])
    return len(archive.files)


def _add_originals(archive: _Archive, patient: Patient, told: Told) -> None:
    digests = sorted(set(rows_of("imaging.Instance", patient).values_list("sha256", flat=True)))
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


def _add_derived(archive: _Archive, patient: Patient, by, told: Told) -> list[dict[str, str]]:
    """SEG, SR and key object of each scan; where one refuses, its sentence."""
    not_made, scans = [], list(Scan.objects.filter(patient=patient).order_by("pk"))
    for number, scan in enumerate(scans):
        told("segmentations and reports", number, len(scans))
        try:
            for file in export_scan(by=by, scan=scan, with_names=True):
                archive.add(f"dicom/derived/{scan.pk}/{file.name}", [file.data])
        except Refused as refusal:
            not_made.append({"scan": str(scan.pk), "code": refusal.code, "sentence": sentence(refusal.code)})
    return not_made


def _manifest(archive: _Archive, at: dt.datetime, not_made: list[dict[str, str]]) -> bytes:
    said = {
        "schema": record.SCHEMA,
        "notice": record.NOTICE,
        "made_at": at.isoformat(),
        "code_version": settings.VERSION,
        "files": list(archive.files),
        "not_made": not_made,
    }
    return json.dumps(said, indent=1).encode()
