"""Who there is, who may read what, and who came in by emergency."""

from django.db.models import Count, F, Prefetch, Q, QuerySet
from django.utils import timezone

from patients.domain.roles import Capability, Role, role_may
from patients.models import AccessGrant, Invitation, Patient, Team, User

STRAIGHT = str.maketrans(dict.fromkeys("\u2018\u2019\u02bc\u02b9\u00b4`\uff07\u2032", "'"))


def accounts(search: str = "", role: str = "", state: str = "") -> QuerySet[User]:
    found = User.objects.prefetch_related("teams").order_by("-is_active", "last_name", "username")
    if role:
        found = found.filter(role=role)
    if state in {"active", "closed"}:
        found = found.filter(is_active=state == "active")
    for word in search.split():
        named = Q(username__icontains=word) | Q(first_name__icontains=word) | Q(last_name__icontains=word)
        found = found.filter(named | Q(email__icontains=word))
    return found


def account_named(typed: str) -> User | None:
    """The account of a name as it is typed: O'Brien, with whichever apostrophe, is obrien where none has it."""
    straight = typed.strip().translate(STRAIGHT)
    names = (typed, straight, straight.replace("'", ""))
    found = {user.username: user for user in User.objects.filter(username__in=names)}
    return next((found[name] for name in names if name in found), None)


def teams() -> QuerySet[Team]:
    active = Count("members", filter=Q(members__is_active=True), distinct=True)
    return Team.objects.annotate(people=active).order_by("kind", "name")


def invitations_of(user) -> QuerySet[Invitation]:
    """All of them for an administrator, else one's own; the newest hundred."""
    found = Invitation.objects.select_related("invited_by", "accepted_by").prefetch_related("teams")
    return (found if user.may(Capability.MANAGE_USERS) else found.filter(invited_by=user))[:100]


def grants_of(patient: Patient) -> list[AccessGrant]:
    """Every grant of a case, those that count first, newest first."""
    may_read = [role for role in Role if role_may(role, Capability.READ_CHART)]
    people = User.objects.filter(is_active=True, role__in=may_read).order_by("last_name", "username")
    members = Prefetch("team__members", people, to_attr="readers")
    found = AccessGrant.objects.filter(patient=patient).select_related("user", "team", "granted_by")
    return sorted(found.prefetch_related(members).order_by("-granted_at"), key=lambda grant: not grant.is_active)


def emergencies() -> QuerySet[AccessGrant]:
    """Emergency accesses, those nobody has reviewed first."""
    kind = AccessGrant.Kind.BREAK_GLASS
    found = AccessGrant.objects.filter(kind=kind).select_related("user", "patient", "reviewed_by")
    return found.order_by(F("reviewed_at").asc(nulls_first=True), "-granted_at")


def people_figures() -> dict[str, int]:
    """How many may sign in, and how many links to an account lie about unused."""
    unused = Invitation.objects.filter(accepted_at=None, withdrawn_at=None, until__gt=timezone.now())
    return {"accounts": User.objects.filter(is_active=True).count(), "invitations": unused.count()}


def unreviewed_emergencies() -> int:
    return AccessGrant.objects.filter(kind=AccessGrant.Kind.BREAK_GLASS, reviewed_at=None).count()


def open_emergencies(user) -> list[AccessGrant]:
    """What ``user`` reads by emergency now. The account says until when there may be one: mostly nothing is asked."""
    now = timezone.now()
    if user.emergency_until is None or user.emergency_until <= now:
        return []
    kind = AccessGrant.Kind.BREAK_GLASS
    found = AccessGrant.objects.active(now).filter(user=user, kind=kind)
    return list(found.select_related("patient").order_by("until"))
