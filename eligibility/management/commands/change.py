"""``manage.py change CASE``: what changed between two SSTR scans of a case."""

import json

from eligibility.case_rows import fetch
from eligibility.change_facts import change_between, comparable_scans
from eligibility.change_report import as_json, as_table, gates_of
from eligibility.report import NOTICE
from imaging.models import Scan
from patients.commands import CaseCommand, bad_input, day_of
from patients.models import Patient


class Command(CaseCommand):
    help = "Say whether SSTR uptake changed between two scans of a case, and what is still to be entered."

    def add_arguments(self, parser):
        parser.add_argument("case", help="case number")
        parser.add_argument("--from", dest="first", help="day of the first scan (YYYY-MM-DD); default the one before")
        parser.add_argument("--to", dest="second", help="day of the second scan (YYYY-MM-DD); default the newest")
        parser.add_argument("--json", action="store_true", help="print JSON (docs/change.schema.json)")

    def handle(self, *args, **options):
        patient = Patient.objects.filter(case_number=options["case"]).first()
        if patient is None:
            raise bad_input(f"There is no case “{options['case']}”.")
        case = fetch(patient)
        scans = comparable_scans(case)
        first, second = (_scan(options[name], scans) for name in ("first", "second"))
        try:
            found = change_between(case, first, second)
        except ValueError as error:
            raise bad_input(f"These scans cannot be compared: {error}.") from error
        if found is None:
            raise bad_input(_too_few(scans))
        gates = gates_of(case, found)
        if options["json"]:
            whole = {"case": patient.case_number, **as_json(found, gates)}
            self.stdout.write(json.dumps(whole, indent=2, ensure_ascii=False))
            return
        self.stdout.write(f"Case {patient.case_number}, {as_table(found, gates)}\n{NOTICE}.")


def _scan(text: str | None, scans: list[Scan]) -> Scan | None:
    if text is None:
        return None
    day = day_of(text)
    mine = [scan for scan in scans if scan.clinical_date == day]
    if len(mine) == 1:
        return mine[0]
    known = ", ".join(str(scan.clinical_date) for scan in scans) or "none"
    what = "is no SSTR scan" if not mine else "are several SSTR scans"
    raise bad_input(f"On {day} there {what} of this case. Days with one: {known}.")


def _too_few(scans: list[Scan]) -> str:
    if len(scans) < 2:
        return f"A change needs two dated SSTR scans; this case has {len(scans)}."
    return "There is no SSTR scan before that one."
