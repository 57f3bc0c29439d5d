"""What was noticed under decisions: one event per patient and day, worst first, open until somebody answers."""

from collections.abc import Iterable

from django.utils import timezone

from board.decisions import DecisionState, digest_of
from board.domain.severity import severity
from board.models import BoardDecision, DayNotice, DecisionFollowUp, DecisionNotice
from eligibility.domain.comparison import Change
from patients.models import Patient


def answers_changes(row: DecisionFollowUp) -> bool:
    """To assign it to somebody is no answer yet."""
    return bool(row.changes_digest) and row.kind != DecisionFollowUp.Kind.ASSIGNED


def open_notices(decision: BoardDecision) -> list[DecisionNotice]:
    """Of a decision of a chart, oldest first: the rule of ``NoticeQuerySet.unanswered`` on rows at hand."""
    if decision.replaced_by is not None:
        return []
    answers = [row for row in decision.answers if answers_changes(row)]
    return [notice for notice in decision.news if not any(covers(row, notice) for row in answers)]


def covers(row: DecisionFollowUp, notice: DecisionNotice) -> bool:
    """Its author saw these changes, or came after them."""
    return row.changes_digest == notice.assessment_digest or row.recorded_at >= notice.noticed_at


def seen_digest(changes: Iterable[Change], unanswered: list[DecisionNotice]) -> str:
    """What an answer is about: the changes of now; where they have gone again, the notice that still stands open."""
    changes = list(changes)
    if changes:
        return digest_of(changes)
    return unanswered[-1].assessment_digest if unanswered else ""


def tell(patient: Patient, told: list[tuple[DecisionNotice, DecisionState]]) -> DayNotice:
    """Put new notices into the event of this local day; what was told earlier today stays in it.

    The caller holds the patient's row, so two readers of the news cannot make two events of one day.
    """
    now = timezone.now()
    day = timezone.localdate(now)
    event = DayNotice.objects.filter(patient=patient, day=day).first() or DayNotice(
        patient=patient, day=day, first_at=now
    )
    lines = merged(event.lines or [], [line for _, state in told for line in _lines(state)])
    event.lines, event.severity, event.last_at = lines, lines[0]["severity"], now
    event.decision_id = lines[0]["decision"]
    event.save()
    DecisionNotice.objects.filter(pk__in=[notice.pk for notice, _ in told]).update(event=event)
    return event


def merged(before: list[dict], new: list[dict]) -> list[dict]:
    """One line per criterion and decision, as told last; worst first, then as they came."""
    lines = {(line["decision"], line["guideline_id"], line["row_id"]): line for line in [*before, *new]}
    return sorted(lines.values(), key=lambda line: line["severity"])


def _lines(state: DecisionState) -> list[dict]:
    return [_line(state.decision, change) for change in state.changes]


def _line(decision: BoardDecision, change: Change) -> dict:
    return {
        "decision": str(decision.pk),
        "guideline_id": change.guideline_id,
        "row_id": change.row_id,
        "severity": int(severity(change)),
        "text": change.text,
        "cause": change.cause,
    }
