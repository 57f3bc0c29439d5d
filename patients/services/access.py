"""Grants: the only thing ``visible_to`` reads."""

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from patients.domain.roles import Capability
from patients.models import AccessGrant, AuditEvent, Patient, Team
from patients.services.audit import audit, snapshot

NO_REASON = "Say why: the reason stays with the grant and in the trail."
ENDS = ["revoked_at"]
FOLLOWED = "no longer the centre of the case"


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
    before = snapshot(grant, ENDS)
    grant.revoked_at = timezone.now()
    grant.save(update_fields=ENDS)
    audit(by=by, action="revoke_access", obj=grant, before=before, after=snapshot(grant, ENDS), reason=reason)
    return grant


@transaction.atomic
def open_case(*, by, patient: Patient, user=None, team=None, until=None, reason: str) -> AccessGrant:
    """A coordinator or the chair lets somebody read a case they may read themselves, and says why."""
    _check_may_grant(by, patient, reason)
    if AccessGrant.objects.active().filter(patient=patient, user=user, team=team, until=None).exists():
        raise ValidationError("They may read this case already.")
    kind = AccessGrant.Kind.CARE_TEAM
    return grant_access(by=by, patient=patient, kind=kind, user=user, team=team, until=until, reason=reason.strip())


@transaction.atomic
def close_case(grant: AccessGrant, *, by, reason: str) -> AccessGrant:
    """The same people take a grant back. Their own last one stays: nobody shuts themselves out by a slip."""
    _check_may_grant(by, grant.patient, reason)
    if _is_last_of(by, grant):
        raise ValidationError("This is how you read the case yourself. Ask somebody else to end it.")
    said = reason.strip()
    return revoke_access(grant, by=by, reason=f"by hand: {said}" if said == FOLLOWED else said)


@transaction.atomic
def follow_centre(patient: Patient, *, by) -> None:
    """The centre of the case reads it where it opens its cases; the centre before reads it no longer.

    What a person ended stays ended: only a person opens it again. Of two at once the second waits and finds it done.
    """
    patient = Patient.objects.select_for_update(no_key=True).get(pk=patient.pk)
    centre = Team.objects.filter(kind=Team.Kind.CENTRE, opens_its_cases=True, name__iexact=patient.centre.strip())
    wanted = centre.first() if patient.centre.strip() else None
    standing = list(AccessGrant.objects.active().filter(patient=patient, kind=AccessGrant.Kind.CENTRE))
    for grant in standing:
        if wanted is None or grant.team_id != wanted.pk:
            revoke_access(grant, by=by, reason=FOLLOWED)
    if wanted is None or any(grant.team_id == wanted.pk for grant in standing):
        return
    if not _was_ended_by_hand(patient, wanted):
        grant_access(by=by, patient=patient, kind=AccessGrant.Kind.CENTRE, team=wanted, reason="centre of the case")


def _was_ended_by_hand(patient: Patient, centre: Team) -> bool:
    ended = AccessGrant.objects.filter(patient=patient, team=centre, kind=AccessGrant.Kind.CENTRE)
    last = ended.exclude(revoked_at=None).order_by("-revoked_at", "-pk").first()
    if last is None:
        return False
    trail = AuditEvent.objects.filter(patient=patient, action="revoke_access", object_id=str(last.pk))
    return trail.filter(object_type=AccessGrant._meta.label).exclude(reason=FOLLOWED).exists()


def _check_may_grant(by, patient: Patient, reason: str) -> None:
    if not by.may(Capability.GRANT_ACCESS) or not Patient.objects.open_to(by).filter(pk=patient.pk).exists():
        raise PermissionDenied
    if not reason.strip():
        raise ValidationError({"reason": NO_REASON})


def _is_last_of(by, grant: AccessGrant) -> bool:
    others = AccessGrant.objects.active().filter(patient=grant.patient_id).exclude(pk=grant.pk)
    mine = Q(user=by) | Q(team__in=by.teams.all())
    return not others.filter(mine).exists()
