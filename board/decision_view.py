"""Decisions with what they rested on, and what has changed under them since."""

from dataclasses import dataclass

from board import words
from board.chart import Chart
from board.decisions import changes_since
from board.models import BoardDecision
from patients.models import User


@dataclass(frozen=True)
class DecisionLine:
    decision: BoardDecision
    day: str
    due: str
    is_overdue: bool
    by: str
    verdicts: list[str]
    changes: list[str]


def decision_lines(chart: Chart) -> list[DecisionLine]:
    """Newest first. A superseded decision is history: its ground is not looked at again."""
    decisions = chart.decisions[::-1]
    names = _names({d.recorded_by_id for d in decisions})
    return [_line(d, chart, names[d.recorded_by_id]) for d in decisions]


def _names(ids: set) -> dict:
    if not ids:
        return {}
    return {u.pk: u.get_full_name() or u.username for u in User.objects.filter(pk__in=ids)}


def _line(decision: BoardDecision, chart: Chart, by: str) -> DecisionLine:
    due, is_open = decision.due_date, decision.replaced_by is None
    changes = changes_since(decision.frozen, chart.case, today=chart.today, assess=chart.assessed_on) if is_open else []
    return DecisionLine(
        decision=decision,
        day=words.day_words((decision.decided_on, decision.decided_on)),
        due=words.day_words((due, due)) if due else "",
        is_overdue=bool(due and due < chart.today and is_open),
        by=by,
        verdicts=[a.verdict_text for a in decision.frozen],
        changes=[change.text for change in changes],
    )
