"""A request that says it is larger than its page can use is refused before a byte of it is read."""

from django.conf import settings
from django.shortcuts import render
from django.urls import Resolver404, resolve

# These have caps of their own, in words that belong to imports (imaging/views/upload.py).
OWN_CAPS = {"imaging:upload", "imaging:upload_files", "imaging:upload_plain"}


class BodyCapMiddleware:
    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if _stated_length(request) > settings.REQUEST_MAX_BYTES and not _has_own_cap(request.path_info):
            return render(request, "413.html", {"megabytes": settings.REQUEST_MAX_BYTES // 1024 // 1024}, status=413)
        return self.get_response(request)


def _stated_length(request) -> int:
    """Without a length the server hands over nothing at all."""
    stated = request.META.get("CONTENT_LENGTH") or "0"
    return int(stated) if stated.isascii() and stated.isdigit() else 0


def _has_own_cap(path: str) -> bool:
    try:
        return resolve(path).view_name in OWN_CAPS
    except Resolver404:
        return False
