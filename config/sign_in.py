"""What is answered to somebody who guesses, and from which address they are counted."""

import math

from allauth.core.internal.httpkit import get_client_ip
from axes.attempts import get_cool_off_threshold
from axes.models import AccessAttempt
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone


def address_of(request: HttpRequest) -> str:
    """As many proxies before us are believed as the setting says; by default none."""
    return get_client_ip(request) or "0.0.0.0"  # noqa: S104 - no address is known, nothing is bound


def locked_out(request: HttpRequest, response: HttpResponse | None = None, credentials=None) -> HttpResponse:
    """The same page for a name that exists and one that does not: it says only how long to wait."""
    minutes = _minutes_left(request, (credentials or {}).get("username", ""))
    page = render(request, "account/locked_out.html", {"minutes": minutes}, status=429)
    page.headers["Retry-After"] = str(minutes * 60)
    return page


def _minutes_left(request: HttpRequest, username: str) -> int:
    whole = settings.AXES_COOLOFF_TIME * 60
    tried = AccessAttempt.objects.filter(ip_address=address_of(request), username=username)
    tried = tried.filter(attempt_time__gt=get_cool_off_threshold(request))
    last = tried.order_by("-attempt_time").values_list("attempt_time", flat=True).first()
    passed = (timezone.now() - last).total_seconds() / 60 if last else 0
    return max(1, math.ceil(whole - passed))
