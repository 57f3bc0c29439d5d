"""Guessing passwords and codes, telling who exists, and the second factor that a role needs."""

import time

import pytest
from allauth.account.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from django.contrib.auth.hashers import get_hasher
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client, RequestFactory
from django.urls import reverse

from patients import services
from patients.domain.roles import Role
from patients.selectors.people import account_named
from tests.patients.factories import make_user

pytestmark = pytest.mark.django_db
SECRET = "not-a-real-password"


@pytest.fixture(autouse=True)
def nothing_counted():
    cache.clear()


def attempt(username: str, password: str = "a-wrong-password", address: str = "10.0.0.1", client=None):
    sent = {"login": username, "password": password}
    return (client or Client()).post("/accounts/login/", sent, REMOTE_ADDR=address)


def code_now(secret: str) -> str:
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30))


def test_guesses_are_stopped_after_eight():
    user = make_user("clinician")
    tried = [attempt(user.username).status_code for _ in range(12)]
    assert tried.index(429) <= 8 and set(tried[8:]) == {429}
    answer = attempt(user.username, SECRET)
    assert answer.status_code == 429 and "15 minutes" in answer.content.decode()
    assert int(answer["Retry-After"]) == 900
    for _ in range(50):
        answer = attempt(user.username, SECRET)
        assert answer.status_code != 302 and "Too many wrong passwords" in answer.content.decode()


def test_from_ever_new_addresses_they_are_stopped_too():
    user = make_user("clinician")
    for n in range(30):
        attempt(user.username, address=f"10.0.{n // 200}.{n % 200 + 1}")
    answer = attempt(user.username, SECRET, address="10.9.9.9")
    assert answer.status_code == 200 and "Too many wrong passwords" in answer.content.decode()


def test_a_thousand_guesses_at_many_names_from_many_addresses_open_nothing():
    """Below the page, where both locks are: pages would only make it slow."""
    names = [make_user("clinician").username for _ in range(5)] + [f"nobody-{n}" for n in range(5)]
    rounds = [(name, f"10.2.0.{n % 10}") for n in range(100) for name in names]
    refused = sum(_guess(name, f"guess-{n}", address) is None for n, (name, address) in enumerate(rounds))
    assert refused == len(rounds) == 1000
    for name in names[:5]:
        for address in ("10.2.0.1", "10.2.0.9", "10.3.0.1"):
            assert _guess(name, SECRET, address) is None, "the right one, inside the lock"
    answer = attempt(names[0], SECRET, address="10.3.0.2")
    assert answer.status_code == 200 and "Too many wrong passwords" in answer.content.decode()
    other = make_user("clinician").username
    assert _guess(other, SECRET, "10.4.0.1") is not None, "who was not guessed at comes in"


def _guess(username: str, password: str, address: str):
    request = RequestFactory().post("/accounts/login/", REMOTE_ADDR=address)
    request.session = {}
    try:
        return get_adapter().authenticate(request, username=username, password=password)
    except ValidationError:
        return None


def test_headers_do_not_make_somebody_else():
    user = make_user("clinician")
    sent = {"login": user.username, "password": "a-wrong-password"}
    for n in range(9):
        headers = {"HTTP_X_FORWARDED_FOR": f"10.1.1.{n}", "HTTP_USER_AGENT": f"Browser/{n}"}
        answer = Client().post("/accounts/login/", sent, **headers)
    assert answer.status_code == 429


def test_an_administrator_ends_the_waiting():
    user = make_user("clinician")
    for _ in range(40):
        attempt(user.username)
    services.unlock(user, by=make_user("system_admin"))
    assert attempt(user.username, SECRET).status_code == 302


def test_a_name_that_exists_is_answered_like_one_that_does_not():
    closed = make_user("clinician", is_active=False)
    names = [make_user("clinician").username, closed.username, "nobody-of-this-name"]
    for rounds in range(9):
        said = set()
        for name in names:
            answer = attempt(name)
            body = answer.content.decode().replace(name, "")
            said.add((answer.status_code, len(body), answer.headers.get("Location")))
        assert len(said) == 1, rounds


def test_a_name_that_exists_costs_as_many_hashes(monkeypatch):
    """Time is hashing: what is counted does not depend on how busy this machine is."""
    counted = []
    hasher = type(get_hasher())
    real = hasher.encode
    monkeypatch.setattr(hasher, "encode", lambda self, *given: counted.append(1) or real(self, *given))
    costs = {}
    known, closed = make_user("clinician").username, make_user("clinician", is_active=False).username
    for name in (known, closed, "nobody-of-this-name"):
        counted.clear()
        attempt(name)
        costs[name] = len(counted)
    assert len(set(costs.values())) == 1, costs


def test_passwords_are_kept_by_argon2(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
    assert make_user("clinician").password.startswith("argon2$argon2id$")


def test_a_one_time_code_signs_in_once():
    user, secret = make_user("clinician"), generate_totp_secret()
    TOTP.activate(user, secret)
    code = code_now(secret)

    def with_code():
        client = Client()
        assert attempt(user.username, SECRET, client=client)["Location"] == "/accounts/2fa/authenticate/"
        client.post("/accounts/2fa/authenticate/", {"code": code})
        return client.get("/patients/").status_code

    assert with_code() == 200
    assert {with_code() for _ in range(20)} == {302}


def test_the_second_factor_cannot_be_walked_around():
    user = make_user("clinician")
    TOTP.activate(user, generate_totp_secret())
    client = Client()
    attempt(user.username, SECRET, client=client)
    for path in ("/", "/patients/", "/admin/", "/people/session/", "/accounts/2fa/"):
        assert client.get(path).status_code == 302, path


def test_its_secrets_are_not_readable_in_the_database():
    user, secret = make_user("clinician"), generate_totp_secret()
    TOTP.activate(user, secret)
    RecoveryCodes.activate(user)
    with connection.cursor() as cursor:
        cursor.execute("SELECT data FROM mfa_authenticator")
        kept = str(cursor.fetchall())
    assert secret not in kept and kept.count("f1:") == 2
    assert all(code not in kept for code in RecoveryCodes.activate(user).generate_codes())


def test_what_was_stored_before_secrets_were_encrypted_still_signs_in():
    user, secret = make_user("clinician"), generate_totp_secret()
    Authenticator.objects.create(user=user, type="totp", data={"secret": secret})
    assert Authenticator.objects.get(user=user).wrap().validate_code(code_now(secret))


@pytest.mark.parametrize("role", list(Role))
def test_a_role_of_the_setting_sets_one_up_before_anything_else(settings, role):
    settings.MFA_ROLES = ["clinician", "system_admin"]
    client = Client()
    client.force_login(make_user(role.value, is_staff=True))
    answer = client.get("/")
    page = client.get("/people/second-factor/").content.decode()
    if role not in settings.MFA_ROLES:
        assert answer.status_code == 200 and "Not now" in page
        return
    assert "Not now" not in page
    for path in ("/", "/patients/", "/admin/", "/imaging/jobs/state/", "/accounts/sessions/", "/people/"):
        assert client.get(path).get("Location") == "/people/second-factor/", path
    assert client.get("/people/second-factor/").status_code == 200
    assert client.get("/accounts/2fa/totp/activate/").status_code in {200, 302}


def test_setting_one_up_opens_the_rest_and_it_cannot_be_taken_off(settings):
    settings.MFA_ROLES = ["clinician"]
    user, client = make_user("clinician"), Client()
    attempt(user.username, SECRET, client=client)
    page = client.get("/accounts/2fa/totp/activate/")
    assert page.status_code == 200, page["Location"]
    secret = client.session["mfa.totp.secret"]
    assert secret in page.content.decode()
    answer = client.post("/accounts/2fa/totp/activate/", {"code": code_now(secret)})
    assert answer.status_code == 302 and client.get("/patients/").status_code == 200
    off = client.post("/accounts/2fa/totp/deactivate/")
    assert off.status_code == 200 and "add another one" in off.content.decode()
    assert Authenticator.objects.filter(user=user, type="totp").exists()


def test_a_new_password_by_mail_does_not_replace_the_second_factor():
    from django.core import mail

    user = make_user("clinician", email="ada@example.org")
    TOTP.activate(user, generate_totp_secret())
    client = Client()
    client.post("/accounts/password/reset/", {"email": "ada@example.org"})
    link = next(word for word in mail.outbox[0].body.split() if "/password/reset/key/" in word)
    form = client.get(link, follow=True).redirect_chain[-1][0]
    client.post(form, {"password1": "several plain words here", "password2": "several plain words here"})
    user.refresh_from_db()
    assert user.check_password("several plain words here")
    assert client.get("/patients/").status_code == 302
    assert attempt(user.username, "several plain words here", client=client)["Location"].endswith("/authenticate/")


def test_a_stranger_who_asks_for_a_new_password_is_answered_alike():
    from django.core import mail

    make_user("clinician", email="ada@example.org")
    pages = []
    for address in ("ada@example.org", "nobody@example.org"):
        answer = Client().post("/accounts/password/reset/", {"email": address}, follow=True)
        pages.append((answer.status_code, answer.redirect_chain))
    assert pages[0] == pages[1]
    assert [letter.to for letter in mail.outbox] == [["ada@example.org"]]


def test_where_the_hospital_signs_people_in_a_password_is_for_administrators(settings):
    settings.LOCAL_SIGN_IN_FOR_ALL = False
    answer = attempt(make_user("clinician").username, SECRET)
    assert answer.status_code == 200 and "hospital sign-in" in answer.content.decode()
    assert attempt(make_user("system_admin").username, SECRET).status_code == 302


def test_the_key_of_a_decision_is_for_those_who_have_one():
    client = Client()
    client.force_login(make_user("chair"))
    assert client.post(reverse("people:security_key")).status_code == 403


@pytest.mark.parametrize("typed", ["o'brien", "o\u2019brien", "o\u02bcbrien", "obrien", " o\u2018brien "])
def test_a_name_typed_with_an_apostrophe_finds_its_account(typed):
    user = make_user("clinician", username="obrien")
    client = Client()
    assert attempt(typed, SECRET, client=client).status_code == 302
    assert client.session["_auth_user_id"] == str(user.pk)


def test_apostrophes_are_no_further_guesses():
    make_user("clinician", username="obrien")
    names = ["obrien", "o'brien", "o\u2019brien", "'obrien"]
    tried = [attempt(names[n % 4]).status_code for n in range(12)]
    assert tried.index(429) <= 8 and set(tried[8:]) == {429}


def test_the_account_that_has_the_apostrophe_comes_first():
    plain, own = make_user("clinician", username="obrien"), make_user("clinician", username="o'brien")
    assert [account_named(name) for name in ("o\u2019brien", "o'brien", "obrien")] == [own, own, plain]
    assert account_named("o'neill") is None and account_named("") is None
