"""Each case of an agenda with how fresh its data are, where else it is listed, and what became of it."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils import timezone

from board.chart import Chart
from board.domain.agenda import Plan, Slot
from board.domain.minimum_data import Point
from board.freshness_mail import mail_link
from board.gate import Readiness, readiness_of
from board.guarded import guarded
from board.listings import listings
from board.models import AgendaItem, BoardDecision, CaseQuestion, Meeting, PrivateNote
from board.proposals import AMBER_FROM

MAIN = ("histology", "labs", "sstr", "fdg")
_ENDINGS = {1: "st", 2: "nd", 3: "rd"}
_I, _L = AgendaItem.State, AgendaItem.Lane


@dataclass(frozen=True)
class ItemLine:
    """``number`` 0: not counted, because it was put off. ``data`` None: not looked at, or it could not be read."""

    item: AgendaItem
    number: int
    data: Readiness | None
    also_on: list[Meeting]
    mail: str
    break_after: Slot | None
    decision: BoardDecision | None
    private_note: str

    @property
    def dots(self) -> list[Point]:
        return [point for point in self.data.points if point.key in MAIN] if self.data else []

    @property
    def others(self) -> list[Point]:
        """What else is open, beyond the dots and the question."""
        shown = {*MAIN, "question"}
        return [point for point in self.data.open_points if point.key not in shown] if self.data else []

    @property
    def is_listed(self) -> bool:
        return self.item.state == _I.LISTED

    @property
    def lacks_question(self) -> bool:
        return not self.item.question

    @property
    def lacks_reviewer(self) -> bool:
        return self.item.lane == _L.NOTING and not self.item.reviewer

    @property
    def is_postponed_often(self) -> bool:
        return self.item.times_postponed >= AMBER_FROM

    @property
    def times_words(self) -> str:
        """ "2nd": which listing in a row this is."""
        number = self.item.times_postponed + 1
        return f"{number}{_ENDINGS.get(number, 'th')}"


class AgendaLines:
    """Reads for all cases of an agenda together what can be read together."""

    def __init__(self, meeting: Meeting, items: list[AgendaItem], timed: Plan, numbers: dict, user):
        self.meeting, self.items, self.timed, self.numbers = meeting, items, timed, numbers
        self.elsewhere = _elsewhere(meeting, items)
        self.addresses = _addresses(items)
        self.decided = {row.item_id: row for row in BoardDecision.objects.filter(item__in=items, superseded_by=None)}
        self.notes = dict(PrivateNote.objects.filter(item__in=items, user=user).values_list("item", "text"))

    def lines(self) -> list[ItemLine]:
        return [self._line(item) for item in self.items]

    def _line(self, item: AgendaItem) -> ItemLine:
        data = self._data(item)
        return ItemLine(
            item=item,
            number=self.numbers[item.pk],
            data=data,
            also_on=self.elsewhere.get(item.patient_id, []),
            mail=self._mail(item, data.open_points if data else []),
            break_after=self._break_after(item),
            decision=self.decided.get(item.pk),
            private_note=self.notes.get(item.pk, ""),
        )

    def _data(self, item: AgendaItem) -> Readiness | None:
        """One chart for a case that is still to be discussed; of the others what was stored stands."""
        if item.state != _I.LISTED or not self.meeting.is_open:
            return None
        found = guarded("minimum data", _ready, item)
        return found if isinstance(found, Readiness) else None

    def _mail(self, item: AgendaItem, points: list[Point]) -> str:
        return mail_link(self.meeting, item.patient.case_number, points, to=self.addresses.get(item.patient_id, ""))

    def _break_after(self, item: AgendaItem) -> Slot | None:
        is_planned = item.lane == _L.DISCUSS and self.meeting.started_at is None
        return self.timed.break_after(self.numbers[item.pk]) if is_planned else None


def _ready(item: AgendaItem) -> Readiness:
    return readiness_of(Chart(item.patient, timezone.localdate()), lane=item.lane, question=item.question)


def numbered(items: Iterable[AgendaItem]) -> dict:
    """Counted from 1 in each lane, by id; a case that was put off has 0."""
    numbers, last = {}, dict.fromkeys(_L.values, 0)
    for item in items:
        last[item.lane] += item.state != _I.POSTPONED
        numbers[item.pk] = 0 if item.state == _I.POSTPONED else last[item.lane]
    return numbers


def _elsewhere(meeting: Meeting, items: list[AgendaItem]) -> dict:
    found: dict = {}
    others = listings().exclude(meeting=meeting).filter(patient__in=[item.patient_id for item in items])
    for other in others.select_related("meeting").order_by("meeting__starts_at"):
        found.setdefault(other.patient_id, []).append(other.meeting)
    return found


def _addresses(items: list[AgendaItem]) -> dict:
    """Of who asked the board last about each case."""
    rows = CaseQuestion.objects.filter(patient__in=[item.patient_id for item in items]).order_by("recorded_at")
    return {patient: email for patient, email in rows.values_list("patient", "recorded_by__email") if email}
