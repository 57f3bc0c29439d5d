"""``manage.py export_fhir CASE``: one case as a FHIR R4B bundle."""

import os
from pathlib import Path

from board.fhir.exporting import export_fhir
from board.fhir.mapping.terms import NOTICE
from patients.commands import CaseCommand, bad_input, moment_of
from patients.models import Patient
from patients.services.accesses import record_read


class Command(CaseCommand):
    help = "Write one case as a FHIR R4B bundle; the trail says that it left."

    def add_arguments(self, parser):
        parser.add_argument("case", help="case number")
        parser.add_argument("--out", type=Path, metavar="FILE", help="a new file; default: standard output")
        parser.add_argument("--known-at", help="record date or date-time: only what had been recorded by then")

    def handle(self, *, case, out, known_at, **_):
        patient = Patient.objects.filter(case_number=case).first()
        if patient is None:
            raise bad_input(f"There is no case “{case}”.")
        record_read(by=None, patient=patient, route="export_fhir")
        file = _new_file(out) if out else None
        try:
            text = export_fhir(by=None, patient=patient, known_at=moment_of(known_at) if known_at else None)
        except BaseException:
            if out:
                out.unlink()
            raise
        if file is None:
            self.stdout.write(text, ending="")
            return
        with file:
            file.write(text)
        self.stderr.write(f"Written to {out}. {NOTICE}.")


def _new_file(path: Path):
    """Readable by nobody else, and never in the place of another file."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise bad_input(f"{path} cannot be written: {error.strerror}.") from error
    return os.fdopen(descriptor, "w", encoding="utf-8")
