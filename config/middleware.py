"""Pages that may show a patient are never kept by a browser or a proxy, and never leave before it is written down."""

import logging

from django.db import Error
from django.http import HttpResponse
from django.shortcuts import render

from config import full_disk
from config.logs import request_id
from imaging import disk
from patients import reads
from patients.addresses import address_of
from patients.models import AccessEvent
from patients.services.accesses import Asked, new_request_id, record_again, record_reads

log = logging.getLogger("prrt.trail")
NOT_MODIFIED = 304
Kind = AccessEvent.Kind


class NoStoreMiddleware:
    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        response.headers.setdefault("Cache-Control", "no-store")
        return response


class ReadsMiddleware:
    """Innermost: it sees the answer of the view itself, and nothing of it leaves when its reads cannot be stored."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        request.request_id = request_id.get() or new_request_id()  # the one that stands in the log and in the answer
        with reads.collecting() as notes:
            response = self.get_response(request)
            try:
                _write_down(request, response, notes)
            except Error as error:
                log.error("reads could not be written down (%s, request %s)", type(error).__name__, request.request_id)
                if disk.is_full(error):
                    return full_disk.answer(request)
                return render(request, "503_trail.html", status=503)
        return response

    def process_exception(self, request, exception):
        """A refusal says nothing about any patient."""
        reads.nothing()


def _write_down(request, response: HttpResponse, notes: reads.Notes) -> None:
    if response.status_code == NOT_MODIFIED:
        record_again(asked=_asked(request, response), mark=response.headers.get("ETag", ""))
    elif _has_a_body(response):
        mark = response.headers.get("ETag", "") if _is_a_page(response) else ""
        record_reads(asked=_asked(request, response), notes=notes, mark=mark)


def _has_a_body(response: HttpResponse) -> bool:
    """A redirection names where to look; what is there is a read of its own."""
    return not 300 <= response.status_code < 400 and (response.streaming or bool(response.content))


def _is_a_page(response: HttpResponse) -> bool:
    return response.headers.get("Content-Type", "").startswith("text/html")


def _asked(request, response: HttpResponse) -> Asked:
    user = getattr(request, "user", None)
    match = request.resolver_match
    return Asked(
        by=user if user is not None and user.is_authenticated else None,
        route=match.view_name if match else "",
        method=request.method or "",
        address=address_of(request),
        request_id=request.request_id,
        kind=_kind(response),
    )


def _kind(response: HttpResponse) -> str:
    """By what the answer is; "" for a page, of which each case knows whether it was opened or listed."""
    sort = response.headers.get("Content-Type", "").partition(";")[0]
    if response.headers.get("Content-Disposition", "").startswith("attachment"):
        return Kind.EXPORT
    if sort in {"application/pdf", "text/plain"}:
        return Kind.PRINT
    if sort.endswith("json"):
        return Kind.DATA
    return "" if sort == "text/html" else Kind.PICTURE
