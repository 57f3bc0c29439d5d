"""``manage.py export_patient CASE --by USER --out DIR``: everything of one patient as one archive."""

import shutil
from pathlib import Path

from django.core.exceptions import PermissionDenied
from django.core.management.base import CommandError

from board.export_patient.services import SENTENCES, make_export, open_export, request_export
from board.models import PatientExport
from patients.commands import CaseCommand, acting_user, bad_input
from patients.domain.roles import Capability
from patients.models import Patient


class Command(CaseCommand):
    help = "Write everything of one patient to a ZIP file; the trail says that it left."

    def add_arguments(self, parser):
        parser.add_argument("case", help="case number")
        parser.add_argument("--by", required=True, metavar="USER", help="the account in whose name it is done")
        parser.add_argument("--out", required=True, type=Path, metavar="DIR", help="a folder that exists")

    def handle(self, *, case, by, out, **_):
        user = acting_user(by, Capability.READ_CHART)
        patient = Patient.objects.visible_to(user).filter(case_number=case).first()
        if patient is None:
            raise bad_input(f"There is no case “{case}” that {by} may see.")
        if not out.is_dir():
            raise bad_input(f"{out} is not a folder.")
        try:
            export = request_export(by=user, patient=patient)
        except PermissionDenied as refusal:
            raise bad_input(str(refusal)) from refusal
        make_export(export.pk)
        export.refresh_from_db()
        self._hand_over(user, export, out)

    def _hand_over(self, user, export: PatientExport, out: Path) -> None:
        if export.state in PatientExport.OPEN:
            raise CommandError("A worker is making this archive already. Fetch it from its page.")
        if export.state != PatientExport.State.DONE:
            raise CommandError(SENTENCES.get(export.reason_code, "No archive was made."))
        source = open_export(by=user, export=export)
        if source is None:
            raise CommandError("The archive is gone. Start again.")
        target = out / f"{export.pk}.zip"
        with source, target.open("xb") as file:
            target.chmod(0o600)
            shutil.copyfileobj(source, file)
        self.stdout.write(f"{target}\nThis archive identifies the patient. Keep it like the chart itself.")
