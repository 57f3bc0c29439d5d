"""The quorum of a meeting, line by line: the chair, and each group with who stands for it or why nobody does."""

from collections.abc import Iterable
from dataclasses import dataclass

from board.meetings import COMING
from board.models import Attendance, Discipline, Meeting


@dataclass(frozen=True)
class QuorumLine:
    """``why_not``: "" where somebody stands for it; else "apology", "left", "not there yet" or "nobody sits for it"."""

    label: str
    why_not: str


def quorum_lines(meeting: Meeting, seats: Iterable[Attendance]) -> list[QuorumLine]:
    """Before the start by who is expected, afterwards by who is there."""
    counting = (Attendance.State.PRESENT,) if meeting.started_at else COMING
    seats = list(seats)
    lines = [QuorumLine("Chair", _why_not([seat for seat in seats if seat.is_chair], counting))]
    for group in meeting.quorum:
        label = " or ".join(Discipline(word).label for word in group)
        own = [seat for seat in seats if seat.discipline in group]
        lines.append(QuorumLine(label[:1].upper() + label[1:], _why_not(own, counting)))
    return lines


def _why_not(seats: list[Attendance], counting) -> str:
    if any(seat.state in counting for seat in seats):
        return ""
    if not seats:
        return "nobody sits for it"
    states = {seat.state for seat in seats}
    for state in (Attendance.State.EXPECTED, Attendance.State.LEFT, Attendance.State.APOLOGY):
        if state in states:
            return "not there yet" if state == Attendance.State.EXPECTED else state.label
    return "not there"
