"""How long a sign-in lasts, what keeps it, and what ends it."""

import time

import pytest
from allauth.usersessions.models import UserSession
from django.test import Client
from django.urls import reverse

from patients import services
from patients.models import AuditEvent, User
from patients.session_time import SEEN, SINCE
from tests.patients.factories import make_user

pytestmark = pytest.mark.django_db
SECRET = "not-a-real-password"
MINUTE, HOUR = 60, 3600


@pytest.fixture(autouse=True)
def fifteen_minutes(settings):
    settings.IDLE_MINUTES = 15


def signed_in(user) -> Client:
    """By the page, as a person does."""
    client = Client()
    answer = client.post("/accounts/login/", {"login": user.username, "password": SECRET})
    assert answer.status_code == 302, answer.content
    return client


def put_back(client, **seconds) -> None:
    session = client.session
    for name, ago in seconds.items():
        session[{"seen": SEEN, "since": SINCE}[name]] -= ago
    session.save()


def is_in(client) -> bool:
    return client.get("/").status_code == 200


def test_a_quarter_of_an_hour_without_doing_anything_ends_it():
    client = signed_in(make_user("clinician"))
    put_back(client, seen=14 * MINUTE)
    assert is_in(client)
    put_back(client, seen=15 * MINUTE + 1)
    answer = client.get("/patients/?q=1")
    assert answer.status_code == 302 and answer["Location"] == "/accounts/login/?next=/patients/%3Fq%3D1"
    assert "You were signed out" in client.get(answer["Location"]).content.decode()
    assert SINCE not in client.session


@pytest.mark.parametrize("name", ["people:session", "imaging:jobs_state"])
def test_what_a_page_asks_by_itself_keeps_nobody_signed_in(name):
    client = signed_in(make_user("clinician"))
    put_back(client, seen=14 * MINUTE)
    seen = client.session[SEEN]
    assert client.get(reverse(name)).status_code == 200
    assert client.session[SEEN] == seen
    put_back(client, seen=MINUTE + 1)
    assert client.get(reverse(name)).status_code == 302


def test_a_script_that_reads_a_page_keeps_nobody_signed_in_a_person_who_opens_it_does():
    client = signed_in(make_user("clinician"))
    put_back(client, seen=14 * MINUTE)
    seen = client.session[SEEN]
    client.get("/", HTTP_SEC_FETCH_MODE="cors")
    assert client.session[SEEN] == seen
    client.get("/", HTTP_SEC_FETCH_MODE="navigate")
    assert client.session[SEEN] > seen


def test_doing_something_does():
    client = signed_in(make_user("clinician"))
    put_back(client, seen=14 * MINUTE)
    assert client.get(reverse("people:session")).json()["left"] <= MINUTE
    assert client.post(reverse("people:stay")).json()["left"] > 14 * MINUTE
    put_back(client, seen=14 * MINUTE)
    assert is_in(client) and time.time() - client.session[SEEN] < MINUTE


@pytest.mark.parametrize(("role", "hours"), [("clinician", 12), ("system_admin", 8), ("display", 12)])
def test_a_working_day_ends_it_whatever_was_done(role, hours):
    client = signed_in(make_user(role))
    put_back(client, since=hours * HOUR - MINUTE)
    assert is_in(client)
    put_back(client, since=2 * MINUTE)
    assert not is_in(client)


def test_a_wall_is_never_idle():
    client = signed_in(make_user("display"))
    put_back(client, seen=3 * HOUR)
    assert is_in(client)


def test_signing_in_gives_a_new_session():
    client = Client()
    client.get("/accounts/login/")
    session = client.session
    session["planted"] = True
    session.save()
    planted = client.cookies["sessionid"].value
    user = make_user("clinician")
    client.post("/accounts/login/", {"login": user.username, "password": SECRET})
    assert client.cookies["sessionid"].value != planted
    thief = Client()
    thief.cookies["sessionid"] = planted
    assert not is_in(thief)


def test_a_cookie_kept_from_before_signing_out_opens_nothing():
    client = signed_in(make_user("clinician"))
    kept = client.cookies["sessionid"].value
    client.post("/accounts/logout/")
    for _ in range(50):
        thief = Client()
        thief.cookies["sessionid"] = kept
        assert not is_in(thief)


def ended(user, how: str, own: Client) -> None:
    admin = make_user("system_admin")
    if how == "closed":
        services.set_active(user, by=admin, is_active=False, reason="left")
    elif how == "signed out by an administrator":
        services.force_sign_out(user, by=admin, reason="laptop lost")
    elif how == "factor reset":
        services.reset_second_factor(user, by=admin, reason="phone lost")
    elif how == "role changed":
        names = ("first_name", "last_name", "email", "is_staff")
        stored = {name: getattr(user, name) for name in names}
        services.change_account(user, by=admin, teams=[], role="observer", seen=services.version_of(user), **stored)
    elif how == "everywhere":
        assert own.post(reverse("people:end_all")).status_code == 302
    else:
        sent = {"oldpassword": SECRET, "password1": "several plain words here", "password2": "several plain words here"}
        assert own.post("/accounts/password/change/", sent).status_code == 302


ENDS = ["closed", "signed out by an administrator", "factor reset", "role changed", "everywhere", "password"]


@pytest.mark.parametrize("how", ENDS)
def test_it_ends_in_every_browser(how):
    user = make_user("clinician")
    own, other, unlisted = signed_in(user), signed_in(user), signed_in(user)
    UserSession.objects.filter(session_key=unlisted.session.session_key).delete()
    assert is_in(own) and is_in(other) and is_in(unlisted)
    time.sleep(0.01)
    ended(user, how, own)
    assert not is_in(other) and not is_in(unlisted)
    assert is_in(own) is (how == "password")
    user.refresh_from_db()
    assert AuditEvent.objects.filter(action="sign_out_everywhere", object_id=str(user.pk)).exists()


def test_who_was_signed_out_signs_in_again():
    user = make_user("clinician")
    signed_in(user)
    services.force_sign_out(user, by=make_user("system_admin"), reason="test")
    assert is_in(signed_in(user))


def test_one_sees_where_one_is_signed_in():
    user = make_user("clinician")
    own, _other = signed_in(user), signed_in(user)
    page = own.get("/accounts/sessions/").content.decode()
    assert page.count("since") == 2 and "this browser" in page
    own.post("/accounts/sessions/")
    assert User.objects.get(pk=user.pk).usersession_set.count() == 1 and is_in(own)


def test_mail_and_connections_are_not_ones_own_to_change():
    client = signed_in(make_user("clinician"))
    for path in ("email/", "signup/", "3rdparty/", "3rdparty/signup/"):
        for answer in (client.get(f"/accounts/{path}"), client.post(f"/accounts/{path}", {"email": "x@example.org"})):
            assert answer.status_code == 404, path
