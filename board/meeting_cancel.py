"""Cancelling a meeting that has not begun: its cases are taken off, and its day is a date of none of them any more."""

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from board.agenda import set_state
from board.agenda_version import next_version
from board.meeting_grants import close_to_members
from board.meeting_rights import check_prepare, held_item
from board.models import AgendaItem, Meeting
from board.watching import keep_watch
from patients.services import audit, snapshot

_I = AgendaItem.State
RUNNING = "This meeting is running: close it, with every case decided or put off."
SIGNED = "A decision of this meeting is signed: start and close it instead, so that its minutes are written."
CLOSED = "This meeting was held and is closed."
NO_REASON = "Say why it is cancelled: its cases have only this line."


@transaction.atomic
def cancel_meeting(*, by, meeting: Meeting, reason: str) -> Meeting:
    """Cases that are not shared with ``by`` are taken off as well. A second time changes nothing.

    Raises PermissionDenied, ValidationError.
    """
    check_prepare(by)
    meeting, reason = Meeting.objects.select_for_update().get(pk=meeting.pk), reason.strip()
    if meeting.is_cancelled:
        return meeting
    _refuse(meeting, reason)
    for item in meeting.items.filter(state=_I.LISTED).select_related("meeting").order_by("patient_id"):
        _take_off(by, item, reason)
    before = snapshot(meeting, ["state", "closed_at"])
    meeting.state, meeting.closed_at = Meeting.State.CLOSED, timezone.now()
    meeting.save(update_fields=["state", "closed_at"])
    next_version(meeting, by)
    after = snapshot(meeting, ["state", "closed_at"])
    audit(by=by, action="cancel_meeting", obj=meeting, before=before, after=after, reason=reason)
    return meeting


def _refuse(meeting: Meeting, reason: str) -> None:
    if meeting.state == Meeting.State.CLOSED:
        raise ValidationError(CLOSED)
    if meeting.state == Meeting.State.RUNNING:
        raise ValidationError(RUNNING)
    if meeting.items.filter(state=_I.DISCUSSED).exists():
        raise ValidationError(SIGNED)
    if not reason:
        raise ValidationError({"reason": NO_REASON})


def _take_off(by, item: AgendaItem, reason: str) -> None:
    item = held_item(item)
    set_state(by, item, _I.REMOVED, reason, "take_off")
    close_to_members(by=by, meeting=item.meeting, patient=item.patient, reason="the meeting was cancelled")
    keep_watch(item.patient)
