"""What became of recommendations: those that wait for a word, who owns them, and how many were followed."""

import datetime as dt
import uuid
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from board.chart import Chart
from board.decision_view import DecisionLine, decision_lines
from board.domain.adherence import Adherence, Recommendation, Told, adherence
from board.models import BoardDecision, DecisionFollowUp, NextStep
from board.patient_filters import count_words, counted
from patients import reads
from patients.selectors import in_visible_chart

PAGE_SIZE = 50
STATUSES = {
    "": "pending",
    DecisionFollowUp.Kind.DONE: "done",
    DecisionFollowUp.Kind.PARTLY: "partly done",
    DecisionFollowUp.Kind.NOT_DONE: "not done",
}


@dataclass(frozen=True)
class Line:
    """``late``: days past the due day, None where it is not due or has none."""

    decision: BoardDecision
    status: str
    reason: str
    told_on: dt.date | None
    late: int | None

    @property
    def words(self) -> str:
        return STATUSES[self.status]


@dataclass(frozen=True)
class FollowThrough:
    waiting: list[Line]
    told: list[Line]
    has_more: bool
    overdue: str
    adherence: Adherence


def follow_through(user, *, today: dt.date) -> FollowThrough:
    """Waiting ones the most overdue first; told ones the newest word first."""
    mine = BoardDecision.objects.filter(in_visible_chart(user))
    waiting = list(_rows(mine.waiting()).order_by("due_date", "decided_on")[: PAGE_SIZE + 1])
    words = DecisionFollowUp.objects.filter(decision=OuterRef("pk"), kind__in=DecisionFollowUp.OUTCOMES)
    done = _rows(mine.filter(Exists(words))).order_by("-decided_on")
    told = [line(decision, today) for decision in done[:PAGE_SIZE]]
    told.sort(key=lambda one: one.told_on or dt.date.min, reverse=True)
    reads.note_all([*waiting[:PAGE_SIZE], *(one.decision for one in told)])
    return FollowThrough(
        waiting=[line(decision, today) for decision in waiting[:PAGE_SIZE]],
        told=told,
        has_more=len(waiting) > PAGE_SIZE,
        overdue=overdue_decisions(user, today=today),
        adherence=adherence(recommendations(mine), today),
    )


def overdue_decisions(user, *, today: dt.date) -> str:
    late = BoardDecision.objects.waiting().filter(in_visible_chart(user), due_date__lt=today)
    return count_words(counted(late))


def recommendations(decisions: QuerySet[BoardDecision]) -> list[Recommendation]:
    return [one for of_one in recommendations_by_patient(decisions).values() for one in of_one]


def recommendations_by_patient(decisions: QuerySet[BoardDecision]) -> dict[uuid.UUID, list[Recommendation]]:
    """Signed decisions that ask for something; of an amended one only the newest version."""
    asking = decisions.exclude(next_step=NextStep.NOTHING)
    newest = asking.filter(Q(superseded_by=None) | Q(superseded_by__amendment_reason=""))
    found: dict[uuid.UUID, list[Recommendation]] = {}
    for decision in _rows(newest).select_related("superseded_by"):
        found.setdefault(decision.patient_id, []).append(_recommendation(decision))
    return found


def _recommendation(decision: BoardDecision) -> Recommendation:
    later = getattr(decision, "superseded_by", None)
    told = tuple(Told(timezone.localdate(row.recorded_at), row.kind) for row in _outcomes(decision))
    return Recommendation(decision.decided_on, told, later.decided_on if later else None)


def _rows(decisions: QuerySet[BoardDecision]) -> QuerySet[BoardDecision]:
    return decisions.select_related("patient").prefetch_related("follow_ups")


def _outcomes(decision: BoardDecision) -> list[DecisionFollowUp]:
    return sorted((row for row in decision.follow_ups.all() if row.tells_outcome), key=lambda row: row.recorded_at)


def line(decision: BoardDecision, today: dt.date) -> Line:
    last = next(reversed(_outcomes(decision)), None)
    late = (today - decision.due_date).days if decision.due_date else None
    return Line(
        decision,
        last.kind if last else "",
        last.reason if last else "",
        timezone.localdate(last.recorded_at) if last else None,
        late if late is not None and late > 0 else None,
    )


def chart_line(decision: BoardDecision, today: dt.date) -> DecisionLine:
    """With what has changed under it: whoever says what happened has seen that."""
    found = decision_lines(Chart(decision.patient, today))
    return next(one for one in found if one.decision.pk == decision.pk)
