"""How long a sign-in lasts. Idle: since somebody last did something; absolute: since the sign-in, whatever was done."""

import time

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.http import HttpRequest

from patients.domain.roles import Role

SINCE, SEEN, KEPT = "signed_in_at", "seen_at", "kept_at"


def start(request: HttpRequest) -> None:
    request.session[SINCE] = request.session[SEEN] = time.time()


def keep(request: HttpRequest) -> None:
    """This session stays while the others of the same person end. Its limits run on."""
    request.session[KEPT] = time.time()


def seconds_left(request: HttpRequest) -> int:
    """Until the session ends if nothing more is done. A display account looks at a wall and is never idle."""
    now, session = time.time(), request.session
    left = session.get(SINCE, now) + _longest(request.user) - now
    if request.user.role != Role.DISPLAY:
        left = min(left, session.get(SEEN, now) + settings.IDLE_MINUTES * 60 - now)
    return max(0, int(left))


def is_over(request: HttpRequest) -> bool:
    """Its time is up, or everything of this person that was signed in before a moment was ended then."""
    out, begun = request.user.signed_out_at, max(request.session[SINCE], request.session.get(KEPT, 0))
    return seconds_left(request) <= 0 or (out is not None and begun < out.timestamp())


def needs_factor(user) -> bool:
    return user.role in settings.MFA_ROLES


def has_factor(user) -> bool:
    return Authenticator.objects.filter(user=user).exclude(type=Authenticator.Type.RECOVERY_CODES).exists()


def _longest(user) -> int:
    is_admin = user.role == Role.SYSTEM_ADMIN
    return 3600 * (settings.SESSION_HOURS_ADMIN if is_admin else settings.SESSION_HOURS)
