"""The patient page, the source of a number and what has come since, as known on a day. Nothing on them writes."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from board.chart import Chart
from board.patient_page import Asked, patient_context
from board.rewind import is_opened, not_opened_words, read_only, rewind_of
from board.rewind_since import since
from patients.domain.known import KnownRefused
from patients.known_asked import known_in
from patients.known_links import keep_day
from patients.models import Patient


def patient_then(request: HttpRequest, patient: Patient) -> HttpResponse:
    return shown_then(request, patient, "board/patient.html", _patient_context)


def _patient_context(chart: Chart, request: HttpRequest) -> dict[str, Any]:
    return patient_context(chart, request.user, Asked.of(request.GET, chart))


def since_then(request: HttpRequest, patient: Patient) -> HttpResponse:
    return shown_then(request, patient, "board/since.html", _since_context)


def _since_context(chart: Chart, request: HttpRequest) -> dict[str, Any]:
    return {"patient": chart.patient, "since": since(chart)}


def shown_then(
    request: HttpRequest, patient: Patient, template: str, context: Callable[[Chart, HttpRequest], dict[str, Any]]
) -> HttpResponse:
    """One page for the moment its address names, or the sentence why there is none."""
    try:
        known = known_in(request)
    except KnownRefused as refused:
        return _refused(request, patient, str(refused), 400)
    if not is_opened(patient, known.moment):
        return _refused(request, patient, not_opened_words(patient, known), 200, is_then=True)
    chart = Chart(patient, known.day, known_at=known.moment)
    shown = read_only(context(chart, request)) | {"rewind": rewind_of(request, patient, known)}
    response = render(request, template, shown)
    response.content = keep_day(response.content.decode(), known.text)
    return response


def _refused(
    request: HttpRequest, patient: Patient, sentence: str, status: int, *, is_then: bool = False
) -> HttpResponse:
    """``is_then``: the day could be shown and there was nothing on it: the page wears the frame of an earlier day."""
    context = {"patient": patient, "sentence": sentence, "is_then": is_then}
    return render(request, "board/rewind_refused.html", context, status=status)
