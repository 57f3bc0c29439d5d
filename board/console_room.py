"""Who is in the room, seat by seat in the order of the disciplines."""

from collections import Counter
from dataclasses import dataclass

from board.models import Attendance, Discipline, Meeting

_A = Attendance.State


@dataclass(frozen=True)
class Seat:
    row: Attendance
    label: str

    @property
    def is_present(self) -> bool:
        return self.row.state == _A.PRESENT

    @property
    def other_state(self) -> str:
        """What one press makes of it."""
        return (_A.LEFT if self.is_present else _A.PRESENT).value


def seats_of(meeting: Meeting) -> list[Seat]:
    """A discipline that only one person stands for needs no name."""
    order = {value: n for n, value in enumerate(Discipline.values)}
    rows = sorted(meeting.attendance.all(), key=lambda row: (order[row.discipline], row.name))
    people = Counter(row.discipline for row in rows)
    return [Seat(row, _label(row, people[row.discipline])) for row in rows]


def _label(row: Attendance, people: int) -> str:
    discipline = row.get_discipline_display()
    words = discipline[:1].upper() + discipline[1:]
    return words if people == 1 else f"{words}: {row.name}"
