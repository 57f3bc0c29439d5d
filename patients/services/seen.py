"""Rights are written over the state that was on the screen, or not at all."""

from patients.domain.sealed import hash_of
from patients.models import Team, User
from patients.services.audit import snapshot
from patients.services.versions import Conflict

ACCOUNT_FIELDS = ["username", "first_name", "last_name", "email", "role", "is_active", "is_staff"]
OVERTAKEN = "Somebody changed this after you opened the page. Nothing of yours was stored."


def account_state(user: User) -> dict:
    return {**snapshot(user, ACCOUNT_FIELDS), "teams": sorted(user.teams.values_list("name", flat=True))}


def version_of(row: User | Team) -> str:
    """What a form carries with it: the stored state of an account with its teams, or of a team, as one word."""
    if isinstance(row, User):
        return hash_of(account_state(row) | {"teams": sorted(row.teams.values_list("pk", flat=True))})
    return hash_of(snapshot(row))


def refuse_overtaken(stored: User | Team, seen: str | None) -> None:
    """``stored`` is locked. None: the caller read it under that lock. Raises Conflict."""
    if seen is not None and seen != version_of(stored):
        raise Conflict(OVERTAKEN)
