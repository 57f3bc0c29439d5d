"""The demonstration's team: one person per role that does something, all with the printed password."""

from functools import cache

from django.contrib.auth.hashers import make_password
from django.db import transaction

from demo.accounts import DEMO_CHAIR, DEMO_COORDINATOR, DEMO_PASSWORD, DEMO_TEAM, DEMO_USER
from patients.domain.roles import Role
from patients.models import Team, User
from patients.services import audit

# username, role, may enter the admin site
_PEOPLE = (
    (DEMO_USER, Role.NUCLEAR_MEDICINE, True),
    ("demo-clinician", Role.CLINICIAN, True),
    (DEMO_COORDINATOR, Role.COORDINATOR, True),
    (DEMO_CHAIR, Role.CHAIR, False),
    ("demo-data-entry", Role.DATA_ENTRY, True),
    ("demo-researcher", Role.RESEARCHER, False),
    ("demo-observer", Role.OBSERVER, False),
    ("demo-system-admin", Role.SYSTEM_ADMIN, True),
)


@transaction.atomic
def demo_team() -> tuple[User, Team]:
    """The user who reads and enters everything, and the team that shares the cases. Safe to call again."""
    team, _ = Team.objects.get_or_create(name=DEMO_TEAM)
    hashed = cache(make_password)  # the printed password is one for all, so its slow hash is made once
    for username, role, is_staff in _PEOPLE:
        user, is_new = User.objects.get_or_create(username=username, defaults={"role": role, "is_staff": is_staff})
        if not is_new:
            continue
        user.password = hashed(DEMO_PASSWORD)
        user.save()
        if role != Role.SYSTEM_ADMIN:
            user.teams.add(team)
        audit(by=None, action="create_demo_user", obj=user, after={"username": username, "role": role.value})
    return User.objects.get(username=DEMO_USER), team
