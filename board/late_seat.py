"""A seat for somebody who comes while the meeting runs."""

from django.core.exceptions import ValidationError
from django.db import transaction

from board.meeting_grants import open_cases_to
from board.meeting_planning import Seat, checked
from board.meeting_rights import check_run, held_open
from board.models import Attendance, Meeting
from patients.services import audit, snapshot

NOT_RUNNING = "This meeting is not running: change its seats on its page."
NO_NAME = "Name who has come, or their function."


@transaction.atomic
def add_seat(*, by, meeting: Meeting, seat: Seat) -> Attendance:
    """They are present, and with an account see those cases of the agenda that ``by`` may see.

    Raises PermissionDenied, ValidationError.
    """
    check_run(by)
    meeting = held_open(meeting)
    if meeting.state != Meeting.State.RUNNING:
        raise ValidationError(NOT_RUNNING)
    if not seat.name.strip():
        raise ValidationError({"name": NO_NAME})
    checked([seat])
    if meeting.attendance.filter(name=seat.name.strip()).exists():
        raise ValidationError(
            {"name": f"There is a seat called {seat.name.strip()} already: give this one another name."}
        )
    row = Attendance(meeting=meeting, state=Attendance.State.PRESENT, **vars(seat) | {"name": seat.name.strip()})
    row.full_clean(exclude=["meeting", "user"])
    row.save(force_insert=True)
    audit(by=by, action="add_seat", obj=row, after=snapshot(row, ["name", "discipline", "user", "state"]))
    if seat.user is not None:
        open_cases_to(by=by, meeting=meeting, user=seat.user)
    return row
