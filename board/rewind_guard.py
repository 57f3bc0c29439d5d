"""Nothing is stored from a page of an earlier day, and a page that cannot go back does not pretend to."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from patients.domain.known import PARAMETER, KnownRefused, NothingThen
from patients.known_links import REWOUND

READS = ("GET", "HEAD", "OPTIONS")
NO_WRITE = "A page as it was known on a day is read only: nothing was stored. Open the page of today and do it there."
NO_REWIND = "This page can only be shown as it is today."


class RewindGuardMiddleware:
    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """A picture or a document that did not exist on the day: a sentence in its place, never that of today."""
        if isinstance(exception, NothingThen):
            return _refused(request, str(exception), 200)
        return _refused(request, str(exception), 400) if isinstance(exception, KnownRefused) else None

    def process_view(self, request: HttpRequest, view, args, kwargs) -> HttpResponse | None:
        if PARAMETER not in request.GET:
            return None
        if request.method not in READS:
            return _refused(request, NO_WRITE, 409)
        is_known = request.resolver_match is not None and request.resolver_match.view_name in REWOUND
        return None if is_known else _refused(request, NO_REWIND, 400)


def _refused(request: HttpRequest, sentence: str, status: int) -> HttpResponse:
    return render(request, "board/rewind_refused.html", {"sentence": sentence}, status=status)
