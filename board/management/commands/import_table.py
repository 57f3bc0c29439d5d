"""``manage.py import_table FILE --by USER``: take tables over, or say what would become of each row."""

from pathlib import Path

from django.core.exceptions import PermissionDenied
from django.core.management.base import CommandError

from board.bulk.taking import take_tables
from patients.bulk.importing import import_tables
from patients.bulk.outcomes import Report
from patients.bulk.reading import LARGEST_BYTES, FileRefused, read
from patients.commands import CaseCommand, acting_user, bad_input, bytes_of
from patients.domain.roles import Capability
from patients.models import AccessEvent, User
from patients.services.accesses import record_read

REFUSED = 3


class Command(CaseCommand):
    help = "Import patients and their records from a CSV or XLSX file. docs/import-tables.md has the columns."

    def add_arguments(self, parser):
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument("--by", metavar="USER", required=True, help="who enters it")
        parser.add_argument("--dry-run", action="store_true", help="say what would become of it and store nothing")
        parser.add_argument("--only-good", action="store_true", help="store the good rows though others are refused")

    def handle(self, *, file, by, dry_run, only_good, **_):
        user = acting_user(by, Capability.EDIT_CLINICAL)
        try:
            found = read(bytes_of(file, at_most=LARGEST_BYTES + 1))
            self._say(user, import_tables(by=user, found=found, is_trial=True))
            if dry_run:
                self.stdout.write("Nothing was stored: this was a dry run.")
                return
            report = take_tables(by=user, found=found, only_good=only_good)
        except FileRefused as refused:
            raise CommandError(f"{refused} Nothing was stored ({refused.code}).", returncode=REFUSED) from refused
        except PermissionDenied as denied:
            raise bad_input(str(denied)) from denied
        self.stdout.write(f"Stored as import {report.batch_id}: {report.in_words}.")

    def _say(self, user: User, report: Report) -> None:
        for patient in {line.patient for line in report.lines if line.differences}:
            record_read(by=user, patient=patient, route="import_table", kind=AccessEvent.Kind.LIST)
        for line in report.lines:
            for said in line.said:
                place = f"{line.table} {line.number}{f' {said.column}' if said.column else ''}"
                self.stdout.write(f"{line.outcome:14}  {place}: {said.sentence} [{said.code}]")
            for one in line.differences:
                self.stdout.write(f"{'':16}{one.column}: recorded {one.stored} | in the table {one.brought}")
        self.stdout.write(f"{report.said}, {report.sha256[:12]}: {report.in_words}.")
