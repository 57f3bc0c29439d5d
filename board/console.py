"""What the chair's console shows of the cases: the agenda and what is recorded, the case that is open, the clock."""

import datetime as dt
from dataclasses import dataclass
from functools import cached_property

from django.utils import timezone

from board.chain import link_of, verification_code
from board.domain.running import Ending, ending
from board.meeting_clock import is_another_day
from board.minutes import has_unsigned_draft, unrecorded
from board.models import AgendaItem, BoardDecision, DecisionDraft, Meeting, PrivateNote, ScreenState
from board.screen import screen_of
from board.screen_agenda import agenda_of
from board.screen_state import seconds_of, view_of
from patients import reads
from patients.models import Patient
from patients.selectors import visible_patients

_I = AgendaItem.State


@dataclass(frozen=True)
class Line:
    """One case of the agenda. ``mark`` and ``status`` say the same, as a shape and as words."""

    number: int
    item: AgendaItem
    mark: str
    status: str
    is_visible: bool
    is_opened: bool
    is_shown: bool


class Console:
    """Of one meeting, for one person. ``asked``: the case whose form is open; without it the one the room sees."""

    def __init__(self, meeting: Meeting, user, asked: str = ""):
        self.meeting, self.user, self.asked = meeting, user, asked
        self.screen = screen_of(meeting)

    @cached_property
    def agenda(self) -> list[AgendaItem]:
        return agenda_of(self.meeting)

    @cached_property
    def visible(self) -> set:
        listed = [item.patient_id for item in self.agenda]
        found = set(visible_patients(self.user).filter(pk__in=listed).values_list("pk", flat=True))
        reads.note_all(found)
        return found

    @cached_property
    def decisions(self) -> dict:
        """Agenda item -> the decision that stands for it."""
        current = BoardDecision.objects.current().filter(item__meeting=self.meeting)
        return {decision.item_id: decision for decision in current}

    @cached_property
    def opened(self) -> AgendaItem | None:
        """The case asked for, else the one on the screen, else the first without a record; only what may be seen."""
        mine = [item for item in self.agenda if item.patient_id in self.visible]
        asked = [item for item in mine if str(item.pk) == self.asked]
        shown = [item for item in mine if item.pk == self.screen.item_id]
        waiting = [item for item in mine if item.state == _I.LISTED]
        return next(iter([*asked, *shown, *waiting, *mine]), None)

    @cached_property
    def lines(self) -> list[Line]:
        return [self._line(number, item) for number, item in enumerate(self.agenda, start=1)]

    @cached_property
    def unrecorded(self) -> list[Line]:
        """What keeps the meeting open."""
        waiting = {item.pk for item in unrecorded(self.meeting)}
        return [line for line in self.lines if line.item.pk in waiting]

    @property
    def to_record(self) -> list[Line]:
        """Cases that are decided here or put off; those for noting are read by their reviewer."""
        return [line for line in self.lines if line.item.lane == AgendaItem.Lane.DISCUSS]

    @property
    def recorded_count(self) -> int:
        waiting = {line.number for line in self.unrecorded}
        return sum(line.number not in waiting for line in self.to_record)

    @property
    def noting_count(self) -> int:
        return len(self.agenda) - len(self.to_record)

    @property
    def is_another_day(self) -> bool:
        return is_another_day(self.meeting)

    @property
    def number(self) -> int:
        """Of the opened case."""
        return next((line.number for line in self.lines if line.is_opened), 0)

    @property
    def decision(self) -> BoardDecision | None:
        return self.decisions.get(self.opened.pk) if self.opened else None

    @property
    def verification(self) -> str:
        """The code under which the decision can be checked."""
        link = link_of(self.decision) if self.decision else None
        return verification_code(link) if link else ""

    @property
    def unsigned_draft(self) -> DecisionDraft | None:
        """What keeps the meeting open though the opened case was put off."""
        return self.opened.draft if self.opened and has_unsigned_draft(self.opened) else None

    @property
    def takes_decision(self) -> bool:
        return self.is_running and self.decision is None and self.opened is not None and self.opened.state == _I.LISTED

    @property
    def private_note(self) -> str:
        found = PrivateNote.objects.filter(item=self.opened, user=self.user).first()
        return found.text if found else ""

    @property
    def patient(self) -> Patient | None:
        return self.opened.patient if self.opened else None

    @property
    def ending(self) -> Ending:
        shown = next((item for item in self.agenda if self._is_timed(item)), None)
        current = (shown.minutes, seconds_of(self.screen)) if shown else None
        waiting = [item.minutes for item in self.agenda if item.state == _I.LISTED and item != shown]
        return ending(timezone.now(), self.planned_end, current=current, waiting=waiting)

    @property
    def planned_end(self) -> dt.datetime | None:
        """None where it is held on another day than planned: there is nothing to compare with."""
        if is_another_day(self.meeting):
            return None
        return self.meeting.starts_at + dt.timedelta(minutes=self.meeting.planned_minutes)

    @property
    def is_running(self) -> bool:
        return self.meeting.state == Meeting.State.RUNNING

    def _is_timed(self, item: AgendaItem) -> bool:
        is_shown = item.pk == self.screen.item_id and view_of(self.screen) in ScreenState.OF_A_CASE
        return is_shown and item.state == _I.LISTED

    def _line(self, number: int, item: AgendaItem) -> Line:
        is_shown = item.pk == self.screen.item_id and view_of(self.screen) in ScreenState.OF_A_CASE
        mark, status = self._state_of(item, is_shown)
        return Line(number, item, mark, status, item.patient_id in self.visible, item == self.opened, is_shown)

    def _state_of(self, item: AgendaItem, is_shown: bool) -> tuple[str, str]:
        if decision := self.decisions.get(item.pk):
            return "met", f"{decision.get_outcome_display()}, signed"
        if item.state == _I.POSTPONED:
            return "clock", "put off"
        if is_shown:
            return "", "on screen"
        if item.lane == AgendaItem.Lane.NOTING and item.reviewer.strip():
            return "met", f"looked at by {item.reviewer}"
        return "", "added late" if item.is_late else "waiting"
