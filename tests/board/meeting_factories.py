"""Rows of meetings for tests, made without the services under test."""

import datetime as dt
import itertools

from django.utils import timezone

from board.domain.quorum import NET_QUORUM
from board.models import AgendaItem, Attendance, Meeting, MeetingSeries, SeriesMember

_numbers = itertools.count(1)
DISCIPLINES = ("nuclear_medicine", "oncology", "surgery", "radiology", "pathology")


def make_series(by, **values) -> MeetingSeries:
    n = next(_numbers)
    standard = {"name": f"NET board {n}", "weekday": 3, "starts_at": dt.time(15, 30), "quorum": NET_QUORUM}
    return MeetingSeries.objects.create(created_by=by, **standard | values)


def make_member(series: MeetingSeries, user=None, **values) -> SeriesMember:
    n = next(_numbers)
    standard = {"name": f"Member {n}", "discipline": "oncology"}
    return SeriesMember.objects.create(series=series, user=user, **standard | values)


def make_meeting(by, *, present: bool = True, **values) -> Meeting:
    """A sitting in one hour with a chair and one of each discipline of the quorum; ``present``: they are there."""
    standard = {"title": "NET board", "starts_at": timezone.now() + dt.timedelta(hours=1), "quorum": NET_QUORUM}
    meeting = Meeting.objects.create(created_by=by, **standard | values)
    state = Attendance.State.PRESENT if present else Attendance.State.EXPECTED
    for n, discipline in enumerate(DISCIPLINES):
        user = by if n == 0 else None
        Attendance.objects.create(
            meeting=meeting, name=f"Seat {n + 1}", user=user, discipline=discipline, is_chair=n == 0, state=state
        )
    return meeting


def make_item(meeting: Meeting, patient, by, **values) -> AgendaItem:
    position = meeting.items.count() + 1
    standard = {"lane": "discuss", "position": position, "why": "referral", "question": "PRRT now?"}
    return AgendaItem.objects.create(meeting=meeting, patient=patient, added_by=by, **standard | values)
