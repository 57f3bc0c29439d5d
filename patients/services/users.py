"""Accounts and teams, written with their trail like everything else; passwords never enter it."""

from allauth.core.internal import ratelimit
from allauth.mfa.models import Authenticator
from axes.utils import reset as reset_attempts
from django.core.cache import cache
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction

from patients.domain.roles import Capability, Role
from patients.models import Patient, Team, User
from patients.services.access import follow_centre
from patients.services.audit import audit, snapshot
from patients.services.seen import ACCOUNT_FIELDS, account_state, refuse_overtaken
from patients.services.sessions import sign_out_everywhere

RIGHTS = ["role", "is_active", "is_staff"]
OWN_RIGHTS = "Your own role, teams and sign-in can only be changed by another administrator."
ONE_CENTRE = "A person belongs to one centre."
MAIL_TAKEN = "Another account has this mail address."


@transaction.atomic
def store_user(user: User, *, by, teams=None, seen: str | None = None) -> User:
    """Create or change an account together with its teams; ``user`` carries the new values.

    ``seen``: the ``version_of`` the account when the values were chosen. Raises Conflict where it is another one now.
    """
    old = User.objects.select_for_update().filter(pk=user.pk).first()
    if old is not None:
        refuse_overtaken(old, seen)
    before = account_state(old) if old else None
    user.save()
    if teams is not None:
        user.teams.set(teams)
    after = account_state(user)
    if before != after:
        audit(by=by, action="update_user" if old else "create_user", obj=user, before=before, after=after)
    return user


@transaction.atomic
def change_account(user: User, *, by, teams, seen: str, **values) -> User:
    """What an administrator changes on the page of an account. Rights that shrink end what is open with them.

    Raises PermissionDenied, ValidationError, or Conflict when the account is not the ``version_of`` that was seen.
    """
    user = held_by(by, user)
    refuse_overtaken(user, seen)
    rights = _rights(user)
    for name in set(values) & set(ACCOUNT_FIELDS):
        setattr(user, name, values[name])
    check_centre(teams)
    _check_mail(user)
    if user.pk == by.pk and _rights(user, teams) != rights:
        raise PermissionDenied(OWN_RIGHTS)
    store_user(user, by=by, teams=teams)
    if _rights(user, teams)[:3] != rights[:3]:
        sign_out_everywhere(user, by=by, reason="rights changed")
    return user


@transaction.atomic
def set_active(user: User, *, by, is_active: bool, reason: str) -> User:
    """Close an account, which ends its sessions, or open it again. It is never deleted: its name stands under rows."""
    user = _another(by, user)
    if user.is_active == is_active:
        return user
    user.is_active = is_active
    store_user(user, by=by)
    sign_out_everywhere(user, by=by, reason=_said(reason))
    return user


@transaction.atomic
def reset_second_factor(user: User, *, by, reason: str) -> None:
    """The phone or key was lost: they sign in with the password and set a new one up first."""
    user = _another(by, user)
    reason = _said(reason)
    gone, _ = Authenticator.objects.filter(user=user).delete()
    audit(by=by, action="reset_second_factor", obj=user, after={"removed": gone}, reason=reason)
    sign_out_everywhere(user, by=by, reason=reason)


def unlock(user: User, *, by) -> None:
    """Forget the wrong passwords, so that the next right one signs in."""
    held_by(by, user)
    with transaction.atomic():
        for rate in ratelimit.get_rates(app="allauth.account", action="login_failed"):
            if rate.per == "key":
                key = guessing_key(user.get_username())
                name = ratelimit.get_cache_key(None, app="allauth.account", action="login_failed", rate=rate, key=key)
                cache.delete(name)
        gone = reset_attempts(username=user.get_username())
        audit(by=by, action="unlock_account", obj=user, after={"attempts": gone})


def guessing_key(username: str) -> str:
    """Under which name wrong passwords of an account are counted, from wherever they come."""
    return username.lower()


def force_sign_out(user: User, *, by, reason: str) -> int:
    return sign_out_everywhere(held_by(by, user), by=by, reason=_said(reason))


@transaction.atomic
def follow_role(user: User, *, role: str) -> User:
    """The hospital's sign-in says the role, where a mapping says how. It neither makes nor unmakes an administrator."""
    user = User.objects.select_for_update().get(pk=user.pk)
    if user.role == role or Role.SYSTEM_ADMIN in (user.role, role):
        return user
    user.role = role
    return store_user(user, by=None)


@transaction.atomic
def store_team(team: Team, *, by, seen: str | None = None) -> Team:
    """Create or change a team. A centre that opens its cases is given them, and what it no longer opens is taken.

    ``seen`` as for an account: Raises Conflict when the team was changed since, ValidationError.
    """
    old = Team.objects.select_for_update().filter(pk=team.pk).first()
    if old is not None:
        refuse_overtaken(old, seen)
    before = snapshot(old) if old else None
    if team.kind != Team.Kind.CENTRE:
        team.opens_its_cases = False
    team.full_clean()
    team.save()
    audit(by=by, action="update_team" if old else "create_team", obj=team, before=before, after=snapshot(team))
    for name in _names_to_follow(old, team):
        for patient in Patient.objects.filter(centre__iexact=name).order_by("pk"):
            follow_centre(patient, by=by)
    return team


def held_by(by, user: User) -> User:
    """The row, locked, for an administrator; PermissionDenied for everybody else."""
    if not by.may(Capability.MANAGE_USERS):
        raise PermissionDenied
    return User.objects.select_for_update().get(pk=user.pk)


def _another(by, user: User) -> User:
    user = held_by(by, user)
    if user.pk == by.pk:
        raise PermissionDenied(OWN_RIGHTS)
    return user


def _said(reason: str) -> str:
    if not reason.strip():
        raise ValidationError({"reason": "Say why: it stays in the trail."})
    return reason.strip()


def _rights(user: User, teams=None) -> list:
    teams = user.teams.all() if teams is None else teams
    return [*(getattr(user, name) for name in RIGHTS), sorted(team.pk for team in teams)]


def check_centre(teams) -> None:
    if sum(team.kind == Team.Kind.CENTRE for team in teams) > 1:
        raise ValidationError({"teams": ONE_CENTRE})


def _check_mail(user: User) -> None:
    if user.email and User.objects.filter(email__iexact=user.email).exclude(pk=user.pk).exists():
        raise ValidationError({"email": MAIL_TAKEN})


def _names_to_follow(old: Team | None, team: Team) -> set[str]:
    states = {(t.name, t.kind, t.opens_its_cases) for t in (old, team) if t is not None}
    return {name for name, kind, opens in states if opens} if len(states) > 1 or old is None else set()
