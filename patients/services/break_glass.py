"""Emergency access: a case that is not yours, for an hour, with your name and your reason on it."""

import datetime as dt

from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone

from patients.domain.roles import Capability
from patients.models import AccessGrant, AuditEvent, Patient, User
from patients.services.access import grant_access, revoke_access
from patients.services.audit import audit, snapshot

REASON_FROM, REASON_TO = 15, 200
MOST_PER_HOUR = 5
TOO_SHORT = f"Say in at least {REASON_FROM} characters why you need this case now."
TOO_OFTEN = f"You tried {MOST_PER_HOUR} times within an hour. Wait, or ask a coordinator to open the case to you."


@transaction.atomic
def break_glass(*, by, case_number: str, reason: str) -> AccessGrant | None:
    """None where there is nothing to open: no such case, or one that ``by`` reads anyway. The caller answers alike.

    Every try is counted and leaves a row, so that numbers cannot be tried out.
    """
    if not by.may(Capability.BREAK_GLASS):
        raise PermissionDenied
    if not REASON_FROM <= len(reason.strip()) <= REASON_TO:
        raise ValidationError({"reason": TOO_SHORT})
    User.objects.select_for_update().get(pk=by.pk)
    if _tries(by) >= MOST_PER_HOUR:
        raise ValidationError(TOO_OFTEN)
    audit(by=by, action="try_emergency", obj=by, reason=reason.strip())
    patient = Patient.objects.filter(case_number=case_number).first()
    if patient is None or Patient.objects.visible_to(by).filter(pk=patient.pk).exists():
        return None
    until = timezone.now() + dt.timedelta(minutes=settings.BREAK_GLASS_MINUTES)
    User.objects.filter(pk=by.pk).update(emergency_until=until)
    kind = AccessGrant.Kind.BREAK_GLASS
    return grant_access(by=by, patient=patient, kind=kind, user=by, until=until, reason=reason.strip())


@transaction.atomic
def review_emergency(grant: AccessGrant, *, by) -> AccessGrant:
    """An administrator has looked at it. The first to do so stays."""
    if not by.may(Capability.MANAGE_USERS):
        raise PermissionDenied
    grant = AccessGrant.objects.select_for_update().get(pk=grant.pk, kind=AccessGrant.Kind.BREAK_GLASS)
    if grant.reviewed_at is not None:
        return grant
    grant.reviewed_by, grant.reviewed_at = by, timezone.now()
    grant.save(update_fields=["reviewed_by", "reviewed_at"])
    audit(by=by, action="review_emergency", obj=grant, after=snapshot(grant, ["reviewed_by", "reviewed_at"]))
    return grant


def end_emergency(grant: AccessGrant, *, by) -> AccessGrant:
    """An administrator ends one before its time; who opened it may do so too."""
    if grant.kind != AccessGrant.Kind.BREAK_GLASS or not (by.may(Capability.MANAGE_USERS) or grant.user_id == by.pk):
        raise PermissionDenied
    return revoke_access(grant, by=by, reason="emergency access ended")


def _tries(by) -> int:
    since = timezone.now() - dt.timedelta(hours=1)
    return AuditEvent.objects.filter(by=by, action="try_emergency", at__gt=since).count()
