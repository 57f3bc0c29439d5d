"""Decisions with what they rested on, and what has changed under them since."""

from dataclasses import dataclass

from board import words
from board.chart import Chart
from board.decisions import changes_since
from board.models import BoardDecision
from eligibility.domain.comparison import Change, Difference
from patients.models import User


@dataclass(frozen=True)
class ChangedGround:
    """Criteria that rest on the same changed values: the values are shown once."""

    criteria: list[str]
    differences: list[Difference]


@dataclass(frozen=True)
class DecisionLine:
    decision: BoardDecision
    day: str
    due: str
    is_overdue: bool
    by: str
    verdicts: list[str]
    grounds: list[ChangedGround]
    change_count: int


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
        grounds=_grounds(changes),
        change_count=len(changes),
    )


def _grounds(changes: list[Change]) -> list[ChangedGround]:
    by_values: dict[tuple[Difference, ...], list[str]] = {}
    for change in changes:
        by_values.setdefault(change.differences, []).append(f"{change.title}: {change.states}")
    return [ChangedGround(criteria, [_typeset(d) for d in found]) for found, criteria in by_values.items()]


def _typeset(found: Difference) -> Difference:
    return Difference(found.subject, words.typeset(found.before), words.typeset(found.after))
