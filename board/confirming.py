"""Is it really you? Asked again before anything is signed; wrong answers count as wrong sign-ins do."""

import json

from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.internal.auth import complete_authentication, parse_authentication_response
from axes.handlers.proxy import AxesProxyHandler
from django.contrib.auth import authenticate
from django.contrib.auth.signals import user_login_failed
from django.core.exceptions import ValidationError
from django.http import HttpRequest

WRONG = "This is not your password."
LOCKED = "Too many wrong passwords. Signing in and signing wait for a quarter of an hour; your text is kept."
NO_CODE = "Your account has a second factor: give the code of your authenticator, or a recovery code."
KEY_ONLY = "Your second factor is a security key: press “Use security key”, touch the key, then sign."
WRONG_KEY = "The security key did not answer to this page. Press “Use security key” again, then sign."
WRONG_CODE = "This code is wrong or was used before. Wait for the next one."


class WrongPassword(Exception):
    """Nothing was signed. ``field``: password or code."""

    def __init__(self, sentence: str = WRONG, field: str = "password"):
        super().__init__(sentence)
        self.field = field


def confirm(*, by, password: str, code: str = "", request: HttpRequest | None = None) -> None:
    """Raises WrongPassword. Outside any transaction that may be rolled back: a wrong answer must stay counted.

    ``request`` says from which address; without one, wrong answers are counted by account alone.
    """
    request = request or HttpRequest()
    who = {"username": by.get_username()}
    if not AxesProxyHandler.is_allowed(request, who):
        raise WrongPassword(LOCKED)
    found = authenticate(request, password=password, **who) if password else None
    if found is None or found.pk != by.pk:
        raise WrongPassword(_said(request, WRONG))
    _check_code(request, by, code)
    AxesProxyHandler.reset_attempts(username=by.get_username(), ip_address=request.axes_ip_address)


def needs_code(user) -> bool:
    return _authenticators(user).exists()


def has_key(user) -> bool:
    return Authenticator.objects.filter(user=user, type=Authenticator.Type.WEBAUTHN).exists()


def _authenticators(user):
    return Authenticator.objects.filter(user=user).exclude(type=Authenticator.Type.WEBAUTHN)


def _check_code(request: HttpRequest, by, code: str) -> None:
    """The time-based code first: a recovery code is used up by looking."""
    if code.lstrip().startswith("{"):
        return _check_key(request, by, code)
    known = sorted(_authenticators(by), key=lambda row: row.type != Authenticator.Type.TOTP)
    if not known:
        return _refuse_key_only(by)
    if not code.strip():
        raise WrongPassword(NO_CODE, "code")
    for authenticator in known:
        if authenticator.wrap().validate_code(code.strip()):
            authenticator.record_usage()
            return
    _count(request, by)
    raise WrongPassword(_said(request, WRONG_CODE), "code")


def _check_key(request: HttpRequest, by, answer: str) -> None:
    """What a key signed for the question that this session was asked last; the question is gone with the answer."""
    try:
        response = json.loads(answer)
        parse_authentication_response(response)
        complete_authentication(by, response).record_usage()
    except (ValidationError, ValueError, TypeError, KeyError, AttributeError) as refused:
        _count(request, by)
        raise WrongPassword(_said(request, WRONG_KEY), "code") from refused


def _count(request: HttpRequest, by) -> None:
    user_login_failed.send(sender=__name__, credentials={"username": by.get_username()}, request=request)


def _refuse_key_only(by) -> None:
    if has_key(by):
        raise WrongPassword(KEY_ONLY, "code")


def _said(request: HttpRequest, sentence: str) -> str:
    """Our page says it, with what was typed; the middleware of the sign-in would answer without it."""
    if getattr(request, "axes_locked_out", False):
        request.axes_locked_out = False
        return LOCKED
    return sentence
