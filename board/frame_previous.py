"""The last decision before this meeting, whether its ground still stands, and what became of it."""

from dataclasses import dataclass

from board import words
from board.chart import Chart
from board.criteria_view import own_keys
from board.decision_view import DecisionLine, decision_lines
from board.models import AgendaItem

MOST_VERDICTS = 2


@dataclass(frozen=True)
class Previous:
    outcome: str
    day: str
    text: str
    owner: str
    due: str
    is_overdue: bool
    happened: str
    verdicts: tuple[str, ...]
    changed: tuple[str, ...]


def previous(chart: Chart, item: AgendaItem) -> Previous | None:
    """The newest of before this listing; what is decided now stands at the foot."""
    earlier = [one for one in decision_lines(chart) if one.decision.item_id != item.pk]
    return _told(earlier[0], chart) if earlier else None


def _told(line: DecisionLine, chart: Chart) -> Previous:
    decision = line.decision
    own = own_keys()
    frozen = [a.verdict_text for a in decision.frozen if a.guideline_id in own]
    changed = [criterion for ground in line.grounds for criterion in ground.criteria]
    said = [words.typeset(text) for text in changed[:1]]
    more = [f"and {len(changed) - 1} more"] if len(changed) > 1 else []
    return Previous(
        outcome=decision.get_outcome_display(),
        day=line.day,
        text=decision.text,
        owner=decision.owner,
        due=line.due,
        is_overdue=line.is_overdue,
        happened=decision.happened.get_kind_display() if decision.happened else "",
        verdicts=tuple(frozen[:MOST_VERDICTS]),
        changed=(*said, *more),
    )
