"""``manage.py import_fhir FILE``: take a FHIR R4B bundle over, or say what would become of it."""

import json
from pathlib import Path

from django.core.exceptions import PermissionDenied
from django.core.management.base import CommandError

from board.fhir.importing import import_bundle
from board.fhir.outcomes import Line, Report
from board.fhir.received import LARGEST_BYTES, BundleRefused, receive
from eligibility.report import NOTICE
from patients.commands import CaseCommand, acting_user, bad_input, bytes_of
from patients.domain.roles import Capability

REFUSED = 3


class Command(CaseCommand):
    help = "Take over Patient, Condition, Observation, Specimen, MedicationAdministration and Procedure of a bundle."

    def add_arguments(self, parser):
        parser.add_argument("file", type=Path, metavar="FILE", help="a FHIR R4B bundle in JSON")
        parser.add_argument("--case", default="", help="case number, where the bundle states none of ours")
        parser.add_argument("--user", metavar="NAME", help="who enters it (default: the only one who may)")
        parser.add_argument("--dry-run", action="store_true", help="say what would become of it and store nothing")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *, file, case, user, dry_run, json, **_):
        by = acting_user(user, Capability.EDIT_CLINICAL)
        try:
            received = receive(bytes_of(file, at_most=LARGEST_BYTES + 1))
            report = import_bundle(by=by, received=received, case_number=case, is_trial=dry_run)
        except BundleRefused as refused:
            raise CommandError(f"{refused} Nothing was taken over ({refused.code}).", returncode=REFUSED) from refused
        except PermissionDenied as denied:
            raise bad_input(str(denied)) from denied
        self.stdout.write(_json(report) if json else _table(report))


def _json(report: Report) -> str:
    return json.dumps(report.as_json | {"notice": NOTICE}, indent=2, ensure_ascii=False)


def _table(report: Report) -> str:
    lines = [_line(report.word(line.outcome), line) for line in report.lines]
    end = "Nothing was stored: this was a dry run." if report.is_trial else f"Stored in case {report.case_number}."
    return "\n".join([*lines, f"Case {report.case_number}: {report.in_words}. {end}", f"{NOTICE}."])


def _line(word: str, line: Line) -> str:
    about = f" ({line.what})" if line.what else ""
    return f"{word:14}  {line.kind} {line.label}{about}: {line.sentence} [{line.code}]"
