"""The order in which the room sees the cases of a meeting: to discuss first, then for noting."""

from dataclasses import dataclass

from board.models import AgendaItem, Meeting


@dataclass(frozen=True)
class Place:
    """``position`` counts from 1; 0 while no case has been shown."""

    position: int
    count: int


def agenda_of(meeting: Meeting) -> list[AgendaItem]:
    """Every case that was not taken off; a postponed one keeps its number."""
    found = meeting.items.exclude(state=AgendaItem.State.REMOVED).select_related("patient", "draft")
    return list(found.order_by("lane", "position", "added_at"))


def place_of(agenda: list[AgendaItem], item_id) -> Place:
    numbers = {item.pk: n for n, item in enumerate(agenda, start=1)}
    return Place(numbers.get(item_id, 0), len(agenda))


def after(agenda: list[AgendaItem], item_id) -> AgendaItem | None:
    """The next case that is not postponed; the first of all where none has been shown."""
    start = place_of(agenda, item_id).position
    return next((item for item in agenda[start:] if _is_open(item)), None)


def before(agenda: list[AgendaItem], item_id) -> AgendaItem | None:
    end = max(place_of(agenda, item_id).position - 1, 0)
    return next((item for item in agenda[:end][::-1] if _is_open(item)), None)


def following(agenda: list[AgendaItem], item_id, number: int) -> list[AgendaItem]:
    """The cases that come next, for fetching them ahead of time."""
    start = place_of(agenda, item_id).position
    return [item for item in agenda[start:] if _is_open(item)][:number]


def _is_open(item: AgendaItem) -> bool:
    return item.state != AgendaItem.State.POSTPONED
