"""Grants: the only thing ``visible_to`` reads."""

from django.db import transaction
from django.utils import timezone

from patients.models import AccessGrant, Patient
from patients.services.audit import audit, snapshot


@transaction.atomic
def grant_access(*, by, patient: Patient, kind: str, user=None, team=None, until=None, reason: str = "") -> AccessGrant:
    """Let a user or a team (exactly one of them) read a case, until a time or until revoked."""
    grant = AccessGrant(patient=patient, user=user, team=team, kind=kind, until=until, reason=reason, granted_by=by)
    grant.full_clean(exclude=["granted_by", "revoked_at"])
    grant.save(force_insert=True)
    audit(by=by, action="grant_access", obj=grant, after=snapshot(grant), reason=reason)
    return grant


@transaction.atomic
def revoke_access(grant: AccessGrant, *, by, reason: str) -> AccessGrant:
    """End a grant now. Revoking a revoked grant changes nothing."""
    grant = AccessGrant.objects.select_for_update().get(pk=grant.pk)
    if grant.revoked_at is not None:
        return grant
    before = snapshot(grant, ["revoked_at"])
    grant.revoked_at = timezone.now()
    grant.save(update_fields=["revoked_at"])
    audit(by=by, action="revoke_access", obj=grant, before=before, after=snapshot(grant, ["revoked_at"]), reason=reason)
    return grant
