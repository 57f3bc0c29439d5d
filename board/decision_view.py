"""Decisions with what they rested on, and what has changed under them since."""

from dataclasses import dataclass

from board import words
from board.chart import Chart
from board.decisions import changes_since
from board.history import is_waiting
from board.models import BoardDecision, DecisionFollowUp, DecisionNotice
from board.notices import answers_changes, open_notices, seen_digest
from eligibility.domain.comparison import Change, Difference

SETS_NAMED = 3


@dataclass(frozen=True)
class ChangedGround:
    """Criteria that rest on the same changed values: the values are shown once."""

    criteria: list[str]
    differences: list[Difference]


@dataclass(frozen=True)
class Answer:
    """What became of a decision, who said so and when."""

    row: DecisionFollowUp
    by: str
    to: str = ""


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
    answers: list[Answer]
    seen: str = ""
    """Digest of the changes shown: an answer says which ones it has seen."""
    is_answered: bool = False
    changed_back: str = ""
    """Where everything reads as before again and nobody has answered: what was noticed in between."""
    changed_rows: frozenset[tuple[str, str]] = frozenset()

    @property
    def needs_answer(self) -> bool:
        return bool(self.seen) and not self.is_answered


def decision_lines(chart: Chart) -> list[DecisionLine]:
    """Newest first. A superseded decision is history: its ground is not looked at again."""
    return [_line(decision, chart) for decision in chart.decisions[::-1]]


def _line(decision: BoardDecision, chart: Chart) -> DecisionLine:
    due, is_open = decision.due_date, decision.replaced_by is None
    changes = changes_since(decision.frozen, chart.case, today=chart.today, assess=chart.assessed_on) if is_open else []
    unanswered = open_notices(decision)
    seen, grounds = seen_digest(changes, unanswered), _grounds(changes)
    return DecisionLine(
        decision=decision,
        day=words.day_words((decision.decided_on, decision.decided_on)),
        due=words.day_words((due, due)) if due else "",
        is_overdue=is_waiting(decision, chart) and due < chart.today,
        by=chart.names[decision.recorded_by_id],
        verdicts=[a.verdict_text for a in decision.frozen],
        grounds=grounds,
        change_count=sum(len(ground.criteria) for ground in grounds),
        answers=[_answer(row, chart) for row in decision.answers[::-1]],
        seen=seen,
        is_answered=_is_answered(decision, seen, unanswered),
        changed_back="; ".join(c["text"] for c in unanswered[-1].changes) if unanswered and not changes else "",
        changed_rows=frozenset((change.guideline_id, change.row_id) for change in changes),
    )


def _is_answered(decision: BoardDecision, seen: str, unanswered: list[DecisionNotice]) -> bool:
    """What was answered and has come back since is open again."""
    return not unanswered and any(answers_changes(row) and row.changes_digest == seen for row in decision.answers)


def _answer(row: DecisionFollowUp, chart: Chart) -> Answer:
    return Answer(row, chart.names[row.recorded_by_id], chart.names.get(row.assignee_id, ""))


def _grounds(changes: list[Change]) -> list[ChangedGround]:
    """By what reads otherwise; the same criterion of several rule sets is one line that names them."""
    by_values: dict[tuple[Difference, ...], dict[str, list[str]]] = {}
    for change in changes:
        sets = by_values.setdefault(change.differences, {})
        sets.setdefault(f"{change.title}: {change.states}", []).append(change.guideline_id)
    return [
        ChangedGround([_of_sets(said, ids) for said, ids in criteria.items()], [_typeset(d) for d in found])
        for found, criteria in by_values.items()
    ]


def _of_sets(said: str, ids: list[str]) -> str:
    named = list(dict.fromkeys(ids))
    more = f" and {len(named) - SETS_NAMED} more" if len(named) > SETS_NAMED else ""
    return f"{said} ({', '.join(named[:SETS_NAMED])}{more})"


def _typeset(found: Difference) -> Difference:
    return Difference(found.subject, words.typeset(found.before), words.typeset(found.after))
