"""``manage.py assess CASE`` or ``assess --facts FILE``: what the rule sets say of a case, or of a file of facts."""

import datetime as dt
import json
import sys
from pathlib import Path

from django.utils import timezone

from eligibility.case_rows import fetch
from eligibility.domain.rules import AssessmentResult, evaluate
from eligibility.facts_file import LARGEST_BYTES, FactsRefused, read_facts
from eligibility.facts_schema import facts_schema
from eligibility.loader import guideline, guidelines
from eligibility.report import NOTICE, as_json, as_table
from eligibility.selectors import assess_all
from patients.commands import CaseCommand, bad_input, day_of, moment_of
from patients.models import Patient


class Command(CaseCommand):
    help = "Say what each rule set says about a case, unknown rows first."

    def add_arguments(self, parser):
        parser.add_argument("case", nargs="?", help="case number")
        parser.add_argument(
            "--facts", help="a file of facts (.json or .toml, - for JSON on standard input); no database"
        )
        parser.add_argument("--guideline", help="one rule set by id; default all")
        parser.add_argument("--as-of", help="clinical date (YYYY-MM-DD): facts dated later are not used; default today")
        parser.add_argument("--known-at", help="record date or date-time: only what had been recorded by then")
        parser.add_argument("--json", action="store_true", help="print JSON")
        parser.add_argument("--facts-schema", action="store_true", help="print the JSON Schema of a file of facts")

    def handle(self, *args, **options):
        if options["facts_schema"]:
            self.stdout.write(json.dumps(facts_schema(), indent=2, ensure_ascii=False))
            return
        if (options["case"] is None) == (options["facts"] is None):
            raise bad_input("Name a case, or a file with --facts: one of the two.")
        wanted = self._wanted(options["guideline"])
        as_of = day_of(options["as_of"]) if options["as_of"] else None
        if options["facts"] is not None:
            self._say(*_of_file(options, as_of, wanted), options["json"])
        else:
            self._say(*_of_case(options, as_of or timezone.localdate(), wanted), options["json"])

    def _say(self, head: dict, results: list[AssessmentResult], is_json: bool) -> None:
        if is_json:
            found = head | {"assessments": [as_json(result) for result in results], "notice": NOTICE}
            self.stdout.write(json.dumps(found, indent=2, ensure_ascii=False))
            return
        self.stdout.write("\n\n".join(as_table(result) for result in results))
        self.stdout.write(f"\n{NOTICE}.")

    def _wanted(self, guideline_id: str | None) -> list[str]:
        known = list(guidelines())
        if guideline_id is not None and guideline_id not in known:
            raise bad_input(f"There is no rule set “{guideline_id}”. Known are: {', '.join(known)}.")
        return [guideline_id] if guideline_id else known


def _of_case(options: dict, as_of: dt.date, wanted: list[str]) -> tuple[dict, list[AssessmentResult]]:
    patient = Patient.objects.filter(case_number=options["case"]).first()
    if patient is None:
        raise bad_input(f"There is no case “{options['case']}”.")
    known_at = moment_of(options["known_at"]) if options["known_at"] else None
    found = assess_all(patient, as_of=as_of, rows=fetch(patient, known_at=known_at))
    head = {"case": patient.case_number, "known_at": known_at.isoformat() if known_at else None}
    return head, [found[guideline_id] for guideline_id in wanted]


def _of_file(options: dict, as_of: dt.date | None, wanted: list[str]) -> tuple[dict, list[AssessmentResult]]:
    if options["known_at"]:
        raise bad_input("--known-at asks what had been recorded of a case; a file of facts has no history.")
    name = options["facts"]
    try:
        read = read_facts(_bytes(name), is_toml=name.endswith(".toml"), as_of=as_of)
    except FactsRefused as refused:
        raise bad_input(f"{name} is not used:\n{refused}") from refused
    day = read.as_of or timezone.localdate()
    return {"facts_sha256": read.sha256}, [evaluate(guideline(one), read.facts, day) for one in wanted]


def _bytes(name: str) -> bytes:
    try:
        if name == "-":
            return sys.stdin.buffer.read(LARGEST_BYTES + 1)
        with Path(name).open("rb") as file:
            return file.read(LARGEST_BYTES + 1)
    except OSError as error:
        raise bad_input(f"{name} cannot be read: {error.strerror}.") from error
