"""Whether a case is ready for a meeting, and what a coordinator says where it is not and is listed all the same."""

from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.utils import timezone

from board.case_data import case_points, pre_read_by
from board.chart import Chart
from board.domain.minimum_data import Point, refusing
from board.models import AgendaItem
from patients.models import Patient

REASON_LENGTH = 300


class NotReady(Exception):
    """Minimum data are missing and nobody has said why the case is listed all the same. ``points``: what is missing."""

    def __init__(self, points: list[Point]):
        super().__init__("; ".join(point.why for point in points))
        self.points = points


@dataclass(frozen=True)
class Readiness:
    """``refusing``: what asks for a reason. ``pre_read_by``: who signed the reading of the newest SSTR scan, or ""."""

    points: tuple[Point, ...]
    refusing: list[Point]
    pre_read_by: str
    question: str
    question_id: str

    @property
    def open_points(self) -> list[Point]:
        return [point for point in self.points if point.is_open]


def readiness(patient: Patient, *, lane: str, question: str = "") -> Readiness:
    """One chart. ``question``: of the agenda, where it differs from the one on the case."""
    chart = Chart(patient, timezone.localdate())
    return readiness_of(chart, lane=lane, question=question)


def readiness_of(chart: Chart, *, lane: str, question: str = "") -> Readiness:
    asked = chart.question
    text = question.strip() or (asked.text if asked else "")
    points = case_points(chart, question=text)
    is_noting = lane == AgendaItem.Lane.NOTING
    return Readiness(
        points,
        refusing(points, is_noting=is_noting),
        pre_read_by(chart),
        text,
        str(asked.pk) if asked else "",
    )


def pass_gate(found: Readiness, reason: str) -> list[str]:
    """What was missing, kept with the listing. Raises NotReady without a reason, ValidationError for a long one."""
    if len(reason) > REASON_LENGTH:
        raise ValidationError({"reason": f"A reason has at most {REASON_LENGTH} characters."})
    if found.refusing and not reason:
        raise NotReady(found.refusing)
    return [point.why for point in found.refusing]
