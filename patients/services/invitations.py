"""Invitations: the way to a new account besides the data desk. The link is shown once, its token kept hashed."""

import datetime as dt
import hashlib
import secrets

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from patients.domain.roles import Capability, Role
from patients.models import Invitation, User
from patients.services.audit import audit, snapshot
from patients.services.users import MAIL_TAKEN, check_centre, store_user

LIVES = dt.timedelta(hours=72)
SHOWN = ["email", "first_name", "last_name", "role", "invited_by", "until", "accepted_by", "withdrawn_at"]
GONE = "This invitation was used, was withdrawn or has run out. Ask for a new one."
TAKEN = "This user name is taken. Choose another one."
OWN_MAIL = "This is your own mail address: another administrator invites you."


def may_invite(by, role: str) -> bool:
    """An administrator invites anybody, a coordinator observers."""
    return by.may(Capability.MANAGE_USERS) or (by.may(Capability.INVITE_OBSERVER) and role == Role.OBSERVER)


@transaction.atomic
def invite(*, by, role: str, email: str = "", first_name: str = "", last_name: str = "", teams=(), meeting=None):
    """The invitation and its token, which is nowhere else."""
    teams = list(teams)
    if not may_invite(by, role) or (teams and not by.may(Capability.MANAGE_USERS)):
        raise PermissionDenied
    check_centre(teams)
    _check_mail(by, email)
    token = secrets.token_urlsafe(32)
    names = {"email": email, "first_name": first_name, "last_name": last_name}
    until = timezone.now() + LIVES
    invitation = Invitation(token_digest=digest(token), role=role, invited_by=by, until=until, meeting=meeting, **names)
    invitation.full_clean(exclude=["invited_by", "accepted_by"])
    invitation.save(force_insert=True)
    invitation.teams.set(teams)
    after = snapshot(invitation, SHOWN) | {"teams": sorted(team.name for team in teams)}
    audit(by=by, action="invite", obj=invitation, after=after)
    return invitation, token


@transaction.atomic
def withdraw_invitation(invitation: Invitation, *, by) -> Invitation:
    if not by.may(Capability.MANAGE_USERS) and invitation.invited_by_id != by.pk:
        raise PermissionDenied
    invitation = Invitation.objects.select_for_update().get(pk=invitation.pk)
    if not invitation.is_open:
        return invitation
    invitation.withdrawn_at = timezone.now()
    invitation.save(update_fields=["withdrawn_at"])
    audit(by=by, action="withdraw_invitation", obj=invitation, after=snapshot(invitation, ["withdrawn_at"]))
    return invitation


def open_invitation(token: str) -> Invitation | None:
    found = Invitation.objects.filter(token_digest=digest(token)).first()
    return found if found is not None and _opens(found) else None


def accept(token: str, *, username: str, password: str = "") -> User:
    invitation = open_invitation(token)
    if invitation is None:
        raise ValidationError(GONE)
    return accept_open(invitation, username=username, password=password)


@transaction.atomic
def accept_open(invitation: Invitation, *, username: str, password: str = "") -> User:
    """The account that was invited, and nothing more. Without a password it signs in through the hospital only."""
    invitation = Invitation.objects.select_for_update(of=("self",)).get(pk=invitation.pk)
    if not _opens(invitation):
        raise ValidationError(GONE)
    if User.objects.filter(username__iexact=username).exists():
        raise ValidationError({"username": TAKEN})
    names = {name: getattr(invitation, name) for name in ("email", "first_name", "last_name", "role")}
    user = User(username=username, **names)
    user.set_password(password) if password else user.set_unusable_password()
    user.full_clean(exclude=["password"])
    _stored(user, invitation)
    invitation.accepted_at, invitation.accepted_by = timezone.now(), user
    invitation.save(update_fields=["accepted_at", "accepted_by"])
    after = snapshot(invitation, ["accepted_by", "meeting"])
    audit(by=user, action="accept_invitation", obj=invitation, after=after)
    return user


def _stored(user: User, invitation: Invitation) -> None:
    """Two who take one name at the same moment: the second is told, as if it had been taken before."""
    try:
        with transaction.atomic():
            store_user(user, by=invitation.invited_by, teams=list(invitation.teams.all()))
    except IntegrityError as taken:
        if not User.objects.filter(username=user.username).exists():
            raise
        raise ValidationError({"username": TAKEN}) from taken


def _opens(invitation: Invitation) -> bool:
    return invitation.is_open and invitation.invited_by.is_active


def digest(token: str) -> str:
    """The token has 256 bits of chance, so a plain digest cannot be turned back."""
    return hashlib.sha256(token.encode()).hexdigest()


def _check_mail(by, email: str) -> None:
    if not email:
        return
    if by.email and email.lower() == by.email.lower():
        raise ValidationError({"email": OWN_MAIL})
    if User.objects.filter(email__iexact=email).exists():
        raise ValidationError({"email": MAIL_TAKEN})
