"""Devices in a room: a code on the device, entered by somebody who is signed in, binds it to one meeting.

The device keeps a random token, the database only its digest. A code says nothing by itself: it leads nowhere until a
person with the right enters it for a meeting of theirs.
"""

import datetime as dt
import hashlib
import secrets

from django.core.cache import cache
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from board.models import Display, Meeting
from patients.domain.roles import Capability
from patients.models import AuditEvent
from patients.services import audit

CODE_LIVES = dt.timedelta(minutes=10)
AFTER_CLOSING = dt.timedelta(hours=12)
AFTER_PLANNED_END = dt.timedelta(hours=24)
SEEN_EVERY = dt.timedelta(seconds=10)
MOST_WAITING = 200
MOST_OF_AN_ADDRESS = 30
MOST_WRONG_CODES = 5
_TRIES = 20
WRONG = "display_code_refused"


class TooMany(Exception):
    """Too many devices wait for a code, or too many wrong codes were entered: in ten minutes it goes on."""


def new_display(address: str) -> tuple[Display, str]:
    """A device that waits to be paired, and the token it keeps. Raises TooMany."""
    _count_address(address)
    now = timezone.now()
    waiting = Display.objects.filter(meeting=None)
    waiting.filter(code_until__lt=now - CODE_LIVES).delete()
    if waiting.count() >= MOST_WAITING:
        raise TooMany("Too many displays wait for a code. Try again in ten minutes.")
    token = secrets.token_urlsafe(32)
    return _with_code(Display(token_digest=digest_of(token))), token


def display_of(token: str) -> Display | None:
    """The device that holds this token, while its session lasts."""
    if not token:
        return None
    found = Display.objects.select_related("meeting").filter(token_digest=digest_of(token), ended_at=None).first()
    return None if found is None or _has_run_out(found) else found


def renewed(display: Display) -> Display:
    """With a code that is still good for a while; a device has none while it is paired with a meeting to come."""
    is_waiting = display.meeting is None or display.meeting.state == Meeting.State.CLOSED
    if not is_waiting or (display.code and display.code_until > timezone.now()):
        return display
    return _with_code(display)


def note_seen(display: Display) -> None:
    """That the device still asks; written down at most every ten seconds."""
    now = timezone.now()
    if display.seen_at is None or now - display.seen_at >= SEEN_EVERY:
        Display.objects.filter(pk=display.pk).update(seen_at=now)
        display.seen_at = now


def pair(*, by, meeting: Meeting, code: str, label: str = "") -> Display:
    """Bind the device that shows ``code`` to a meeting. Raises PermissionDenied, ValidationError, TooMany."""
    _check(by)
    since = timezone.now() - CODE_LIVES
    if AuditEvent.objects.filter(by=by, action=WRONG, at__gte=since).count() >= MOST_WRONG_CODES:
        raise TooMany("Too many wrong codes. Wait ten minutes, then read the code on the display again.")
    if meeting.state == Meeting.State.CLOSED:
        raise ValidationError({"code": "The meeting is closed; a display can no longer join it."})
    if timezone.now() > _end_of(meeting):
        raise ValidationError(
            {"code": "This meeting should be over since yesterday. Close it; it takes no display now."}
        )
    found = _bound(by, meeting, "".join(code.split()), label.strip())
    if found is None:
        audit(by=by, action=WRONG, obj=meeting)
        raise ValidationError({"code": "No display shows this code. Codes change every ten minutes: look again."})
    return found


@transaction.atomic
def unpair(*, by, display: Display) -> None:
    """The session of the device ends now; it shows a new code then."""
    _check(by)
    ended = Display.objects.filter(pk=display.pk, ended_at=None).update(ended_at=timezone.now())
    if ended:
        audit(by=by, action="unpair_display", obj=display, before=_told(display))


@transaction.atomic
def _bound(by, meeting: Meeting, code: str, label: str) -> Display | None:
    """Also a device that still shows the last card of another meeting."""
    is_free = Q(meeting=None) | Q(meeting__state=Meeting.State.CLOSED)
    waiting = Display.objects.select_for_update(of=("self",)).filter(
        is_free, ended_at=None, code_until__gt=timezone.now()
    )
    display = waiting.filter(code=code).first() if code else None
    if display is None:
        return None
    display.code, display.meeting, display.paired_by, display.paired_at = "", meeting, by, timezone.now()
    display.label = label[:60] or display.label or f"Display {meeting.displays.count() + 1}"
    display.save()
    audit(by=by, action="pair_display", obj=display, after=_told(display))
    return display


def _check(by) -> None:
    if not by.may(Capability.PREPARE_MEETING):
        raise PermissionDenied("Your role may not pair displays. Coordinators and the chair may.")


def _told(display: Display) -> dict:
    return {"meeting": str(display.meeting_id), "label": display.label}


def _with_code(display: Display) -> Display:
    """Six digits that no other waiting device shows."""
    for _ in range(_TRIES):
        display.code, display.code_until = f"{secrets.randbelow(10**6):06d}", timezone.now() + CODE_LIVES
        try:
            with transaction.atomic():
                display.save()
            return display
        except IntegrityError:
            continue
    raise TooMany("Too many displays wait for a code. Try again in ten minutes.")


def _has_run_out(display: Display) -> bool:
    return display.meeting is not None and timezone.now() > _end_of(display.meeting)


def _end_of(meeting: Meeting) -> dt.datetime:
    """When its displays end by themselves. A meeting that nobody closes must not show its cases for ever."""
    if meeting.closed_at:
        return meeting.closed_at + AFTER_CLOSING
    begins = max(meeting.starts_at, meeting.started_at or meeting.starts_at)
    return begins + dt.timedelta(minutes=meeting.planned_minutes) + AFTER_PLANNED_END


def _count_address(address: str) -> None:
    key = f"display-address-{hashlib.sha256(address.encode()).hexdigest()}"
    cache.add(key, 0, CODE_LIVES.total_seconds())
    if cache.incr(key) > MOST_OF_AN_ADDRESS:
        raise TooMany("Too many displays were opened from here. Try again in ten minutes.")


def digest_of(token: str) -> str:
    """What is kept of a token."""
    return hashlib.sha256(token.encode()).hexdigest()
