"""Answers to scripts: which were asked for, how a refusal looks in all of them; and the way back from plain forms."""

from django.http import HttpRequest, JsonResponse
from django.utils.http import url_has_allowed_host_and_scheme

from patients import reads


def wants_json(request: HttpRequest) -> bool:
    return request.get_preferred_type(["text/html", "application/json"]) == "application/json"


def refused(status: int, code: str, sentence: str, **more) -> JsonResponse:
    reads.nothing()
    return JsonResponse({"ok": False, "code": code, "sentence": sentence, **more}, status=status)


def said_by(form) -> list[str]:
    """Every error of a form, as sentences."""
    return [error for errors in form.errors.values() for error in errors]


def back_to(request: HttpRequest, otherwise: str) -> str:
    """Where the form stood, if that is a page of this site."""
    return own_page(request, request.POST.get("back", ""), otherwise)


def own_page(request: HttpRequest, asked: str, otherwise: str) -> str:
    """``asked`` if it is a page of this site; never another host."""
    is_ours = asked.startswith("/") and url_has_allowed_host_and_scheme(asked, allowed_hosts={request.get_host()})
    return asked if is_ours else otherwise
