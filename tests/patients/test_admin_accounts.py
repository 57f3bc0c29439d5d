"""The data desk keeps the rules of the people pages: own rights, and sessions that end."""

from html import unescape

import pytest
from django.test import Client
from django.urls import reverse

from patients import services
from patients.models import Team, User
from tests.patients.factories import make_user

pytestmark = [pytest.mark.django_db, pytest.mark.urls("config.urls")]
SECRET = "not-a-real-password"


@pytest.fixture
def admin(client):
    user = make_user("system_admin", is_staff=True)
    client.force_login(user)
    return user


def in_browser(user) -> Client:
    client = Client()
    client.post("/accounts/login/", {"login": user.username, "password": SECRET})
    assert client.get("/patients/").status_code == 200
    return client


def stored(user, **changed) -> dict:
    values = {"username": user.username, "role": user.role, "is_active": "on" if user.is_active else ""}
    values["seen_version"] = services.version_of(user)
    return {name: value for name, value in (values | changed).items() if value}


def test_a_changed_role_and_a_new_password_end_what_was_signed_in(admin, client):
    user = make_user("clinician")
    other = in_browser(user)
    change = reverse("admin:patients_user_change", args=[user.pk])
    assert client.post(change, stored(user, role="observer")).status_code == 302
    assert other.get("/patients/").status_code == 302
    other = in_browser(user)
    sent = {"usable_password": "true", "password1": "several plain words here", "password2": "several plain words here"}
    assert client.post(reverse("admin:auth_user_password_change", args=[user.pk]), sent).status_code == 302
    assert other.get("/patients/").status_code == 302


@pytest.mark.parametrize("is_race", [False, True])
def test_a_form_that_was_overtaken_gives_back_no_right(admin, client, monkeypatch, is_race):
    user = make_user("clinician", is_staff=True)
    change, sent = reverse("admin:patients_user_change", args=[user.pk]), stored(user, is_staff="on", last_name="Ada")
    services.set_active(user, by=make_user("system_admin"), is_active=False, reason="left")
    if is_race:
        monkeypatch.setattr("patients.admin.users.SeenForm.clean", lambda form: form.cleaned_data)
    answer = client.post(change, sent, follow=True)
    user.refresh_from_db()
    assert (user.is_active, user.last_name) == (False, "")
    said = unescape(answer.content.decode())
    assert "Nothing of yours was stored" in said
    assert is_race or ("Active: stored now “no”, in your form “yes”" in said and 'value="Ada"' in said)


def test_a_centre_that_nobody_changed_is_no_difference(admin, client):
    north, south, team = (
        Team.objects.create(name=n, kind=k) for n, k in (("N", "centre"), ("S", "centre"), ("T", "team"))
    )
    user = make_user("clinician")
    user.teams.set([north, team])
    sent = stored(user, last_name="Ada") | {"teams": [north.pk, team.pk]}
    services.set_active(user, by=make_user("system_admin"), is_active=False, reason="left")
    change = reverse("admin:patients_user_change", args=[user.pk])
    said = unescape(client.post(change, sent).content.decode())
    assert "Active: stored now" in said and "Teams: stored now" not in said
    sent = sent | {"teams": [south.pk, team.pk]}
    said = unescape(client.post(change, sent).content.decode())
    assert "Teams: stored now “N, T”, in your form “S, T”" in said


def test_a_team_form_that_was_overtaken_opens_no_cases_again(admin, client):
    centre = Team.objects.create(name="North", kind="centre", opens_its_cases=True)
    sent = {"name": "North", "kind": "centre", "opens_its_cases": "on", "seen_version": services.version_of(centre)}
    centre.opens_its_cases = False
    services.store_team(centre, by=admin)
    change = reverse("admin:patients_team_change", args=[centre.pk])
    assert "Nothing of yours" in client.post(change, sent).content.decode()
    sent["seen_version"] = services.version_of(Team.objects.get(pk=centre.pk))
    assert not Team.objects.get(pk=centre.pk).opens_its_cases
    assert client.post(change, sent).status_code == 302 and Team.objects.get(pk=centre.pk).opens_its_cases


def test_ones_own_teams_are_another_administrators(admin, client):
    team = Team.objects.create(name="T")
    sent = stored(admin, is_staff="on") | {"teams": [team.pk]}
    answer = client.post(reverse("admin:patients_user_change", args=[admin.pk]), sent)
    assert answer.status_code == 200 and not User.objects.get(pk=admin.pk).teams.exists()


def test_secrets_of_sign_ins_are_nobodys_to_read(admin, client):
    from django.contrib import admin as desk

    assert not [
        m for m in desk.site._registry if m._meta.app_label in {"mfa", "account", "socialaccount", "usersessions"}
    ]
