"""One series: its SUV with every input, its picture, whose it is, and what a person may correct."""

import uuid
from functools import partial

from django.http import HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from imaging import access, pages, pictures, selectors, services
from imaging.forms import IdentityForm, SuvInputForm
from imaging.models import Series
from imaging.refused import Refused
from imaging.tasks import ring
from imaging.views import series_page
from imaging.views.guard import needs, visible_or_404
from imaging.views.products import NOT_DRAWN
from imaging.views.then import series_as_known
from patients import reads
from patients.domain.known import NothingThen
from patients.domain.roles import Capability
from patients.known_asked import is_asked, known_or_today
from patients.services import StillInUse

MAY_OPEN = (Capability.READ_CHART, Capability.IMPORT_SCAN, Capability.RESOLVE_IDENTITY)


@needs(*MAY_OPEN)
@require_GET
def detail(request, pk: uuid.UUID):
    series = _series(request, pk)
    return series_as_known(request, series) if is_asked(request) else _page(request, series)


@needs(*MAY_OPEN)
@require_GET
def state(request, pk: uuid.UUID):
    computing = pages.series_computing(_series(request, pk))
    reads.nothing()
    return JsonResponse({"is_computing": bool(computing), "sentence": computing or pages.READY})


@needs(*MAY_OPEN)
@require_GET
def picture(request, pk: uuid.UUID):
    """The MIP as PNG; 404 where there is none, as for a series the user may not see."""
    series, known = _series(request, pk), known_or_today(request)
    suv = selectors.current_suv(series) if known is None else selectors.suv_as_known(series, known.moment)
    png = pictures.coronal_mip_png(series, suv.result)
    if known is not None and png is None:
        raise NothingThen(NOT_DRAWN)
    return HttpResponse(png or b"", content_type="image/png", status=200 if png else 404)


@needs(Capability.CONFIRM_SUV_INPUT)
@require_POST
def suv_input(request, pk: uuid.UUID):
    series = _series(request, pk)
    form = SuvInputForm(request.POST)
    if not form.is_valid():
        return _page(request, series, input_form=form, status=422)
    values = {"name": form.cleaned_data["name"], "value": form.cleaned_data["stored"]}
    reason = form.cleaned_data["reason"]
    if pages.is_in_force(series, justification=reason, **values):  # the same form, sent twice
        return _back(series)
    try:
        job = services.correct_suv_input(by=request.user, series=series, reason=reason, **values)
    except Refused as refusal:
        form.add_error("value", refusal.message)
        return _page(request, series, input_form=form, status=422)
    ring([job.pk])
    return _back(series)


@needs(Capability.RESOLVE_IDENTITY)
@require_POST
def confirm(request, pk: uuid.UUID):
    series = _series(request, pk)
    if series.identity not in pages.WAITING:  # decided meanwhile: the page says how
        return _back(series)
    return _said(request, series, services.confirm_identity, needs_case=True)


@needs(Capability.RESOLVE_IDENTITY)
@require_POST
def reject(request, pk: uuid.UUID):
    series = _series(request, pk)
    if series.identity not in pages.WAITING:
        return _back(series)
    return _said(request, series, services.reject_identity)


@needs(Capability.RESOLVE_IDENTITY)
@require_POST
def take_up(request, pk: uuid.UUID):
    series = _series(request, pk)
    if series.identity != Series.Identity.REJECTED:  # taken up meanwhile
        return _back(series)
    return _said(request, series, services.take_up_again)


@needs(Capability.RESOLVE_IDENTITY)
@require_POST
def keep(request, pk: uuid.UUID):
    """The images stay in a chart that was changed since they came."""
    keep_as_seen = partial(services.keep_in_chart, seen=request.POST.get("seen", ""))
    return _said(request, _series(request, pk), keep_as_seen, needs_case=True, shown_as="standing_form")


@needs(Capability.RESOLVE_IDENTITY)
@require_POST
def take_out(request, pk: uuid.UUID):
    """Out of its chart, and held until somebody decides whose it is."""
    return _said(request, _series(request, pk), services.detach_series, shown_as="standing_form")


def _said(request, series: Series, act, *, needs_case: bool = False, shown_as: str = "identity_form"):
    """What a person says of whose it is, with a reason and, where ``needs_case``, the case that they typed."""
    form = IdentityForm(request.POST, user=request.user, needs_case=needs_case)
    if not form.is_valid():
        return _page(request, series, status=422, **{shown_as: form})
    whose = {"patient": form.cleaned_data["case"]} if needs_case else {}
    try:
        act(by=request.user, series=series, reason=form.cleaned_data["reason"], **whose)
    except (Refused, StillInUse) as refusal:
        form.add_error("case" if needs_case else "reason", str(refusal))
        return _page(request, series, status=422, **{shown_as: form})
    ring(pages.waiting_jobs(Series.objects.get(pk=series.pk)))
    return _back(series)


def _series(request, pk: uuid.UUID) -> Series:
    rows = access.visible_series(request.user).select_related("study", "candidate_patient", "uploaded_by")
    return visible_or_404(rows, pk)


def _back(series: Series) -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse("imaging:series", args=[series.pk]))


def _page(request, series: Series, *, status: int = 200, **forms):
    context = series_page.context(series, request.user, **forms)
    return render(request, "imaging/series.html", context, status=status)
