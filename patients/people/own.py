"""One's own sign-in: how long it lasts, ending it everywhere, the second factor."""

import time

from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.internal.auth import begin_authentication
from django.contrib import messages
from django.contrib.auth import logout
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from patients import services
from patients.session_time import SEEN, needs_factor, seconds_left


@require_GET
def session(request: HttpRequest) -> JsonResponse:
    """Asked by pages on their own: it keeps nobody signed in. The token lets a form that waited be sent after all."""
    return JsonResponse(
        {"left": seconds_left(request), "who": request.user.get_username(), "token": get_token(request)}
    )


@require_POST
def stay(request: HttpRequest) -> JsonResponse:
    request.session[SEEN] = time.time()
    return JsonResponse({"left": seconds_left(request)})


@require_POST
def end_all(request: HttpRequest) -> HttpResponse:
    services.sign_out_everywhere(request.user, by=request.user, reason="by themselves")
    logout(request)
    messages.success(request, "You are signed out everywhere.")
    return redirect("account_login")


@require_GET
def second_factor(request: HttpRequest) -> HttpResponse:
    return render(request, "people/second_factor.html", {"is_needed": needs_factor(request.user)})


@require_POST
def security_key(request: HttpRequest) -> JsonResponse:
    """What the browser asks the key to sign, before a decision is signed. Answered once, in this session."""
    if not Authenticator.objects.filter(user=request.user, type=Authenticator.Type.WEBAUTHN).exists():
        raise PermissionDenied
    return JsonResponse({"request_options": begin_authentication(request.user)})
