"""The hospital's sign-in does not answer, or not in a way that can be read: a page that says so, and nobody is in."""

import logging

from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from requests import RequestException

from patients.sign_ins import not_answered

log = logging.getLogger("prrt.signin")
ROUTES = frozenset({"openid_connect_login", "openid_connect_callback"})
CODE = "hospital_sign_in_no_answer"
UNREADABLE = (OAuth2Error, AttributeError, KeyError, TypeError, ValueError)


class HospitalDownMiddleware:
    """The library asks the hospital for its addresses before it looks out for errors."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        match = request.resolver_match
        if match is None or match.view_name not in ROUTES:
            return None
        return no_answer(request, exception) if isinstance(exception, (RequestException, *UNREADABLE)) else None


def no_answer(request: HttpRequest, error: Exception | None) -> HttpResponse:
    log.warning("the sign-in of the hospital gave no answer that can be used (%s)", type(error).__name__)
    not_answered(request)
    page = render(request, "account/no_answer.html", {"code": CODE}, status=503)
    page.headers["Retry-After"] = "60"
    return page
