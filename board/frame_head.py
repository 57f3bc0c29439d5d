"""What stands at the top and at the foot of every view of a case. No name: initials, case number and year of birth."""

import datetime as dt
from dataclasses import dataclass

from board import words
from board.chart import Chart
from board.decision_form import DAYS
from board.models import AgendaItem, BoardDecision, DecisionDraft, NextStep, ScreenState
from board.screen_agenda import Place

# Three lines at 6 % of the height of a 4:3 screen; a longer question is set smaller so that no word is cut.
LONG_QUESTION = 100


@dataclass(frozen=True)
class Head:
    """``initials``: "" where nobody entered them. ``born``: the year, "" where not even the year is certain.
    ``asked``: that images of the case are in question, "" where none are; it takes the room of the place on the agenda.
    """

    initials: str
    case_number: str
    born: str
    position: int
    count: int
    is_for_noting: bool
    tumour: str
    ki67: str
    question: str
    asked: str = ""

    @property
    def is_long(self) -> bool:
        return len(self.question) > LONG_QUESTION


@dataclass(frozen=True)
class Line:
    """The sentence the room agrees on, or has agreed on. ``label`` says which."""

    label: str
    outcome: str
    text: str
    detail: str


def head_of(chart: Chart, item: AgendaItem, place: Place) -> Head:
    born = chart.patient.birth_span
    question = item.question or (chart.question.text if chart.question else "")
    return Head(
        initials=chart.patient.initials,
        case_number=chart.patient.case_number,
        born=str(born[0].year) if born and born[0].year == born[1].year else "",
        position=place.position,
        count=place.count,
        is_for_noting=item.lane == AgendaItem.Lane.NOTING,
        tumour=words.tumour(chart.diagnosis, chart.grade),
        ki67=words.ki67_change(chart.specimens),
        question=question or "No question recorded",
        asked=words.IMAGES_ASKED if chart.images_asked else "",
    )


def line_of(item: AgendaItem, state: ScreenState, chart: Chart) -> Line | None:
    """The signed decision of this meeting; else the saved draft, only while the chair shows it."""
    signed = [d for d in chart.decisions if d.item_id == item.pk and d.replaced_by is None]
    if signed:
        return _signed(signed[-1])
    if state.item_id != item.pk or not state.shows_sentence:
        return None
    draft = DecisionDraft.objects.filter(item=item).first()
    return _proposed(draft.content) if draft and draft.content.get("text") else None


def _signed(decision: BoardDecision) -> Line:
    step = decision.get_next_step_display() if decision.next_step else ""
    return Line(
        "Decided", decision.get_outcome_display(), decision.text, _detail(step, decision.owner, _by(decision.due_date))
    )


def _proposed(content: dict) -> Line:
    outcome = dict(BoardDecision.Outcome.choices).get(content.get("outcome", ""), "")
    step = dict(NextStep.choices).get(content.get("next_step", ""), "")
    return Line("Proposed", outcome, content["text"], _detail(step, content.get("owner", ""), _when(content)))


def _when(content: dict) -> str:
    """The day, else the interval it will follow from: nobody agrees to a sentence without its date."""
    try:
        return _by(dt.date.fromisoformat(str(content.get("due_date", ""))))
    except ValueError:
        days = content.get("interval_days")
    return f"within {DAYS.get(days, f'{days} days')}" if isinstance(days, int) else ""


def _by(due: dt.date | None) -> str:
    return f"by {words.day_words((due, due))}" if due else ""


def _detail(step: str, owner: str, when: str) -> str:
    return " · ".join(part for part in (step, owner, when) if part)
