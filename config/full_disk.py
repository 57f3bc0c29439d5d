"""What is answered when the disk is full: a sentence instead of a failure without a reason."""

import logging
import sys

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.views.defaults import bad_request, server_error

from imaging import disk
from imaging.views.answers import wants_json
from imaging.views.words import explain

log = logging.getLogger("prrt.request")
STATUS = 507


def answer_error(request: HttpRequest) -> HttpResponse:
    """The handler of everything that no view caught."""
    return answer(request) if disk.is_full(sys.exc_info()[1]) else server_error(request)


def answer_bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """A session that could not be written down is taken for one that was deleted, which is called a bad request."""
    return answer(request) if disk.is_full(exception) else bad_request(request, exception)


def answer(request: HttpRequest) -> HttpResponse:
    log.error("the disk is full")
    if wants_json(request):
        return JsonResponse(explain(disk.CODE).json(), status=STATUS)
    # Without the request: who asks, and what stands beside, is in the database.
    return HttpResponse(render_to_string("507.html"), status=STATUS)
