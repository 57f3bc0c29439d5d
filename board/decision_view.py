"""Decisions with what they rested on, and whether that ground has moved since."""

from dataclasses import dataclass

from board import words
from board.chart import Chart
from board.models import BoardDecision
from eligibility.models import Assessment
from patients.models import User


@dataclass(frozen=True)
class FrozenLine:
    label: str
    verdict: str
    as_of: str
    is_stale: bool


@dataclass(frozen=True)
class DecisionLine:
    decision: BoardDecision
    day: str
    due: str
    is_overdue: bool
    by: str
    frozen: list[FrozenLine]
    changes: list[str]

    @property
    def is_stale(self) -> bool:
        return any(line.is_stale for line in self.frozen)


def decision_lines(chart: Chart) -> list[DecisionLine]:
    """Newest first."""
    decisions = chart.decisions[::-1]
    names = _names({d.recorded_by_id for d in decisions})
    return [_line(d, chart, names[d.recorded_by_id]) for d in decisions]


def _names(ids: set) -> dict:
    if not ids:
        return {}
    return {u.pk: u.get_full_name() or u.username for u in User.objects.filter(pk__in=ids)}


def _line(decision: BoardDecision, chart: Chart, by: str) -> DecisionLine:
    due = decision.due_date
    is_open = decision.replaced_by is None
    return DecisionLine(
        decision=decision,
        day=words.day_words((decision.decided_on, decision.decided_on)),
        due=words.day_words((due, due)) if due else "",
        is_overdue=bool(due and due < chart.today and is_open),
        by=by,
        frozen=[_frozen(a, chart) for a in decision.frozen],
        changes=[],
    )


def _frozen(assessment: Assessment, chart: Chart) -> FrozenLine:
    """Stale: the same rule set on the same clinical day says something else, or says it for other reasons, now."""
    now = chart.assessed_on(assessment.as_of).get(assessment.guideline_id)
    return FrozenLine(
        label=f"{assessment.guideline_id} v{assessment.guideline_version}",
        verdict=assessment.verdict,
        as_of=words.day_words((assessment.as_of, assessment.as_of)),
        is_stale=now is None or now.digest != assessment.digest,
    )
