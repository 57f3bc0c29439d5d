"""Who sits on a board may read the cases of its agenda until two weeks after the meeting, by grants."""

import datetime as dt

from board.models import AgendaItem, Meeting
from patients.models import AccessGrant, Patient, User
from patients.selectors import visible_patients
from patients.services import grant_access, revoke_access

AFTER = dt.timedelta(days=14)


def until(meeting: Meeting) -> dt.datetime:
    return meeting.starts_at + dt.timedelta(minutes=meeting.planned_minutes) + AFTER


def open_to_members(*, by, meeting: Meeting, patient: Patient) -> None:
    """A grant for every account with a seat that has none of this meeting yet."""
    has_one = set(_grants(meeting).filter(patient=patient).values_list("user_id", flat=True))
    for user in User.objects.filter(attended__meeting=meeting, is_active=True).distinct():
        if user.pk not in has_one:
            _grant(by, meeting, patient, user)


def close_to_members(*, by, meeting: Meeting, patient: Patient, reason: str) -> None:
    for grant in _grants(meeting).filter(patient=patient):
        revoke_access(grant, by=by, reason=reason)


def open_cases_to(*, by, meeting: Meeting, user: User) -> None:
    """What is on the agenda and ``by`` may see is opened to who has joined; others share what only they may see."""
    has = set(_grants(meeting).filter(user=user).values_list("patient_id", flat=True))
    for item in on_agenda(meeting).filter(patient__in=visible_patients(by)):
        if item.patient_id not in has:
            _grant(by, meeting, item.patient, user)


def open_rest_to(*, by, meeting: Meeting, user: User) -> None:
    """Somebody has a seat since before: what was never opened to them, not what was taken away again by hand."""
    had = _ever(meeting).filter(user=user).values("patient")
    for item in on_agenda(meeting).filter(patient__in=visible_patients(by)).exclude(patient__in=had):
        _grant(by, meeting, item.patient, user)


def unshared(meeting: Meeting) -> int:
    """How many cases of the agenda were not opened to some account that has a seat."""
    users = set(meeting.attendance.exclude(user=None).values_list("user_id", flat=True))
    opened = set(_ever(meeting).values_list("patient_id", "user_id"))
    return sum(any((item.patient_id, user) not in opened for user in users) for item in on_agenda(meeting))


def close_cases_to(*, by, meeting: Meeting, user: User) -> None:
    for grant in _grants(meeting).filter(user=user):
        revoke_access(grant, by=by, reason="no longer a member of this meeting")


def renew(*, by, meeting: Meeting) -> None:
    """The meeting was moved: its grants run out with the new day. Nobody gets one who had none."""
    for grant in _grants(meeting).select_related("patient", "user"):
        revoke_access(grant, by=by, reason="the meeting was moved")
        _grant(by, meeting, grant.patient, grant.user)


def on_agenda(meeting: Meeting):
    return meeting.items.exclude(state=AgendaItem.State.REMOVED).select_related("patient")


def _grant(by, meeting: Meeting, patient: Patient, user: User) -> None:
    kind = AccessGrant.Kind.BOARD
    grant_access(by=by, patient=patient, kind=kind, user=user, until=until(meeting), reason=_reason(meeting))


def _grants(meeting: Meeting):
    return _ever(meeting).filter(revoked_at=None)


def _ever(meeting: Meeting):
    return AccessGrant.objects.filter(kind=AccessGrant.Kind.BOARD, reason=_reason(meeting))


def _reason(meeting: Meeting) -> str:
    return f"agenda of meeting {meeting.pk}"
