"""An invitation works once, for 72 hours, and gives what was invited."""

import datetime as dt

import pytest
from django.core import mail
from django.core.exceptions import PermissionDenied, ValidationError
from django.urls import reverse
from django.utils import timezone

from patients import services
from patients.models import AuditEvent, Invitation, Team, User
from tests.patients.factories import make_user

pytestmark = pytest.mark.django_db
WORDS = "several plain words here"


@pytest.fixture
def admin():
    return make_user("system_admin")


def accept(token, username="guest"):
    return services.accept(token, username=username, password=WORDS)


def test_it_gives_role_and_teams_of_the_inviter(admin):
    team, centre = Team.objects.create(name="Board"), Team.objects.create(name="North", kind="centre")
    invitation, token = services.invite(by=admin, role="clinician", first_name="Ada", teams=[team, centre])
    user = accept(token)
    assert (user.role, user.first_name, user.centre, user.check_password(WORDS)) == ("clinician", "Ada", centre, True)
    assert set(user.teams.all()) == {team, centre}
    assert Invitation.objects.get(pk=invitation.pk).accepted_by == user


def test_the_token_is_nowhere_but_in_the_link(admin):
    invitation, token = services.invite(by=admin, role="clinician")
    kept = str(Invitation.objects.filter(pk=invitation.pk).values().get())
    kept += str(list(AuditEvent.objects.values()))
    assert token not in kept and invitation.token_digest not in str(list(AuditEvent.objects.values()))


def test_it_works_once(admin):
    _, token = services.invite(by=admin, role="clinician")
    accept(token)
    with pytest.raises(ValidationError, match="new one"):
        accept(token, "second")
    assert not User.objects.filter(username="second").exists()


@pytest.mark.parametrize("how", ["ran out", "withdrawn", "inviter closed", "wrong token"])
def test_a_link_that_opens_nothing(admin, client, how):
    invitation, token = services.invite(by=admin, role="clinician")
    if how == "ran out":
        Invitation.objects.update(until=timezone.now() - dt.timedelta(seconds=1))
    elif how == "withdrawn":
        services.withdraw_invitation(invitation, by=admin)
    elif how == "inviter closed":
        User.objects.filter(pk=admin.pk).update(is_active=False)
    else:
        token = "x" * 43
    with pytest.raises(ValidationError):
        accept(token)
    assert client.get(reverse("people:invited", args=[token])).status_code == 410
    assert not User.objects.filter(username="guest").exists()


def test_it_lives_for_72_hours(admin):
    invitation, _ = services.invite(by=admin, role="clinician")
    assert abs(invitation.until - timezone.now() - dt.timedelta(hours=72)) < dt.timedelta(minutes=1)


@pytest.mark.parametrize("role", ["clinician", "chair", "system_admin", "coordinator"])
def test_a_coordinator_invites_observers_only(role):
    by = make_user("coordinator")
    with pytest.raises(PermissionDenied):
        services.invite(by=by, role=role)
    with pytest.raises(PermissionDenied):
        services.invite(by=by, role="observer", teams=[Team.objects.create(name="T")])
    invitation, _ = services.invite(by=by, role="observer")
    with pytest.raises(PermissionDenied):
        services.withdraw_invitation(invitation, by=make_user("coordinator"))


def test_the_page_mails_the_link_and_shows_it_once(client, admin):
    client.force_login(admin)
    sent = {"role": "clinician", "email": "ada@example.org", "first_name": "Ada"}
    page = client.post(reverse("people:invitations"), sent).content.decode()
    (letter,) = mail.outbox
    link = next(word for word in letter.body.split() if "/people/invited/" in word)
    assert link in page and letter.to == ["ada@example.org"]
    assert link not in client.get(reverse("people:invitations")).content.decode()


@pytest.mark.parametrize(
    ("password", "said"),
    [
        ("short words", "12 characters"),
        ("x" * 129, "at most 128"),
        ("password1234", "too common"),
        ("adalovelace-1", "similar"),
        (WORDS, None),
        ("x y" * 42, None),
        ("correct horse battery staple", None),
    ],
)
def test_passwords_are_judged_by_length_and_commonness(client, admin, password, said):
    _, token = services.invite(by=admin, role="clinician", first_name="Ada")
    sent = {"username": "adalovelace", "password": password, "again": password}
    answer = client.post(reverse("people:invited", args=[token]), sent)
    assert answer.status_code == (200 if said else 302)
    assert not said or said in answer.content.decode()


def test_a_user_name_is_taken_once_in_any_case(admin):
    make_user("clinician", username="Guest")
    _, token = services.invite(by=admin, role="clinician")
    with pytest.raises(ValidationError, match="taken"):
        accept(token)
