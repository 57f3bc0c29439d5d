"""Series and meetings: when a board meets, who sits on it, and what makes its quorum."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from board.agenda_version import check_version, next_version
from board.domain.series_days import next_days
from board.listings import listings
from board.meeting_grants import close_cases_to, open_cases_to, open_rest_to, renew
from board.meeting_rights import check_prepare, held_open
from board.models import Attendance, Discipline, Meeting, MeetingSeries, SeriesMember
from board.watching import MOST_AHEAD, TOO_FAR, keep_watch
from patients.domain.roles import Capability
from patients.models import User
from patients.services import audit, snapshot

Groups = Sequence[Sequence[str]]
SERIES_FIELDS = ["name", "weekday", "starts_at", "planned_minutes", "every_weeks", "place", "quorum", "is_active"]
MEETING_FIELDS = ["title", "starts_at", "planned_minutes", "place", "quorum"]


@dataclass(frozen=True)
class Seat:
    """``user``: an account, to which cases of the agenda are opened; None for somebody without one."""

    name: str
    discipline: str
    is_chair: bool = False
    user: User | None = None


@transaction.atomic
def store_series(*, by, series: MeetingSeries, seats: Iterable[Seat]) -> MeetingSeries:
    """Create or change a series together with its members. Raises PermissionDenied, ValidationError."""
    check_prepare(by)
    seats = checked(seats)
    old = MeetingSeries.objects.select_for_update().filter(pk=series.pk).first()
    before = _of_series(old) if old else None
    if old is None:
        series.created_by = by
    series.quorum = groups_of(series.quorum)
    series.full_clean(exclude=["created_by", "quorum"])
    series.save()
    series.members.all().delete()
    SeriesMember.objects.bulk_create(SeriesMember(series=series, **vars(seat)) for seat in seats)
    after = _of_series(series)
    if before != after:
        audit(by=by, action="update_series" if old else "create_series", obj=series, before=before, after=after)
    return series


def _of_series(series: MeetingSeries) -> dict:
    members = series.members.order_by("name").values_list("name", "discipline", "is_chair", "user_id")
    return snapshot(series, SERIES_FIELDS) | {"members": [list(member) for member in members]}


@transaction.atomic
def create_meeting(*, by, meeting: Meeting, seats: Iterable[Seat] | None = None) -> Meeting:
    """Store a new meeting. Without ``seats`` those of its series, all of them expected.

    Raises PermissionDenied, ValidationError.
    """
    check_prepare(by)
    meeting.created_by, meeting.quorum = by, groups_of(meeting.quorum)
    if meeting.starts_at is not None and meeting.starts_at < timezone.now():
        raise ValidationError({"starts_at": "This lies in the past: plan a meeting that is still to come."})
    _refuse_far(meeting)
    meeting.full_clean(exclude=["created_by", "quorum"])
    meeting.save(force_insert=True)
    if seats is None:
        seats = [_of_member(member) for member in meeting.series.members.all()] if meeting.series else []
    for seat in checked(seats):
        Attendance.objects.create(meeting=meeting, **vars(seat))
    audit(by=by, action="create_meeting", obj=meeting, after=_of_meeting(meeting))
    return meeting


def _refuse_far(meeting: Meeting) -> None:
    """Its day is a next date of its cases, and its grants last as long."""
    if meeting.starts_at is not None and timezone.localdate(meeting.starts_at) > timezone.localdate() + MOST_AHEAD:
        raise ValidationError({"starts_at": TOO_FAR})


def _of_member(member: SeriesMember) -> Seat:
    return Seat(member.name, member.discipline, member.is_chair, member.user)


def _of_meeting(meeting: Meeting) -> dict:
    seats = meeting.attendance.order_by("name").values_list("name", "discipline", "is_chair", "user_id")
    return snapshot(meeting, MEETING_FIELDS) | {"seats": [list(seat) for seat in seats]}


@transaction.atomic
def change_meeting(*, by, meeting: Meeting, seen_version: int, seats: Iterable[Seat], **values) -> Meeting:
    """Time, place, quorum and seats, until the meeting begins. Whoever leaves loses the cases, whoever comes sees them.

    ``values``: of MEETING_FIELDS. Raises PermissionDenied, ValidationError, AgendaConflict.
    """
    check_prepare(by)
    meeting = held_open(meeting)
    check_version(meeting, seen_version)
    if meeting.state == Meeting.State.RUNNING:
        raise ValidationError("This meeting is running: only who is there can be changed.")
    seats, before, ended = checked(seats), _of_meeting(meeting), (meeting.starts_at, meeting.planned_minutes)
    for name in MEETING_FIELDS:
        setattr(meeting, name, values.get(name, getattr(meeting, name)))
    meeting.quorum = groups_of(meeting.quorum)
    _refuse_far(meeting)
    meeting.full_clean(exclude=["created_by", "agenda_by", "quorum"])
    meeting.save(update_fields=MEETING_FIELDS)
    _seat(by, meeting, seats)
    if ended != (meeting.starts_at, meeting.planned_minutes):
        _moved(by, meeting)
    if before != (after := _of_meeting(meeting)):
        next_version(meeting, by)
        audit(by=by, action="change_meeting", obj=meeting, before=before, after=after)
    return meeting


def _moved(by, meeting: Meeting) -> None:
    renew(by=by, meeting=meeting)
    for item in listings().filter(meeting=meeting).select_related("patient"):
        keep_watch(item.patient)


def _seat(by, meeting: Meeting, seats: list[Seat]) -> None:
    """Seats are known by their name; who keeps it keeps apology and expectation."""
    had = set(meeting.attendance.exclude(user=None).values_list("user_id", flat=True))
    meeting.attendance.exclude(name__in=[seat.name for seat in seats]).delete()
    for seat in seats:
        values = {"discipline": seat.discipline, "is_chair": seat.is_chair, "user": seat.user}
        Attendance.objects.update_or_create(meeting=meeting, name=seat.name, defaults=values)
    has = {seat.user.pk: seat.user for seat in seats if seat.user}
    for user in User.objects.filter(pk__in=had - has.keys()):
        close_cases_to(by=by, meeting=meeting, user=user)
    for pk, user in has.items():
        (open_rest_to if pk in had else open_cases_to)(by=by, meeting=meeting, user=user)


def checked(seats: Iterable[Seat]) -> list[Seat]:
    """Raises ValidationError for two of one name, an unknown discipline, an account that may not see meetings."""
    found = list(seats)
    names = [seat.name for seat in found]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ValidationError({"seats": f"Two seats are called {twice[0]}: give each a name of its own."})
    for seat in found:
        if seat.discipline not in Discipline.values:
            raise ValidationError({"seats": f"Choose the discipline of {seat.name}."})
        if seat.user is not None and not seat.user.may(Capability.SEE_MEETING):
            raise ValidationError({"seats": f"The account of {seat.name} may not see meetings."})
    return found


def groups_of(groups: Groups) -> list[list[str]]:
    """Without empty groups, each discipline once. Raises ValidationError for a word that is no discipline."""
    found = [sorted(set(group), key=list(Discipline.values).index) for group in groups if _known(group)]
    return [group for n, group in enumerate(found) if group not in found[:n]]


def _known(group: Sequence[str]) -> bool:
    if wrong := sorted(set(group) - set(Discipline.values)):
        raise ValidationError({"quorum": f"{wrong[0]} is no discipline."})
    return bool(group)


def next_dates(series: MeetingSeries, number: int = 4) -> list[dt.date]:
    """Days on which the series would meet next, after its last meeting and after today."""
    last = series.meetings.order_by("starts_at").last()
    last_day = timezone.localdate(last.starts_at) if last else None
    after = max(timezone.localdate(), last_day or dt.date.min)
    return next_days(series.weekday, series.every_weeks, after=after, last=last_day, number=number)
