"""A meeting while it runs: its start, who is there, cases put off, notes, and what is still open."""

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from board.domain.quorum import Quorum, quorum
from board.meeting_rights import check_case, check_run, check_see, held_item, held_open
from board.models import AgendaItem, Attendance, Meeting, PrivateNote
from board.watching import keep_watch
from patients.services import Conflict, audit, snapshot

_A, _I = Attendance.State, AgendaItem.State
SEEN_THERE = (_A.PRESENT, _A.LEFT)
COMING = (_A.EXPECTED, _A.PRESENT)
NOTE_LENGTH = 4000
OFF = "This case is not on the agenda any more: nothing was noted."


class NoteConflict(Conflict):
    """The note was changed since the form was filled. ``theirs``: as it stands now."""

    def __init__(self, theirs: str):
        super().__init__("This note was changed meanwhile. Both texts are kept: choose.")
        self.theirs = theirs


@transaction.atomic
def start_meeting(*, by, meeting: Meeting, present: list[int] | None = None) -> Meeting:
    """Begin. ``present``: ids of the seats that are there; None: as at the last meeting of the series, to be corrected.

    A second start changes nothing. Raises PermissionDenied, ValidationError once the meeting is closed.
    """
    check_run(by)
    meeting = held_open(meeting)
    if meeting.state == Meeting.State.RUNNING:
        return meeting
    before = snapshot(meeting, ["state", "started_at"])
    meeting.state, meeting.started_at = Meeting.State.RUNNING, timezone.now()
    meeting.save(update_fields=["state", "started_at"])
    there = remembered(meeting) if present is None else set(present)
    for seat in meeting.attendance.filter(pk__in=there, state=_A.EXPECTED):
        _seat(by, seat, _A.PRESENT)
    audit(by=by, action="start_meeting", obj=meeting, before=before, after=snapshot(meeting, ["state", "started_at"]))
    return meeting


def remembered(meeting: Meeting) -> set[int]:
    """Seats whose people were at the last meeting of the series."""
    past = Meeting.objects.filter(series=meeting.series_id, starts_at__lt=meeting.starts_at, started_at__isnull=False)
    last = past.order_by("-starts_at").first() if meeting.series_id else None
    if last is None:
        return set()
    names = last.attendance.filter(state__in=SEEN_THERE).values("name")
    return set(meeting.attendance.filter(name__in=names).values_list("pk", flat=True))


@transaction.atomic
def set_attendance(*, by, meeting: Meeting, seat: int, state: str) -> Attendance:
    """Say whether one seat (its id) is there. Raises PermissionDenied, ValidationError."""
    check_run(by)
    meeting = held_open(meeting)
    if state not in _A.values:
        raise ValidationError({"state": "Choose expected, apology, present or left."})
    found = meeting.attendance.filter(pk=seat).first()
    if found is None:
        raise ValidationError({"seat": "There is no such seat at this meeting."})
    return found if found.state == state else _seat(by, found, state)


def _seat(by, seat: Attendance, state: str) -> Attendance:
    before = snapshot(seat, ["name", "state"])
    seat.state, seat.changed_at = state, timezone.now()
    seat.save(update_fields=["state", "changed_at"])
    audit(by=by, action="set_attendance", obj=seat, before=before, after=snapshot(seat, ["name", "state"]))
    return seat


@transaction.atomic
def postpone(*, by, item: AgendaItem, reason: str) -> AgendaItem:
    """Put a case off. It comes back as a proposal, counted; the day of this meeting is no next date of it any more.

    Put off twice it is put off once. Raises PermissionDenied, ValidationError.
    """
    check_run(by)
    check_case(by, item.patient)
    item, reason = held_item(item), reason.strip()
    if item.state == _I.POSTPONED:
        return item
    if item.state != _I.LISTED:
        raise ValidationError(f"This case is {item.get_state_display()}: it cannot be put off.")
    if not reason:
        raise ValidationError({"reason": "Say why it is put off: the next meeting has only this line."})
    before = snapshot(item, ["state", "state_reason"])
    item.state, item.state_reason = _I.POSTPONED, reason
    item.clean_fields(exclude=["meeting", "patient", "added_by"])
    item.save(update_fields=["state", "state_reason"])
    audit(by=by, action="postpone", obj=item, before=before, after=snapshot(item, ["state", "state_reason"]))
    keep_watch(item.patient)
    return item


def mark_discussed(item: AgendaItem) -> AgendaItem:
    """Its decision is signed. Called by signing, inside its transaction, which writes the trail and the watch state."""
    AgendaItem.objects.filter(pk=item.pk).exclude(state=_I.REMOVED).update(state=_I.DISCUSSED, state_reason="")
    item.refresh_from_db(fields=["state", "state_reason"])
    return item


@transaction.atomic
def write_note(*, by, item: AgendaItem, text: str, is_private: bool, base: str | None = None) -> None:
    """A note on a case: of one person, who alone reads it, or for the minutes.

    ``base``: the text that was written on from; None replaces whatever stands. Raises PermissionDenied,
    ValidationError, NoteConflict. The trail says that somebody wrote a private note, never what.
    """
    (check_see if is_private else check_run)(by)
    check_case(by, item.patient)
    item, text = held_item(item), _plain(text)
    if item.state == _I.REMOVED:
        raise ValidationError(OFF)
    if len(text) > NOTE_LENGTH:
        raise ValidationError({"text": f"A note has at most {NOTE_LENGTH} characters."})
    _refuse_other_base(base, text, note_text(item, by, is_private=is_private))
    if is_private:
        note, _ = PrivateNote.objects.update_or_create(item=item, user=by, defaults={"text": text})
        audit(by=by, action="write_private_note", obj=note, patient=item.patient)
    elif text != item.minuted:
        before = snapshot(item, ["minuted"])
        item.minuted = text
        item.save(update_fields=["minuted"])
        audit(by=by, action="write_note", obj=item, before=before, after=snapshot(item, ["minuted"]))


def note_text(item: AgendaItem, user, *, is_private: bool) -> str:
    """What stands: for the minutes, or the user's own."""
    if not is_private:
        return item.minuted
    return PrivateNote.objects.filter(item=item, user=user).values_list("text", flat=True).first() or ""


def _refuse_other_base(base: str | None, text: str, stands: str) -> None:
    if base is not None and _plain(base) != _plain(stands) != text:
        raise NoteConflict(stands)


def _plain(text: str) -> str:
    """A form sends other line ends than a script."""
    return text.replace("\r\n", "\n").strip()


def quorum_of(meeting: Meeting) -> Quorum:
    """Of those who are present now."""
    return _quorum(meeting, (_A.PRESENT,))


def expected_quorum(meeting: Meeting) -> Quorum:
    """As it would be if everybody came who has not sent an apology."""
    return _quorum(meeting, COMING)


def _quorum(meeting: Meeting, states: tuple[str, ...]) -> Quorum:
    here = [seat for seat in meeting.attendance.all() if seat.state in states]
    return quorum(meeting.quorum, [seat.discipline for seat in here], has_chair=any(seat.is_chair for seat in here))
