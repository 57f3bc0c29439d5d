"""A listed case that whoever runs the meeting may not see: put off or taken off by its number, without being shown."""

from django.core.exceptions import ValidationError
from django.db import transaction

from board.agenda import set_state
from board.agenda_version import check_version, next_version
from board.meeting_rights import check_run, held_item, held_open
from board.models import AgendaItem, Meeting
from board.screen_agenda import agenda_of
from board.watching import keep_watch
from patients.selectors import visible_patients

_I = AgendaItem.State
ACTIONS = {_I.POSTPONED.value: "postpone", _I.REMOVED.value: "take_off"}


@transaction.atomic
def settle_unseen(*, by, meeting: Meeting, number: int, seen_version: int, to: str, reason: str) -> None:
    """``number``: on the agenda of version ``seen_version``, from 1. ``to``: "postponed" or "removed".

    Raises PermissionDenied, ValidationError, AgendaConflict.
    """
    check_run(by)
    meeting = held_open(meeting)
    check_version(meeting, seen_version)
    if to not in ACTIONS:
        raise ValidationError("Put it off or take it off.")
    if not reason.strip():
        raise ValidationError({"reason": "Say why: whoever sees the case has only this line."})
    item = held_item(_numbered(by, meeting, number))
    if item.state != _I.LISTED:
        raise ValidationError(f"Case {number} of the agenda is {item.get_state_display()} already.")
    set_state(by, item, to, reason.strip(), ACTIONS[to])
    if to == _I.REMOVED:
        next_version(item.meeting, by)
    keep_watch(item.patient)


def _numbered(by, meeting: Meeting, number: int) -> AgendaItem:
    agenda = agenda_of(meeting)
    if not 1 <= number <= len(agenda):
        raise ValidationError("There is no such case on this agenda.")
    item = agenda[number - 1]
    if visible_patients(by).filter(pk=item.patient_id).exists():
        raise ValidationError("This case is yours to see: open it first.")
    return item
