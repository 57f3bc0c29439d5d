"""Ending sign-ins: what was signed in before is nobody's from now on, in every browser."""

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db import transaction
from django.utils import timezone

from patients.models import User
from patients.services.audit import audit


@transaction.atomic
def sign_out_everywhere(user: User, *, by, reason: str = "", keep: str = "") -> int:
    """End every session of ``user`` but the one with the key ``keep``. How many there were."""
    keys = list(UserSession.objects.filter(user=user).exclude(session_key=keep).values_list("session_key", flat=True))
    Session.objects.filter(session_key__in=keys).delete()
    UserSession.objects.filter(session_key__in=keys).delete()
    # Sessions that are in no list are ended too: config.sessions refuses what began before this moment.
    user.signed_out_at = timezone.now()
    user.save(update_fields=["signed_out_at"])
    audit(by=by, action="sign_out_everywhere", obj=user, after={"sessions": len(keys)}, reason=reason)
    return len(keys)
