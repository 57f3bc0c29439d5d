"""Answers to scripts: which were asked for, and how a refusal looks in all of them."""

from django.http import HttpRequest, JsonResponse


def wants_json(request: HttpRequest) -> bool:
    return request.get_preferred_type(["text/html", "application/json"]) == "application/json"


def refused(status: int, code: str, sentence: str, **more) -> JsonResponse:
    return JsonResponse({"ok": False, "code": code, "sentence": sentence, **more}, status=status)


def said_by(form) -> list[str]:
    """Every error of a form, as sentences."""
    return [error for errors in form.errors.values() for error in errors]
