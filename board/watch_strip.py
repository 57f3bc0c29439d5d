"""The reasons of one case on its own page, from the chart at hand, and who may be asked to look at it."""

from dataclasses import dataclass

from django.db.models import Q

from board.chart import Chart
from board.domain.due import Level
from board.domain.watch import watch
from board.due_rules import due_rules
from board.follow_up import may_be_assigned
from board.watch_list import WatchLine, watch_line
from board.watch_rows import watch_facts
from board.watching import as_json
from patients.models import AccessGrant, Patient, User


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
    """Users who may follow up this case, by name. Asked only where something has to be assigned."""
    grants = AccessGrant.objects.filter(patient=patient, revoked_at=None)
    granted = Q(pk__in=grants.exclude(user=None).values("user")) | Q(teams__in=grants.exclude(team=None).values("team"))
    found = User.objects.filter(granted, is_active=True).distinct().order_by("last_name", "username")
    return [user for user in found if may_be_assigned(user, patient)]
