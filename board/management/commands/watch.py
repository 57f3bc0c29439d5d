"""``manage.py watch``: look at every patient now, and say who is lost, late or due."""

import json

from django.core.management.base import CommandError
from django.utils import timezone

from board.domain.due import DueRulesRefused, Level
from board.due_rules import due_rules, read_due_rules
from board.models import WatchCheck, WatchState
from board.nightly import check_everybody
from board.watch_list import WatchLine, watch_line
from eligibility.report import NOTICE
from patients.commands import CaseCommand


class Command(CaseCommand):
    help = "Look at every patient now and list who has no next date, is overdue or falls due."

    def add_arguments(self, parser):
        parser.add_argument("--json", action="store_true", help="print JSON: every open case with every reason")

    def handle(self, *args, **options):
        try:
            read_due_rules()
        except DueRulesRefused as error:
            raise CommandError(f"The due rules cannot be used: {error}.") from error
        check, today = check_everybody(), timezone.localdate()
        states = WatchState.objects.filter(is_open=True).select_related("patient").order_by("patient__case_number")
        if options["json"]:
            self.stdout.write(json.dumps(_json(check, states, today), indent=2, ensure_ascii=False))
            return
        for state in states:
            for line in _lines(state, today):
                if line.level > Level.LATER:
                    self.stdout.write(
                        f"{state.patient.case_number}  {line.level.words}: {line.sentence} {line.action}."
                    )
        self.stdout.write(f"{check.checked} cases looked at, {check.without_date} without a next date.")
        if check.failed:
            raise CommandError(f"{check.failed} cases could not be read; the log names them.")


def _lines(state: WatchState, today) -> list[WatchLine]:
    return sorted((watch_line(reason, today) for reason in state.reasons), key=lambda line: -line.level)


def _json(check: WatchCheck, states, today) -> dict:
    rules = due_rules()
    return {
        "checked_at": check.finished_at.isoformat(),
        "checked": check.checked,
        "failed": check.failed,
        "without_date": check.without_date,
        "due_rules": {"version": rules.version, "evidence": rules.evidence, "status": rules.status},
        "cases": [
            {
                "case": state.patient.case_number,
                "has_no_date": state.has_no_date,
                "reasons": [reason | {"level": watch_line(reason, today).level.words} for reason in state.reasons],
            }
            for state in states
        ],
        "notice": NOTICE,
    }
