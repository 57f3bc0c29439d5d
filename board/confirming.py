"""Is it really you? Asked again before anything is signed; wrong answers count as wrong sign-ins do."""

import json
from functools import wraps

from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.internal.auth import complete_authentication, parse_authentication_response
from axes.handlers.proxy import AxesProxyHandler
from django.contrib.auth import authenticate
from django.contrib.auth.signals import user_login_failed
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from patients import confirmations

WRONG = "This is not your password."
LOCKED = "Too many wrong passwords. Signing in and signing wait for a quarter of an hour; your text is kept."
NO_CODE = "Your account has a second factor: give the code of your authenticator, or a recovery code."
KEY_ONLY = "Your second factor is a security key: press “Use security key”, touch the key, then sign."
WRONG_KEY = "The security key did not answer to this page. Press “Use security key” again, then sign."
ELSEWHERE = "Press “Confirm with {name}” first: you sign in there once more, in a new tab. Then sign here."
NO_WAY = "Your account has neither a password nor a second factor, and the hospital's sign-in is off: set up a factor."
WRONG_CODE = "This code is wrong or was used before. Wait for the next one."


class WrongPassword(Exception):
    """Nothing was signed. ``field``: password or code."""

    def __init__(self, sentence: str = WRONG, field: str = "password"):
        super().__init__(sentence)
        self.field = field


class AskedElsewhere(Exception):
    """The button that leads to the hospital's sign-in was pressed. ``subject``: digest of what is to be confirmed."""

    def __init__(self, subject: str):
        super().__init__("confirm at the hospital")
        self.subject = subject


def leads_elsewhere(view):
    """For views that sign: the button for the hospital's sign-in is in their form."""

    @wraps(view)
    def guarded(request, *args, **kwargs):
        try:
            return view(request, *args, **kwargs)
        except AskedElsewhere as asked:
            return confirmations.ask(request, asked.subject)

    return guarded


def confirm(*, by, password: str, code: str = "", request: HttpRequest | None = None, subject: str = "") -> None:
    """Raises WrongPassword. Outside any transaction that may be rolled back: a wrong answer must stay counted.

    ``request`` says from which address; without one, wrong answers are counted by account alone. ``subject``: digest
    of the form and its words, for an account that has neither password nor second factor.
    """
    request = request or HttpRequest()
    who = {"username": by.get_username()}
    if not AxesProxyHandler.is_allowed(request, who):
        raise WrongPassword(LOCKED)
    if by.has_usable_password():
        found = authenticate(request, password=password, **who) if password else None
        if found is None or found.pk != by.pk:
            raise WrongPassword(_said(request, WRONG))
    elif not (needs_code(by) or has_key(by)):
        return _check_elsewhere(request, by, subject)
    _check_code(request, by, code)
    AxesProxyHandler.reset_attempts(username=by.get_username(), ip_address=request.axes_ip_address)


def elsewhere_of(user) -> str:
    """Where this account confirms instead: the name of the hospital's sign-in, or nothing."""
    has_own = user.has_usable_password() or needs_code(user) or has_key(user)
    return "" if has_own else confirmations.provider_name()


def needs_code(user) -> bool:
    return _authenticators(user).exists()


def has_key(user) -> bool:
    return Authenticator.objects.filter(user=user, type=Authenticator.Type.WEBAUTHN).exists()


def _check_elsewhere(request: HttpRequest, by, subject: str) -> None:
    name = confirmations.provider_name()
    if not name:
        raise WrongPassword(NO_WAY)
    if "elsewhere" in request.POST:
        raise AskedElsewhere(subject)
    if not by.is_active or not subject or not confirmations.use(request, by, subject):
        raise WrongPassword(ELSEWHERE.format(name=name))


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
