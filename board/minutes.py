"""Closing a meeting: its minutes are written, chained, never changed; a correction is a new version with a reason."""

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from board.chain import append_now
from board.meeting_rights import check_run, held_open
from board.minutes_content import minutes_content
from board.models import AgendaItem, Meeting, Minutes
from board.screen import show_closed
from board.screen_agenda import agenda_of
from board.watching import keep_watch
from patients.services import audit, snapshot

_I = AgendaItem.State
MINUTES = "minutes"
NOT_STARTED = "This meeting has not started: there is nothing to close. Start it first."


class StillOpen(ValidationError):
    """Cases with a draft that nobody signed, or without a decision, a postponement and, for noting, a reviewer."""

    def __init__(self, items: list[AgendaItem]):
        self.items = items
        super().__init__([sentence_of(item) for item in items])


def sentence_of(item: AgendaItem) -> str:
    if has_unsigned_draft(item):
        return f"Case {item.patient.case_number} has an unsigned draft: sign it, or clear it."
    if item.lane == AgendaItem.Lane.NOTING:
        return f"Case {item.patient.case_number} is for noting and has no reviewer: name one, decide it or put it off."
    return f"Case {item.patient.case_number} has no decision: record one, or put it off with a reason."


def unrecorded(meeting: Meeting) -> list[AgendaItem]:
    """What keeps the meeting open. A case for noting is recorded once somebody is named who has looked at it."""
    items = agenda_of(meeting)
    return [item for item in items if has_unsigned_draft(item) or (item.state == _I.LISTED and not _is_noted(item))]


def _is_noted(item: AgendaItem) -> bool:
    return item.lane == AgendaItem.Lane.NOTING and bool(item.reviewer.strip())


def has_unsigned_draft(item: AgendaItem) -> bool:
    """Somebody has written an outcome or a text, and it would be dropped unseen."""
    draft = getattr(item, "draft", None)
    if draft is None or not draft.version or item.state not in (_I.LISTED, _I.POSTPONED):
        return False
    return bool(draft.content.get("outcome") or draft.content.get("text", "").strip())


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
