"""The agenda as it is arranged: order and lanes, minutes, question and reviewer, and the freeze."""

import uuid
from collections.abc import Sequence

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from board.agenda_version import check_version, next_version
from board.domain.agenda import Weighed, hard_first
from board.meeting_grants import on_agenda
from board.meeting_rights import check_case, check_prepare, held_item, held_open
from board.models import AgendaItem, Meeting
from patients.services import audit, snapshot

_I, _L = AgendaItem.State, AgendaItem.Lane
MOST_MINUTES = 120
EDITED = ["minutes", "question", "reviewer"]


@transaction.atomic
def arrange(*, by, meeting: Meeting, seen_version: int, discuss: Sequence[str], noting: Sequence[str]) -> Meeting:
    """Put the cases named (ids of items) into their lanes in this order, after those discussed and before all others.

    Raises PermissionDenied, AgendaConflict, ValidationError for an id that is not on this agenda.
    """
    check_prepare(by)
    meeting = held_open(meeting)
    check_version(meeting, seen_version)
    items = {str(item.pk): item for item in on_agenda(meeting).order_by("lane", "position", "added_at")}
    named = [str(key) for key in (*discuss, *noting)]
    movable = {key for key, item in items.items() if item.state == _I.LISTED}
    if len(set(named)) != len(named) or not set(named) <= movable:
        raise ValidationError("The order names a case that is not open on this agenda, or one twice.")
    for lane, keys in ((_L.DISCUSS, discuss), (_L.NOTING, noting)):
        others = [item for key, item in items.items() if key not in named and item.lane == lane]
        done = [item for item in others if item.state == _I.DISCUSSED]
        left = sorted((item for item in others if item not in done), key=lambda item: item.state != _I.LISTED)
        _place(by, lane, [*done, *(items[str(key)] for key in keys), *left])
    next_version(meeting, by)
    return meeting


def _place(by, lane: str, items: list[AgendaItem]) -> None:
    for position, item in enumerate(items, 1):
        if (item.lane, item.position) == (lane, position):
            continue
        before = snapshot(item, ["lane", "position"])
        item.lane, item.position = lane, position
        item.save(update_fields=["lane", "position"])
        audit(by=by, action="arrange", obj=item, before=before, after=snapshot(item, ["lane", "position"]))


@transaction.atomic
def move(*, by, item: AgendaItem, seen_version: int, to: str) -> Meeting:
    """``to``: "up" or "down" by one among the cases of its lane, "discuss" or "noting" to the end of that lane."""
    keys = {lane: _keys(item.meeting, lane) for lane in _L.values}
    own, key = keys[item.lane], str(item.pk)
    if key not in own or to not in ("up", "down", *_L.values):
        raise ValidationError("This case cannot be moved there.")
    place = own.index(key)
    own.remove(key)
    if to in ("up", "down"):
        own.insert(max(0, place - 1) if to == "up" else place + 1, key)
    else:
        keys[to].append(key)
    return arrange(
        by=by, meeting=item.meeting, seen_version=seen_version, discuss=keys[_L.DISCUSS], noting=keys[_L.NOTING]
    )


@transaction.atomic
def put_hard_first(*, by, meeting: Meeting, seen_version: int, open_points: dict[uuid.UUID, int]) -> Meeting:
    """``open_points``: how many points of the minimum data are open, by item."""
    listed = _listed(meeting, _L.DISCUSS)
    weighed = [Weighed(str(item.pk), item.minutes, open_points.get(item.pk, 0)) for item in listed]
    noting = _keys(meeting, _L.NOTING)
    return arrange(by=by, meeting=meeting, seen_version=seen_version, discuss=hard_first(weighed), noting=noting)


def _listed(meeting: Meeting, lane: str):
    return meeting.items.filter(lane=lane, state=_I.LISTED).order_by("position", "added_at")


def _keys(meeting: Meeting, lane: str) -> list[str]:
    return [str(item.pk) for item in _listed(meeting, lane)]


@transaction.atomic
def edit_item(*, by, item: AgendaItem, seen_version: int, minutes: int, question: str, reviewer: str) -> AgendaItem:
    """Minutes, question and, for noting, the reviewer. A question can be changed, not taken away without a reason.

    Raises PermissionDenied, ValidationError, AgendaConflict.
    """
    check_prepare(by)
    check_case(by, item.patient)
    item = held_item(item)
    check_version(item.meeting, seen_version)
    if not 1 <= minutes <= MOST_MINUTES:
        raise ValidationError({"minutes": f"Give whole minutes from 1 to {MOST_MINUTES}."})
    if not question.strip() and not item.gate_reason:
        raise ValidationError({"question": "The board needs a question. To list a case without one, give a reason."})
    before = snapshot(item, EDITED)
    item.minutes, item.question, item.reviewer = minutes, question.strip(), reviewer.strip()
    item.clean_fields(exclude=["meeting", "patient", "added_by"])
    if before != (after := snapshot(item, EDITED)):
        item.save(update_fields=EDITED)
        audit(by=by, action="edit_item", obj=item, before=before, after=after)
        next_version(item.meeting, by)
    return item


@transaction.atomic
def freeze(*, by, meeting: Meeting, seen_version: int) -> Meeting:
    """Keep the agenda as it is; what is added later is marked. A second freeze changes nothing.

    Raises PermissionDenied, AgendaConflict, ValidationError.
    """
    check_prepare(by)
    meeting = held_open(meeting)
    if meeting.state != Meeting.State.PLANNED:
        return meeting
    check_version(meeting, seen_version)
    meeting.state, meeting.frozen_at = Meeting.State.FROZEN, timezone.now()
    meeting.snapshot = {
        "frozen_at": meeting.frozen_at.isoformat(),
        "version": meeting.version,
        "items": [_line(item) for item in on_agenda(meeting).order_by("lane", "position", "added_at")],
    }
    meeting.save(update_fields=["state", "frozen_at", "snapshot"])
    next_version(meeting, by)
    audit(by=by, action="freeze_agenda", obj=meeting, after={"frozen_at": meeting.snapshot["frozen_at"]})
    return meeting


def _line(item: AgendaItem) -> dict:
    return {
        "item": str(item.pk),
        "case_number": item.patient.case_number,
        "lane": item.lane,
        "position": item.position,
        "minutes": item.minutes,
        "question": item.question,
        "reviewer": item.reviewer,
        "why": item.why,
        "gate_missing": item.gate_missing,
        "gate_reason": item.gate_reason,
    }
