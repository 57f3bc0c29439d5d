"""No text with a NUL character reaches a view: PostgreSQL stores none, and nobody types one."""

import json
import re

from django.shortcuts import render

# An odd number of backslashes: an escaped NUL in JSON, and not the words for one.
_IN_JSON = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")


class NulTextMiddleware:
    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)

    def process_view(self, request, view, args, kwargs):
        """Views without the check of the token before them read their bodies themselves, by Django's forms."""
        if "%00" in request.META.get("QUERY_STRING", ""):
            return render(request, "400_nul.html", status=400)
        if request.method != "POST" or getattr(view, "csrf_exempt", False):
            return None
        return render(request, "400_nul.html", status=400) if _has_nul(request) else None


def _has_nul(request) -> bool:
    if request.content_type == "application/json":
        return _IN_JSON.search(_as_json_reads_it(request.body)) is not None
    return any("\0" in text for name, texts in request.POST.lists() for text in (name, *texts))


def _as_json_reads_it(body: bytes) -> str:
    """JSON may come as UTF-16 or UTF-32 and is known by its first bytes; what cannot be read the view refuses."""
    try:
        return body.decode(json.detect_encoding(body), "surrogatepass")
    except UnicodeDecodeError:
        return ""
