"""Closing a meeting: its minutes are written, chained, never changed; a correction is a new version with a reason."""

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from board.chain import append_now
from board.meeting_rights import check_run, held_open
from board.meetings import open_items
from board.minutes_content import minutes_content
from board.models import AgendaItem, Meeting, Minutes
from board.screen import show_closed
from board.watching import keep_watch
from patients.services import audit, snapshot

MINUTES = "minutes"
NOT_STARTED = "This meeting has not started: there is nothing to close. Start it first."


class StillOpen(ValidationError):
    """Cases that were listed and have neither a decision, a postponement nor, for noting, a reviewer."""

    def __init__(self, items: list[AgendaItem]):
        self.items = items
        super().__init__([sentence_of(item) for item in items])


def sentence_of(item: AgendaItem) -> str:
    if item.lane == AgendaItem.Lane.NOTING:
        return f"Case {item.patient.case_number} is for noting and has no reviewer: name one, decide it or put it off."
    return f"Case {item.patient.case_number} has no decision: record one, or put it off with a reason."


def unrecorded(meeting: Meeting) -> list[AgendaItem]:
    """What keeps the meeting open. A case for noting is recorded once somebody is named who has looked at it."""
    noting = AgendaItem.Lane.NOTING
    return [item for item in open_items(meeting) if not (item.lane == noting and item.reviewer.strip())]


@transaction.atomic
def close_meeting(*, by, meeting: Meeting) -> Minutes:
    """Closed a second time it gives the minutes that stand. Raises PermissionDenied, StillOpen, ValidationError."""
    check_run(by)
    if standing := standing_minutes(Meeting.objects.select_for_update().get(pk=meeting.pk)):
        return standing
    meeting = held_open(meeting)
    if meeting.state != Meeting.State.RUNNING:
        raise ValidationError(NOT_STARTED)
    if left := unrecorded(meeting):
        raise StillOpen(left)
    before = snapshot(meeting, ["state", "closed_at"])
    show_closed(meeting)
    meeting.state, meeting.closed_at = Meeting.State.CLOSED, timezone.now()
    meeting.save(update_fields=["state", "closed_at"])
    audit(by=by, action="close_meeting", obj=meeting, before=before, after=snapshot(meeting, ["state", "closed_at"]))
    content = minutes_content(meeting, by=by, today=timezone.localdate(meeting.closed_at))
    for item in meeting.items.select_related("patient"):
        keep_watch(item.patient)
    return write_minutes(by=by, meeting=meeting, content=content)


def write_minutes(*, by, meeting: Meeting, content: dict, version: int = 1, reason: str = "") -> Minutes:
    """One version, and its link in the chain; the caller holds the meeting."""
    row = Minutes(meeting=meeting, version=version, content=content, amendment_reason=reason, recorded_by=by)
    row.full_clean(exclude=["meeting", "recorded_by"])
    row.save(force_insert=True)
    append_now(by=by, kind=MINUTES, obj=row)
    audit(by=by, action="write_minutes", obj=row, after={"meeting": str(meeting.pk), "version": version}, reason=reason)
    return row


def standing_minutes(meeting: Meeting) -> Minutes | None:
    """The newest version."""
    return meeting.minutes.order_by("-version").first()
