"""Signing with an account that has a second factor."""

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from django.core.cache import cache

from board.confirming import KEY_ONLY, NO_CODE, WrongPassword, confirm, needs_code
from tests.patients.factories import make_user

pytestmark = pytest.mark.django_db
SECRET = "not-a-real-password"


@pytest.fixture
def user():
    cache.clear()
    return make_user("chair")


def code_now(secret: str) -> str:
    import time

    return format_hotp_value(hotp_value(secret, int(time.time()) // 30))


def test_without_one_no_code_is_asked_for(user):
    assert not needs_code(user)
    confirm(by=user, password=SECRET)


def test_the_password_alone_is_not_enough(user):
    TOTP.activate(user, generate_totp_secret())
    assert needs_code(user)
    with pytest.raises(WrongPassword) as refused:
        confirm(by=user, password=SECRET)
    assert (str(refused.value), refused.value.field) == (NO_CODE, "code")


def test_a_code_confirms_once(user):
    secret = generate_totp_secret()
    TOTP.activate(user, secret)
    code = code_now(secret)
    confirm(by=user, password=SECRET, code=f" {code} ")
    with pytest.raises(WrongPassword) as refused:
        confirm(by=user, password=SECRET, code=code)
    assert refused.value.field == "code"


def test_a_right_code_does_not_stand_for_the_password(user):
    secret = generate_totp_secret()
    TOTP.activate(user, secret)
    with pytest.raises(WrongPassword) as refused:
        confirm(by=user, password="guess", code=code_now(secret))
    assert refused.value.field == "password"


def test_a_recovery_code_confirms_once_and_is_used_up(user):
    TOTP.activate(user, generate_totp_secret())
    codes = RecoveryCodes.activate(user).get_unused_codes()
    confirm(by=user, password=SECRET, code=codes[0])
    with pytest.raises(WrongPassword):
        confirm(by=user, password=SECRET, code=codes[0])
    left = Authenticator.objects.get(user=user, type=Authenticator.Type.RECOVERY_CODES).wrap().get_unused_codes()
    assert len(left) == len(codes) - 1


def test_a_security_key_is_a_second_factor_that_a_password_does_not_stand_for(user):
    Authenticator.objects.create(user=user, type=Authenticator.Type.WEBAUTHN, data={})
    with pytest.raises(WrongPassword) as refused:
        confirm(by=user, password=SECRET)
    assert (str(refused.value), refused.value.field) == (KEY_ONLY, "code")


def test_beside_a_security_key_a_code_confirms(user):
    Authenticator.objects.create(user=user, type=Authenticator.Type.WEBAUTHN, data={})
    secret = generate_totp_secret()
    TOTP.activate(user, secret)
    confirm(by=user, password=SECRET, code=code_now(secret))


def test_guessing_codes_locks_out(user):
    TOTP.activate(user, generate_totp_secret())
    for _ in range(8):
        with pytest.raises(WrongPassword):
            confirm(by=user, password=SECRET, code="000000")
    with pytest.raises(WrongPassword, match="Too many"):
        confirm(by=user, password=SECRET, code="000000")


def test_another_persons_password_is_not_enough(user):
    other = make_user("chair")
    other.set_password("quite-another-one")
    other.save()
    with pytest.raises(WrongPassword):
        confirm(by=user, password="quite-another-one")


def test_an_account_that_was_closed_signs_nothing(user):
    user.is_active = False
    user.save()
    with pytest.raises(WrongPassword):
        confirm(by=user, password=SECRET)
