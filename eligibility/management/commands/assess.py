"""``manage.py assess CASE``: what every rule set says about one case."""

import datetime as dt
import json

from django.core.management.base import CommandError
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

from eligibility.case_rows import fetch
from eligibility.loader import guidelines
from eligibility.report import NOTICE, as_json, as_table
from eligibility.selectors import assess_all
from patients.commands import CaseCommand
from patients.models import Patient


class Command(CaseCommand):
    help = "Say what each rule set says about a case, unknown rows first."

    def add_arguments(self, parser):
        parser.add_argument("case", help="case number")
        parser.add_argument("--guideline", help="one rule set by id; default all")
        parser.add_argument("--as-of", help="clinical date (YYYY-MM-DD): facts dated later are not used; default today")
        parser.add_argument("--known-at", help="record date or date-time: only what had been recorded by then")
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args, **options):
        patient = Patient.objects.filter(case_number=options["case"]).first()
        if patient is None:
            raise CommandError(f"There is no case “{options['case']}”.")
        as_of = _day(options["as_of"]) if options["as_of"] else timezone.localdate()
        known_at = _moment(options["known_at"]) if options["known_at"] else None
        wanted = self._wanted(options["guideline"])
        found = assess_all(patient, as_of=as_of, rows=fetch(patient, known_at=known_at))
        results = [found[guideline_id] for guideline_id in wanted]
        if options["json"]:
            self.stdout.write(json.dumps(self._json(patient, known_at, results), indent=2, ensure_ascii=False))
            return
        self.stdout.write("\n\n".join(as_table(result) for result in results))
        self.stdout.write(f"\n{NOTICE}.")

    def _wanted(self, guideline_id: str | None) -> list[str]:
        known = list(guidelines())
        if guideline_id is not None and guideline_id not in known:
            raise CommandError(f"There is no rule set “{guideline_id}”. Known are: {', '.join(known)}.")
        return [guideline_id] if guideline_id else known

    def _json(self, patient, known_at, results) -> dict:
        return {
            "case": patient.case_number,
            "known_at": known_at.isoformat() if known_at else None,
            "assessments": [as_json(result) for result in results],
            "notice": NOTICE,
        }


def _day(text: str) -> dt.date:
    try:
        day = parse_date(text)
    except ValueError:
        day = None
    if day is None:
        raise CommandError(f"“{text}” is not a date. Write it as YYYY-MM-DD.")
    return day


def _moment(text: str) -> dt.datetime:
    """A date means the end of that day: everything recorded on it was known."""
    try:
        moment = parse_datetime(text)
    except ValueError:
        moment = None
    if moment is None or len(text) <= len("YYYY-MM-DD"):
        moment = dt.datetime.combine(_day(text), dt.time.max)
    return moment if timezone.is_aware(moment) else timezone.make_aware(moment)
