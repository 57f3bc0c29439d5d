"""The rows of the watch list under their headings, in the order in which they ask for somebody."""

from collections.abc import Iterable
from dataclasses import dataclass

from board.domain.due import Level
from board.domain.watch_care import CareState
from board.watch_list import WatchRow


@dataclass(frozen=True)
class Heading:
    key: str
    title: str
    icon: str
    tone: str


HEADINGS = {
    found.key: found
    for found in (
        Heading("lost", "Without a next date", "stop", "not-met"),
        Heading("agenda", "Overdue by 60 days or more: proposed for the next agenda by itself", "not-met", "not-met"),
        Heading("overdue", "Overdue", "not-met", "not-met"),
        Heading("due", "Due", "caution", "caution"),
        Heading("soon", "Due within 30 days", "clock", "information"),
        Heading("booked", "Booked", "flag", "information"),
        Heading("later", "Later", "clock", "information"),
    )
}
_BY_LEVEL = {
    Level.NO_DATE: "lost",
    Level.AGENDA: "agenda",
    Level.OVERDUE: "overdue",
    Level.DUE: "due",
    Level.SOON: "soon",
    Level.LATER: "later",
}


@dataclass(frozen=True)
class Group:
    heading: Heading
    rows: list[WatchRow]


def grouped(rows: Iterable[WatchRow]) -> list[Group]:
    """Worst first; inside a group the order of the list stays."""
    rows = list(rows)
    by_key = {key: [row for row in rows if heading_of(row) == key] for key in HEADINGS}
    return [Group(HEADINGS[key], found) for key, found in by_key.items() if found]


def heading_of(row: WatchRow) -> str:
    """Booked is quiet only while nothing about the case is due."""
    is_booked = row.care is not None and row.care.care.state is CareState.BOOKED
    return "booked" if is_booked and row.level <= Level.SOON else _BY_LEVEL[row.level]
