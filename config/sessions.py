"""Ends a sign-in whose time is over, and sees that a second factor is there before anything is shown."""

import time

from allauth.account.internal.flows.reauthentication import get_reauthentication_flows
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.signals import user_logged_in
from django.contrib.auth.views import redirect_to_login
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme

from patients import session_time
from patients.session_time import SEEN, SINCE

SEEN_EVERY_SECONDS = 20
ENDED = "You were signed out, because nothing was done for a while or the working day is over. Sign in to go on."

# Asked for by pages on their own. They answer as ever, and keep nobody signed in.
ASKED_BY_PAGES = {
    "board:state",
    "board:screen_events",
    "board:screen_frame",
    "board:screen_card",
    "imaging:jobs_state",
    "imaging:series_state",
    "imaging:scan_state",
    "imaging:upload_progress",
    "people:session",
}
# What somebody without a second factor may do: set one up, or leave.
WITHOUT_FACTOR = {"people:second_factor", "people:session", "account_logout", "account_reauthenticate"}
NEW_FACTOR = ("mfa_activate_", "mfa_add_")
MAKES_A_FACTOR = (*NEW_FACTOR, "mfa_reauthenticate")
SIGN_IN_FOR_FACTOR = "A second factor is set up within minutes of a sign-in. Please sign in again at the hospital."


@receiver(user_logged_in)
def begin(request: HttpRequest, **_) -> None:
    """Whichever way somebody signs in: the session is new, and so are its limits."""
    if request is not None and hasattr(request, "session"):
        session_time.start(request)


class SessionLimits:
    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view, args, kwargs) -> HttpResponse | None:
        if not request.user.is_authenticated:
            return None
        if SINCE not in request.session:
            session_time.start(request)
        if session_time.is_over(request):
            return _ended(request)
        if not _is_asked_by_page(request) and time.time() - request.session[SEEN] >= SEEN_EVERY_SECONDS:
            request.session[SEEN] = time.time()
        return None


class SecondFactorRequired:
    """Roles of the setting set up a second factor first; until then every page leads there."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view, args, kwargs) -> HttpResponse | None:
        user, name = request.user, request.resolver_match.view_name
        if name.startswith(NEW_FACTOR) and user.is_authenticated and _is_unproven(request):
            return _ended(request, SIGN_IN_FOR_FACTOR)
        if not user.is_authenticated or not session_time.needs_factor(user) or session_time.has_factor(user):
            return None
        if name in WITHOUT_FACTOR or name.startswith(MAKES_A_FACTOR) or not getattr(view, "login_required", True):
            return None
        return redirect("people:second_factor")


def _is_asked_by_page(request: HttpRequest) -> bool:
    """By name, and by what a browser says of it: reading without going anywhere is a script's doing or a picture's."""
    is_fetched = request.method == "GET" and request.headers.get("Sec-Fetch-Mode", "navigate") != "navigate"
    return is_fetched or request.resolver_match.view_name in ASKED_BY_PAGES


def _is_unproven(request: HttpRequest) -> bool:
    """Who has nothing here to say again who they are: an unattended session must make no factor, which signs later."""
    is_fresh = time.time() - request.session.get(SINCE, 0) < settings.ACCOUNT_REAUTHENTICATION_TIMEOUT
    return not is_fresh and not get_reauthentication_flows(request.user)


def _ended(request: HttpRequest, why: str = ENDED) -> HttpResponse:
    logout(request)
    messages.warning(request, why)
    path = request.get_full_path() if request.method == "GET" else request.headers.get("Referer", "/")
    is_ours = url_has_allowed_host_and_scheme(path, {request.get_host()}, require_https=request.is_secure())
    return redirect_to_login(path if is_ours else "/")
