"""The reasons of one case on its own page, from the chart at hand, and who may be asked to look at it."""

from dataclasses import dataclass

from board.chart import Chart
from board.domain.due import Level
from board.domain.watch import watch
from board.due_rules import due_rules
from board.watch_list import WatchLine, watch_line
from board.watch_rows import watch_facts
from board.watching import as_json
from patients.domain.roles import Capability
from patients.models import Patient, User
from patients.selectors import readers_of


@dataclass(frozen=True)
class WatchStrip:
    """``lines``: what is due, overdue or missing; what comes later is only counted."""

    lines: list[WatchLine]
    later: int

    @property
    def is_red(self) -> bool:
        return any(line.is_red for line in self.lines)


def watch_strip(chart: Chart) -> WatchStrip:
    rules = due_rules()
    found = [
        watch_line(as_json(reason), chart.today) for reason in watch(watch_facts(chart, rules), rules, chart.today)
    ]
    pressing = [line for line in found if line.level >= Level.DUE]
    return WatchStrip(pressing, len(found) - len(pressing))


def assignable(patient: Patient) -> list[User]:
    """Users who may follow up this case, by name. Asked only where something has to be assigned; one query."""
    return [user for user in readers_of(patient) if user.may(Capability.FOLLOW_UP)]
