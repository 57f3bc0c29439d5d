"""Signing with an account of the hospital's sign-in, which has no password here."""

import time
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from allauth.socialaccount.models import SocialAccount
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone

from board.confirming import NO_WAY, WrongPassword, confirm
from board.drafts import draft_of, save_draft
from board.models import BoardDecision
from patients.confirmations import CONFIRMED
from patients.models import AccessEvent, AuditEvent
from tests.board.meeting_factories import make_item, make_meeting
from tests.board.test_signing import CONTENT
from tests.patients.hospital import Hospital

WORDS = CONTENT | {"interval_days": "7", "has_considered": "1"}
BACK = "/accounts/oidc/hospital/login/callback/"


@pytest.fixture(scope="module")
def hospital():
    found = Hospital()
    yield found
    found.close()


@pytest.fixture
def item(published):
    user, patient = published
    return make_item(make_meeting(user, state="running", started_at=timezone.now()), patient, user)


@pytest.fixture
def user(item, settings, hospital):
    cache.clear()
    settings.SOCIALACCOUNT_PROVIDERS = hospital.providers()
    user = item.added_by
    user.set_unusable_password()
    user.save()
    SocialAccount.objects.create(user=user, provider="hospital", uid="17")
    return user


@pytest.fixture
def form(item, user, client):
    client.force_login(user)
    return WORDS | {"version": draft_of(item).version, "key": "one"}


def press(client, item, form):
    return client.post(reverse("board:item_sign", args=[item.pk]), form)


def come_back(client, hospital, sent, **said):
    """As the browser goes to the hospital and returns."""
    hospital.claims = {"sub": "17", "auth_time": int(time.time())} | said
    asked = parse_qs(urlsplit(sent["Location"]).query)
    return client.get(BACK, {"code": "c", "state": asked["state"][0]})


def test_confirmed_at_the_hospital_it_is_signed_once(client, hospital, item, form):
    refused = press(client, item, form)
    page = refused.content.decode()
    assert refused.status_code == 403 and "in a new tab" in page and CONTENT["text"] in page
    assert 'name="password"' not in page and "Confirm with Hospital sign-in" in page
    sent = press(client, item, form | {"elsewhere": "1"})
    asked = parse_qs(urlsplit(sent["Location"]).query)
    assert sent["Location"].startswith(hospital.issuer)
    assert (asked["prompt"], asked["max_age"]) == (["login"], ["0"])
    answer = come_back(client, hospital, sent)
    assert answer.status_code == 200 and "Nothing is signed yet" in answer.content.decode()
    assert not BoardDecision.objects.filter(item=item).exists()
    assert press(client, item, form).status_code == 302
    assert BoardDecision.objects.get(item=item).text == CONTENT["text"]
    assert CONFIRMED not in client.session


def test_the_console_signs_the_draft_that_was_confirmed_in_the_form(client, hospital, item, user, form):
    come_back(client, hospital, press(client, item, form | {"elsewhere": "1"}))
    draft = save_draft(by=user, item=item, seen_version=form["version"], content=CONTENT)
    sent = {"version": draft.version, "password": "", "key": "one"}
    address = reverse("board:item_sign", args=[item.pk])
    answer = client.post(address, sent, content_type="application/json", headers={"Accept": "application/json"})
    assert answer.status_code == 200, answer.content


@pytest.mark.parametrize("other", [{"text": "Something else."}, {"key": "two"}, {"interval_days": "14"}])
def test_another_text_or_form_is_confirmed_again(client, hospital, item, form, other):
    come_back(client, hospital, press(client, item, form | {"elsewhere": "1"}))
    assert press(client, item, form | other).status_code == 403
    assert press(client, item, form).status_code == 403, "it was good for one try"


@pytest.mark.parametrize(
    "said",
    [{"auth_time": None}, {"auth_time": True}, {"auth_time": 1}, {"auth_time": time.time() + 9999}, {"sub": "18"}],
)
def test_an_answer_that_is_old_or_of_another_person_confirms_nothing(client, hospital, item, form, said):
    answer = come_back(client, hospital, press(client, item, form | {"elsewhere": "1"}), **said)
    assert answer.status_code == 403 and "Nothing was signed" in answer.content.decode()
    assert press(client, item, form).status_code == 403
    assert client.get("/patients/").status_code == 200, "still signed in"


def test_an_answer_counts_five_minutes(client, hospital, item, form, monkeypatch):
    come_back(client, hospital, press(client, item, form | {"elsewhere": "1"}))
    session = client.session
    session[CONFIRMED] |= {"at": time.time() - 301}
    session.save()
    assert press(client, item, form).status_code == 403


def test_a_sign_in_at_the_hospital_that_was_given_up_says_so(client, item, form):
    sent = press(client, item, form | {"elsewhere": "1"})
    state = parse_qs(urlsplit(sent["Location"]).query)["state"][0]
    answer = client.get(BACK, {"error": "access_denied", "state": state})
    assert answer.status_code == 403 and "not completed" in answer.content.decode()


def test_a_hospital_that_does_not_answer_loses_nothing(client, item, form, settings, hospital):
    providers = hospital.providers()
    providers["openid_connect"]["APPS"][0]["settings"]["server_url"] = "http://127.0.0.1:9"
    settings.SOCIALACCOUNT_PROVIDERS = providers
    assert press(client, item, form | {"elsewhere": "1"}).status_code == 503


def test_a_hospital_that_goes_down_before_the_answer_signs_nothing(client, item, user, form, settings, hospital):
    sent = press(client, item, form | {"elsewhere": "1"})
    providers = hospital.providers()
    providers["openid_connect"]["APPS"][0]["settings"]["server_url"] = "http://127.0.0.1:9"
    settings.SOCIALACCOUNT_PROVIDERS = providers
    answer = come_back(client, hospital, sent)
    assert answer.status_code == 503 and "nothing was signed" in answer.content.decode()
    assert CONFIRMED not in client.session and not BoardDecision.objects.filter(item=item).exists()
    assert AccessEvent.objects.filter(kind="sign_in_failed", user=user).count() == 1
    assert client.get("/patients/").status_code == 200, "still signed in"


def test_a_confirmation_and_a_refused_one_are_in_the_trail(client, hospital, item, user, form):
    come_back(client, hospital, press(client, item, form | {"elsewhere": "1"}))
    come_back(client, hospital, press(client, item, form | {"elsewhere": "1"}), sub="18")
    done = AuditEvent.objects.filter(by=user, action="confirm_at_hospital").get()
    assert done.object_id == str(user.pk) and done.after["subject"] and done.patient is None
    refused = AuditEvent.objects.filter(by=user, action="not_confirmed_at_hospital").get()
    assert "Somebody else signed in" in refused.reason


@pytest.mark.parametrize("page", ["amend", "decide"])
def test_decisions_outside_a_meeting_and_amendments_too(client, hospital, item, user, form, page):
    decided = {"decided_on": timezone.localdate().isoformat(), "agreement": "consensus", "dissent": ""}
    address = reverse("board:decide", args=[item.patient.case_number])
    if page == "amend":
        come_back(client, hospital, press(client, item, form | {"elsewhere": "1"}))
        press(client, item, form)
        address = reverse("board:amend", args=[BoardDecision.objects.get().pk])
    form |= {"key": "next", "reason": "A value was forgotten.", "text": "Other words."} | decided
    assert client.post(address, form).status_code == 403
    assert come_back(client, hospital, client.post(address, form | {"elsewhere": "1"})).status_code == 200
    assert client.post(address, form).status_code == 302
    assert BoardDecision.objects.filter(text="Other words.").count() == 1


def test_a_second_factor_of_ones_own_is_enough(user):
    secret = generate_totp_secret()
    TOTP.activate(user, secret)
    with pytest.raises(WrongPassword):
        confirm(by=user, password="", code="000000")
    confirm(by=user, password="", code=format_hotp_value(hotp_value(secret, int(time.time()) // 30)))


def test_without_any_way_it_says_what_to_do(user, settings):
    settings.SOCIALACCOUNT_PROVIDERS = {}
    with pytest.raises(WrongPassword) as refused:
        confirm(by=user, password="")
    assert str(refused.value) == NO_WAY
