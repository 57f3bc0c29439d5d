"""The demonstration's board: a weekly series with members by function, and its next meeting with an agenda.

Cases 0003 and 0008 are left to the proposals: one has no SUV, of the other nobody has given a date.
"""

import datetime as dt

from django.db import transaction
from django.utils import timezone

from board.agenda import list_case
from board.agenda_order import edit_item
from board.domain.quorum import NET_QUORUM
from board.looking import look
from board.meeting_planning import Seat, create_meeting, next_dates, store_series
from board.meetings import set_attendance
from board.models import AgendaItem, Attendance, Meeting, MeetingSeries
from board.proposals import proposals
from demo.accounts import DEMO_CHAIR, DEMO_COORDINATOR, DEMO_USER
from patients.models import Patient, User

NAME, THURSDAY = "NET board", 3
# case number, lane, minutes, reviewer
AGENDA = (
    ("0001", "discuss", 12, ""),
    ("0007", "discuss", 12, ""),
    ("0006", "discuss", 10, ""),
    ("0002", "discuss", 10, ""),
    ("0004", "discuss", 8, ""),
    ("0005", "noting", 3, "Nuclear medicine"),
)
NOT_READY = "Demonstration: the missing values are brought to the meeting."


@transaction.atomic
def demo_meeting() -> Meeting | None:
    """None where the series is there: what people did to it since stays."""
    if MeetingSeries.objects.filter(name=NAME).exists():
        return None
    by = User.objects.get(username=DEMO_COORDINATOR)
    series = MeetingSeries(name=NAME, weekday=THURSDAY, starts_at=dt.time(15, 30), place="Room 2", quorum=NET_QUORUM)
    store_series(by=by, series=series, seats=_seats())
    day = next_dates(series, 1)[0]
    starts_at = timezone.make_aware(dt.datetime.combine(day, series.starts_at))
    meeting = Meeting(series=series, title=NAME, starts_at=starts_at, planned_minutes=75, place="Room 2")
    meeting.quorum = NET_QUORUM
    create_meeting(by=by, meeting=meeting)
    seat = meeting.attendance.get(name="Pathology")
    set_attendance(by=by, meeting=meeting, seat=seat.pk, state=Attendance.State.APOLOGY)
    whys = _whys(by)
    for row in AGENDA:
        _list(by, meeting, row, whys.get(row[0], AgendaItem.Why.REFERRAL))
    meeting.refresh_from_db()
    return meeting


def _seats() -> list[Seat]:
    account = {user.username: user for user in User.objects.filter(username__startswith=DEMO_USER)}
    return [
        Seat("Chair, oncology", "oncology", is_chair=True, user=account[DEMO_CHAIR]),
        Seat("Coordination", "coordination", user=account[DEMO_COORDINATOR]),
        Seat("Endocrinology", "endocrinology", user=account["demo-clinician"]),
        Seat("Nuclear medicine", "nuclear_medicine", user=account[DEMO_USER]),
        Seat("Pathology", "pathology"),
        Seat("Radiology", "radiology"),
        Seat("Surgery", "surgery"),
    ]


def _whys(by: User) -> dict[str, str]:
    """Why each case would be proposed, once it has been looked at as every night."""
    for patient in Patient.objects.filter(case_number__in=[row[0] for row in AGENDA]):
        look(patient)
    groups = proposals(by, today=timezone.localdate())
    return {proposal.case_number: proposal.why for group in groups for proposal in group.proposals}


def _list(by: User, meeting: Meeting, row: tuple[str, str, int, str], why: str) -> None:
    case_number, lane, minutes, reviewer = row
    patient = Patient.objects.get(case_number=case_number)
    item = list_case(by=by, meeting=meeting, patient=patient, lane=lane, why=why, reason=NOT_READY)
    meeting.refresh_from_db()
    values = {"minutes": minutes, "question": item.question, "reviewer": reviewer}
    edit_item(by=by, item=item, seen_version=meeting.version, **values)
