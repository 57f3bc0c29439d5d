"""Who may change what somebody may do; extra fields in a form do nothing."""

import re
from html import unescape

import pytest
from allauth.mfa.models import Authenticator
from django.core.exceptions import PermissionDenied, ValidationError
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from patients import services
from patients.domain.roles import Role
from patients.models import AuditEvent, Invitation, Team, User
from patients.selectors import visible_patients
from tests.patients.factories import make_patient, make_user

pytestmark = pytest.mark.django_db
PAGE = {"Accept": "text/html"}


@pytest.fixture
def admin(client):
    user = make_user("system_admin", email="admin@example.org")
    client.force_login(user)
    return user


def change(by, person, **values):
    stored = {name: getattr(person, name) for name in ("first_name", "last_name", "email", "role", "is_staff")}
    seen = services.version_of(User.objects.get(pk=person.pk))
    return services.change_account(person, by=by, teams=values.pop("teams", []), seen=seen, **(stored | values))


def test_nobody_changes_their_own_role_teams_or_sign_in(admin):
    team = Team.objects.create(name="T")
    for wanted in ({"role": "clinician"}, {"is_staff": True}, {"teams": [team]}):
        with pytest.raises(PermissionDenied, match="another administrator"):
            change(admin, admin, **wanted)
    for act in (services.set_active, services.reset_second_factor):
        more = {"is_active": False} if act is services.set_active else {}
        with pytest.raises(PermissionDenied):
            act(admin, by=admin, reason="by myself", **more)
    assert User.objects.get(pk=admin.pk).role == "system_admin"


def test_a_name_is_ones_own_to_change_with_the_rest_as_it_is(admin):
    assert change(admin, admin, first_name="Ada").first_name == "Ada"


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.SYSTEM_ADMIN}))
def test_only_an_administrator_manages(role):
    by, person = make_user(role), make_user("observer")
    with pytest.raises(PermissionDenied):
        change(by, person, role="chair")
    with pytest.raises(PermissionDenied):
        services.set_active(person, by=by, is_active=False, reason="x")
    with pytest.raises(PermissionDenied):
        services.unlock(person, by=by)


EXTRA = st.dictionaries(
    st.sampled_from(
        [
            "is_staff",
            "is_superuser",
            "role",
            "user_permissions",
            "teams",
            "is_active",
            "granted_by",
            "kind",
            "until",
            "id",
        ]
    ),
    st.sampled_from(["on", "1", "system_admin", "nuclear_medicine", "break_glass", "2999-01-01"]),
    min_size=1,
)


@settings(max_examples=15, suppress_health_check=list(HealthCheck))
@given(extra=EXTRA)
def test_extra_fields_give_an_invited_person_nothing(client, extra):
    by = make_user("system_admin")
    _, token = services.invite(by=by, role="observer")
    sent = extra | {"username": f"guest-{Invitation.objects.count()}-{User.objects.count()}"}
    sent |= {"password": "several plain words here", "again": "several plain words here"}
    assert client.post(reverse("people:invited", args=[token]), sent).status_code == 302
    made = User.objects.get(username=sent["username"])
    assert (made.role, made.is_staff, made.is_superuser, made.is_active) == ("observer", False, False, True)
    assert not made.teams.exists()


@settings(max_examples=15, suppress_health_check=list(HealthCheck))
@given(extra=EXTRA)
def test_extra_fields_of_a_coordinator_invite_an_observer_still(client, extra):
    client.force_login(make_user("coordinator"))
    before = set(Invitation.objects.values_list("pk", flat=True))
    client.post(reverse("people:invitations"), extra | {"first_name": "Guest"})
    (made,) = Invitation.objects.exclude(pk__in=before)
    assert made.role == "observer" and not made.teams.exists()


@settings(max_examples=15, suppress_health_check=list(HealthCheck))
@given(extra=EXTRA)
def test_extra_fields_of_an_administrator_change_only_what_the_form_has(client, extra):
    by, person = make_user("system_admin"), make_user("observer")
    client.force_login(by)
    sent = extra | {"role": "observer", "seen_version": services.version_of(person)}
    sent.pop("is_staff", None), sent.pop("teams", None)
    assert client.post(reverse("people:account", args=[person.pk]), sent).status_code == 302
    person.refresh_from_db()
    assert (person.role, person.is_superuser, person.is_staff, person.is_active) == ("observer", False, False, True)
    sent = {"role": "nuclear_medicine", "seen_version": services.version_of(by)}
    own = client.post(reverse("people:account", args=[by.pk]), sent)
    assert own.status_code == 200 and User.objects.get(pk=by.pk).role == "system_admin"


def test_an_administrator_reads_no_case_whatever_team_they_are_in(admin):
    patient = make_patient()
    services.grant_access(by=patient.recorded_by, patient=patient, kind="care_team", user=admin)
    assert not visible_patients(admin).exists()
    assert services.may_invite(admin, "clinician")
    with pytest.raises(ValidationError, match="your own mail"):
        services.invite(by=admin, role="clinician", email="Admin@example.org")


def test_a_person_has_one_centre_and_one_mail_address(admin):
    north, south = (Team.objects.create(name=name, kind="centre") for name in ("North", "South"))
    person = make_user("clinician")
    with pytest.raises(ValidationError, match="one centre"):
        change(admin, person, teams=[north, south])
    make_user("clinician", email="taken@example.org")
    with pytest.raises(ValidationError, match="mail"):
        change(admin, person, email="TAKEN@example.org")
    assert change(admin, person, teams=[north]).centre == north


def test_a_membership_counts_at_once(admin, client):
    team, person = Team.objects.create(name="Board"), make_user("clinician")
    patient = make_patient()
    services.grant_access(by=patient.recorded_by, patient=patient, kind="care_team", team=team)
    address = reverse("board:patient", args=[patient.case_number])
    client.force_login(person)
    assert client.get(address).status_code == 404
    change(admin, person, teams=[team])
    assert client.get(address).status_code == 200
    change(admin, person, teams=[])
    assert client.get(address).status_code == 404


def seen_on(page) -> str:
    return re.search(r'name="seen_version" value="(\w+)"', page.content.decode())[1]


def test_a_page_that_was_overtaken_gives_back_no_right(admin, client):
    team, person = Team.objects.create(name="Board"), make_user("chair", is_staff=True)
    person.teams.add(team)
    address = reverse("people:account", args=[person.pk])
    sent = {"role": "chair", "is_staff": "on", "teams": [team.pk], "first_name": "Ada"}
    sent["seen_version"] = seen_on(client.get(address))
    change(make_user("system_admin"), person, role="observer", is_staff=False, teams=[])
    answer = client.post(address, sent)
    said = unescape(answer.content.decode())
    assert answer.status_code == 409 and "Nothing of yours was stored" in said
    for line in ("Role: stored now “Observer”, in your form “Chair”", "Teams: stored now “none”, in your form “Board”"):
        assert line in said
    assert "First name: stored now “none”, in your form “Ada”" in said and 'value="Ada"' in said
    person.refresh_from_db()
    assert (person.role, person.is_staff, person.first_name, person.teams.exists()) == ("observer", False, "", False)
    assert client.post(address, sent | {"seen_version": seen_on(answer)}).status_code == 302
    assert client.post(address, {name: sent[name] for name in sent if name != "seen_version"}).status_code == 409


def test_a_form_that_comes_back_for_a_mistake_still_knows_what_its_person_saw(admin, client):
    person = make_user("chair")
    address = reverse("people:account", args=[person.pk])
    sent = {"role": "chair", "email": "x@", "seen_version": seen_on(client.get(address))}
    change(make_user("system_admin"), person, role="observer", is_staff=False, teams=[])
    mended = {**sent, "email": "x@example.org", "seen_version": seen_on(client.post(address, sent))}
    assert client.post(address, mended).status_code == 409
    person.refresh_from_db()
    assert person.role == "observer"


def test_a_team_page_that_was_overtaken_opens_no_cases_again(admin, client):
    centre = Team.objects.create(name="North", kind="centre", opens_its_cases=True)
    address = reverse("people:team", args=[centre.pk])
    sent = {"name": "North", "kind": "centre", "opens_its_cases": "on", "seen_version": seen_on(client.get(address))}
    centre.opens_its_cases = False
    services.store_team(centre, by=admin)
    answer = client.post(address, sent)
    assert answer.status_code == 409 and not Team.objects.get(pk=centre.pk).opens_its_cases
    assert "stored now “no”, in your form “yes”" in unescape(answer.content.decode())
    assert client.post(address, sent | {"seen_version": seen_on(answer)}).status_code == 302


def test_a_lost_second_factor_is_removed_with_a_reason(admin, client):
    person = make_user("clinician")
    Authenticator.objects.create(user=person, type="totp", data={})
    address = reverse("people:act", args=[person.pk])
    client.post(address, {"what": "reset_factor", "reason": " "})
    assert Authenticator.objects.filter(user=person).exists()
    client.post(address, {"what": "reset_factor", "reason": "phone lost, seen in person"})
    assert not Authenticator.objects.filter(user=person).exists()
    event = AuditEvent.objects.get(action="reset_second_factor")
    assert (event.by, event.reason) == (admin, "phone lost, seen in person")


def test_accounts_are_found_by_every_word(admin, client):
    make_user("chair", username="hopper", first_name="Grace", last_name="Hopper")
    page = client.get(reverse("people:accounts"), {"q": "grace hop", "role": "chair"}).content.decode()
    assert "hopper" in page and "1 found" in page
    assert "0 found" in client.get(reverse("people:accounts"), {"q": "grace turing"}).content.decode()
