"""An observer who was invited to a meeting has a seat in it once the account is made; the trail says that it is."""

from collections.abc import Iterable

from django.core.exceptions import ValidationError
from django.db import transaction

from board.guarded import guarded
from board.meeting_grants import open_cases_to
from board.meeting_rights import held_open
from board.models import Attendance, Discipline, Meeting
from patients.domain.roles import Capability
from patients.models import AuditEvent, Invitation
from patients.services import audit, snapshot


def seat_guests(events: Iterable[AuditEvent]) -> None:
    """Read twice, it finds the seat there. A meeting that is closed, or not the inviter's to prepare, seats nobody."""
    for event in events:
        if event.action == "accept_invitation" and (event.after or {}).get("meeting"):
            invitation = Invitation.objects.select_related("invited_by", "accepted_by").get(pk=event.object_id)
            meeting = Meeting.objects.filter(pk=invitation.meeting).first()
            if meeting is not None and invitation.invited_by.may(Capability.PREPARE_MEETING):
                guarded("seat of a guest", _seat, meeting, invitation)  # the news behind it is not held up


@transaction.atomic
def _seat(meeting: Meeting, invitation: Invitation) -> None:
    guest, by = invitation.accepted_by, invitation.invited_by
    try:
        meeting = held_open(meeting)
    except ValidationError:
        return
    if meeting.attendance.filter(user=guest).exists():
        return
    name = guest.shown_name[:80]
    if meeting.attendance.filter(name=name).exists():
        name = f"{name[:40]} ({guest.get_username()[:36]})"
    row = Attendance.objects.create(meeting=meeting, user=guest, name=name, discipline=Discipline.OTHER)
    audit(by=by, action="add_seat", obj=row, after=snapshot(row, ["name", "discipline", "user", "state"]))
    open_cases_to(by=by, meeting=meeting, user=guest)
