"""Who has no password here confirms through the hospital's sign-in: asked afresh, for one text, once."""

import time

from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.providers.base import AuthProcess
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from requests import RequestException

from patients.services import audit

ASKED, CONFIRMED = "confirmation", "hospital_confirmed"
VALID_SECONDS = 300
CLOCKS_SECONDS = 30  # how far the hospital's clock and ours may be apart
NO_ANSWER = "The hospital's sign-in does not answer. Try again in a minute."
NOT_ENDED = "The hospital's sign-in was not completed."
SOMEBODY_ELSE = "Somebody else signed in at the hospital than is signed in here."
NOT_AFRESH = "The hospital did not say that you signed in just now. An administrator has to look at its settings."


def provider_name() -> str:
    """What the button calls the hospital's sign-in; empty where it is switched off."""
    providers = settings.SOCIALACCOUNT_PROVIDERS
    return providers["openid_connect"]["APPS"][0]["name"] if providers else ""


def ask(request: HttpRequest, subject: str) -> HttpResponse:
    """To the hospital, which must ask who it is even where it knows. ``subject``: digest of what is confirmed."""
    app = settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"][0]
    provider = get_adapter().get_provider(request, app["provider_id"])
    afresh = provider.get_auth_params() | {"prompt": "login", "max_age": "0"}
    asked = {"subject": subject, "user": request.user.pk, "at": time.time()}
    try:
        return provider.redirect(request, AuthProcess.REDIRECT, data={ASKED: asked}, auth_params=afresh)
    except RequestException:
        return refuse(request, NO_ANSWER, status=503)


def asked_with(state: dict | None) -> dict | None:
    """None where the hospital was asked for a sign-in."""
    return ((state or {}).get("data") or {}).get(ASKED)


def take_in(request: HttpRequest, sociallogin, asked: dict) -> HttpResponse:
    """What the hospital answered. The page of the decision still waits in its own tab."""
    if refused := _refused(request, sociallogin, asked):
        return refuse(request, refused, status=403)
    request.session[CONFIRMED] = {"subject": asked["subject"], "user": asked["user"], "at": time.time()}
    audit(by=request.user, action="confirm_at_hospital", obj=request.user, after={"subject": asked["subject"]})
    return told(request, "")


def refuse(request: HttpRequest, refused: str, *, status: int) -> HttpResponse:
    """Of whoever is signed in here: the trail keeps that it was tried and why it did not count."""
    if request.user.is_authenticated:
        audit(by=request.user, action="not_confirmed_at_hospital", obj=request.user, reason=refused)
    return told(request, refused, status=status)


def told(request: HttpRequest, refused: str, status: int = 200) -> HttpResponse:
    return render(request, "people/confirmed.html", {"refused": refused}, status=status)


def use(request: HttpRequest, user, subject: str) -> bool:
    """Whether ``user`` confirmed exactly this a moment ago. It is gone afterwards, whatever it was for."""
    held = request.session.pop(CONFIRMED, None) if hasattr(request, "session") else None
    is_recent = held is not None and 0 <= time.time() - held["at"] < VALID_SECONDS
    return is_recent and (held["user"], held["subject"]) == (user.pk, subject)


def _refused(request: HttpRequest, sociallogin, asked: dict) -> str:
    is_same = sociallogin.is_existing and sociallogin.user.pk == request.user.pk == asked["user"]
    said = sociallogin.account.extra_data
    token = said.get("id_token") or {}
    if not is_same or token.get("sub") != (said.get("userinfo") or token).get("sub"):
        return SOMEBODY_ELSE
    at = token.get("auth_time")
    is_time = isinstance(at, int | float) and not isinstance(at, bool)
    is_afresh = is_time and asked["at"] - CLOCKS_SECONDS <= at <= time.time() + CLOCKS_SECONDS
    return "" if is_afresh else NOT_AFRESH
