"""Accounts and teams, written with their trail like everything else; passwords never enter it."""

from django.db import transaction

from patients.models import Team, User
from patients.services.audit import audit, snapshot

ACCOUNT_FIELDS = ["username", "first_name", "last_name", "email", "role", "is_active", "is_staff"]


@transaction.atomic
def store_user(user: User, *, by, teams=None) -> User:
    """Create or change an account together with its teams; ``user`` carries the new values."""
    old = User.objects.filter(pk=user.pk).first()
    before = _account(old) if old else None
    user.save()
    if teams is not None:
        user.teams.set(teams)
    after = _account(user)
    if before != after:
        audit(by=by, action="update_user" if old else "create_user", obj=user, before=before, after=after)
    return user


@transaction.atomic
def store_team(team: Team, *, by) -> Team:
    """Create or rename a team."""
    old = Team.objects.filter(pk=team.pk).first()
    before = snapshot(old) if old else None
    team.full_clean()
    team.save()
    audit(by=by, action="update_team" if old else "create_team", obj=team, before=before, after=snapshot(team))
    return team


def _account(user: User) -> dict:
    return {**snapshot(user, ACCOUNT_FIELDS), "teams": sorted(user.teams.values_list("name", flat=True))}
