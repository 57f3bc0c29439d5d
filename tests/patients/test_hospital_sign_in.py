"""The hospital says who somebody is; an invitation or an account here says whether and as what they come in."""

from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from allauth.socialaccount.models import SocialAccount
from django.core.exceptions import ValidationError
from django.test import Client

from config import hospital_sign_in
from patients import services
from patients.models import AccessEvent, User
from patients.session_time import SINCE
from tests.patients.factories import make_user
from tests.patients.hospital import Hospital

pytestmark = pytest.mark.django_db
ADA = {"sub": "17", "email": "ada@example.org", "email_verified": True, "preferred_username": "root"}


@pytest.fixture(scope="module")
def hospital():
    found = Hospital()
    yield found
    found.close()


@pytest.fixture(autouse=True)
def by_setting(settings, hospital):
    settings.SOCIALACCOUNT_PROVIDERS = hospital.providers()


def come_in(hospital, **claims) -> tuple[Client, int]:
    """The whole round, as the browser takes it; the status of the last page, and of one that needs a sign-in."""
    hospital.claims = ADA | claims
    client = Client()
    sent = client.post("/accounts/oidc/hospital/login/")
    asked = parse_qs(urlsplit(sent["Location"]).query)
    assert sent["Location"].startswith(hospital.issuer) and asked["code_challenge_method"] == ["S256"]
    answer = client.get("/accounts/oidc/hospital/login/callback/", {"code": "c", "state": asked["state"][0]})
    return client, answer.status_code


def is_in(client) -> bool:
    return client.get("/patients/").status_code == 200


def test_the_sign_in_page_offers_it_only_by_setting(client, settings):
    assert "Hospital sign-in" in client.get("/accounts/login/").content.decode()
    settings.SOCIALACCOUNT_PROVIDERS = {}
    assert "ospital sign-in" not in client.get("/accounts/login/").content.decode()
    assert client.post("/accounts/oidc/hospital/login/").status_code == 404


def test_a_stranger_gets_no_account(hospital):
    before = User.objects.count()
    client, status = come_in(hospital)
    assert status == 403 and not is_in(client)
    assert User.objects.count() == before and not SocialAccount.objects.exists()


def test_an_invited_person_gets_the_account_of_the_invitation(hospital):
    services.invite(by=make_user("system_admin"), role="clinician", email="Ada@example.org")
    client, _ = come_in(hospital, groups=["board-admins"], role="system_admin", is_staff=True)
    assert is_in(client)
    made = User.objects.get(email__iexact="ada@example.org")
    assert (made.role, made.is_staff, made.username, made.has_usable_password()) == (
        "clinician", False, "ada@example.org", False,
    )  # fmt: skip
    again, _ = come_in(hospital, email="new-name@example.org")
    assert is_in(again) and User.objects.filter(pk=made.pk, email__iexact="ada@example.org").exists()


def test_a_name_that_somebody_takes_at_the_same_moment_is_taken_with_a_number(hospital, monkeypatch):
    services.invite(by=make_user("system_admin"), role="clinician", email="ada@example.org")
    checked = User.full_clean

    def and_then_it_is_taken(user, *args, **kwargs):
        checked(user, *args, **kwargs)
        monkeypatch.setattr(User, "full_clean", checked)
        User.objects.bulk_create([User(username=user.username)])

    def the_other_keeps_it(invitation, *, username):
        try:
            return services.accept_open(invitation, username=username)
        except ValidationError:
            User.objects.create(username=username)  # what another connection has stored is not rolled back with us
            raise

    monkeypatch.setattr(User, "full_clean", and_then_it_is_taken)
    monkeypatch.setattr(hospital_sign_in, "accept_open", the_other_keeps_it)
    client, _ = come_in(hospital)
    assert is_in(client)
    assert User.objects.get(email__iexact="ada@example.org").username == "ada@example.org-2"


def test_a_mail_address_with_an_apostrophe_comes_in_too(hospital):
    make_user("observer", username="mary.obrien@example.org")
    services.invite(by=make_user("system_admin"), role="clinician", email="Mary.O'Brien@example.org")
    client, _ = come_in(hospital, email="mary.o'brien@example.org")
    assert is_in(client)
    assert User.objects.get(email="Mary.O'Brien@example.org").username == "mary.obrien@example.org-2"


@pytest.mark.parametrize("verified", [False, None, "true", 0])
def test_a_mail_address_that_is_not_verified_is_nobodys(hospital, verified):
    make_user("clinician", email="ada@example.org")
    services.invite(by=make_user("system_admin"), role="clinician", email="ada2@example.org")
    for email in ("ada@example.org", "ada2@example.org"):
        client, status = come_in(hospital, email=email, email_verified=verified)
        assert status == 403 and not is_in(client)


def test_somebody_with_an_account_signs_in_to_it(hospital):
    user = make_user("coordinator", email="ada@example.org")
    client, _ = come_in(hospital)
    assert is_in(client) and client.session["_auth_user_id"] == str(user.pk)


def test_a_closed_account_stays_closed(hospital):
    user = make_user("coordinator", email="ada@example.org", is_active=False)
    client, status = come_in(hospital)
    assert status == 403 and not is_in(client)
    User.objects.filter(pk=user.pk).update(is_active=True)
    come_in(hospital)
    User.objects.filter(pk=user.pk).update(is_active=False)
    client, _ = come_in(hospital)
    assert not is_in(client)


def test_two_accounts_with_one_address_are_nobody(hospital):
    for _ in range(2):
        make_user("clinician", email="ada@example.org")
    assert come_in(hospital)[1] == 403


def test_a_second_factor_is_asked_for_here_too(hospital):
    TOTP.activate(make_user("clinician", email="ada@example.org"), generate_totp_secret())
    client, _ = come_in(hospital)
    assert not is_in(client)


def test_a_session_left_open_makes_no_password_and_no_factor_to_sign_with(hospital):
    """Either would sign decisions without a new sign-in at the hospital."""
    services.invite(by=make_user("system_admin"), role="clinician", email="ada@example.org")
    client, _ = come_in(hospital)
    secret = {"password1": "long-enough-4711-word", "password2": "long-enough-4711-word"}
    assert client.post("/accounts/password/set/", secret).status_code == 404
    assert client.get("/accounts/2fa/totp/activate/").status_code == 200
    session = client.session
    session[SINCE] -= 600
    session.save()
    for address in ("/accounts/2fa/totp/activate/", "/accounts/2fa/webauthn/add/"):
        answer = client.get(address)
        assert answer.status_code == 302 and answer["Location"].startswith("/accounts/login/")
        assert not is_in(client)
        client, _ = come_in(hospital)
        session = client.session
        session[SINCE] -= 600
        session.save()


def test_a_role_follows_the_token_only_by_a_mapping(hospital, settings):
    user = make_user("clinician", email="ada@example.org")
    come_in(hospital, groups=["chairs"])
    assert User.objects.get(pk=user.pk).role == "clinician"
    settings.OIDC_ROLES = {"chairs": "chair", "admins": "system_admin", "odd": "no_such_role"}
    come_in(hospital, groups=["staff", "chairs"])
    assert User.objects.get(pk=user.pk).role == "chair"
    for groups in (["admins"], ["odd"], "chairs-not", []):
        come_in(hospital, groups=groups)
        assert User.objects.get(pk=user.pk).role == "chair"


def test_a_token_unmakes_no_administrator(hospital, settings):
    settings.OIDC_ROLES = {"observers": "observer"}
    user = make_user("system_admin", email="ada@example.org")
    come_in(hospital, groups=["observers"])
    assert User.objects.get(pk=user.pk).role == "system_admin"


def returned(hospital, settings, break_it) -> tuple[Client, object]:
    """Sent to the hospital while it answered, and back when it did not any more."""
    make_user("clinician", email="ada@example.org")
    hospital.claims = ADA
    client = Client()
    sent = client.post("/accounts/oidc/hospital/login/")
    state = parse_qs(urlsplit(sent["Location"]).query)["state"][0]
    break_it()
    return client, client.get("/accounts/oidc/hospital/login/callback/", {"code": "c", "state": state})


def is_down(answer) -> bool:
    page = answer.content.decode()
    return answer.status_code == 503 and "does not answer" in page and "hospital_sign_in_no_answer" in page


def test_a_hospital_that_went_down_meanwhile_is_a_page_and_nobody_is_in(hospital, settings):
    down = hospital.providers()
    down["openid_connect"]["APPS"][0]["settings"]["server_url"] = "http://127.0.0.1:9"

    def goes_down():
        settings.SOCIALACCOUNT_PROVIDERS = down

    client, answer = returned(hospital, settings, goes_down)
    assert is_down(answer) and not is_in(client)
    assert AccessEvent.objects.filter(kind="sign_in_failed", user=None).count() == 1
    assert is_down(Client().post("/accounts/oidc/hospital/login/"))


@pytest.mark.parametrize("path", ["/.well-known/openid-configuration", "/token"])
def test_an_answer_that_cannot_be_read_is_the_same_page(hospital, settings, monkeypatch, path):
    answers = hospital._answer

    def garbled():
        monkeypatch.setattr(hospital, "_answer", lambda asked: [] if asked.endswith(path) else answers(asked))

    client, answer = returned(hospital, settings, garbled)
    assert is_down(answer) and not is_in(client)


def test_an_answer_for_another_session_is_refused(hospital):
    make_user("clinician", email="ada@example.org")
    hospital.claims = ADA
    answer = Client().get("/accounts/oidc/hospital/login/callback/", {"code": "c", "state": "stolen"})
    assert answer.status_code in {200, 302, 401, 403}
    client = Client()
    client.get("/accounts/oidc/hospital/login/callback/", {"code": "c", "state": "stolen"})
    assert not is_in(client)
