"""Pages of exports: asked for, approved by a second person, run, fetched once more within a day."""

import datetime as dt

from django.core.exceptions import ValidationError
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from board.cohort.export_page import detail_of, list_of, words_of
from board.cohort.http import APPROVE, ASK, check, export_or_404, sentences
from board.cohort.running import path_of
from board.cohort.services import approve_export, ask_for_export_once, note_download, refuse_export
from board.cohort.views import asked_in
from board.models import CohortExport
from board.tasks import run_export


@require_http_methods(["GET", "POST"])
def exports(request: HttpRequest) -> HttpResponse:
    """The list, and for who may ask the form; ``?question=`` is the address of the question."""
    check(request, ASK, APPROVE)
    if request.method == "POST":
        return _ask(request)
    query = asked_in(request.user, request.GET.get("question", ""))
    return render(request, "board/cohort/exports.html", list_of(request.user, query))


def _ask(request: HttpRequest) -> HttpResponse:
    check(request, ASK)
    query = asked_in(request.user, request.POST.get("question", ""))
    try:
        made = ask_for_export_once(
            by=request.user,
            key=request.POST.get("key", ""),
            query=query,
            tables=request.POST.getlist("tables"),
            agreement=request.POST.get("agreement", ""),
            reason=request.POST.get("reason", ""),
            known_on=_day(request.POST.get("known_at", "")),
            has_free_text=request.POST.get("free_text") == "1",
        )
    except ValidationError as refused:
        typed = {"typed": request.POST, "chosen": request.POST.getlist("tables")}
        page = list_of(request.user, query) | typed | {"refused": sentences(refused)}
        return render(request, "board/cohort/exports.html", page, status=422)
    return redirect("board:cohort_export", pk=made.pk)


@require_GET
def export(request: HttpRequest, pk) -> HttpResponse:
    check(request, ASK, APPROVE)
    found = export_or_404(request.user, pk)
    return render(request, "board/cohort/export.html", detail_of(request.user, found))


@require_POST
def decide(request: HttpRequest, pk) -> HttpResponse:
    check(request, APPROVE)
    found = export_or_404(request.user, pk)
    try:
        if request.POST.get("answer") == "approve":
            approve_export(by=request.user, export=found)
            run_export.delay_on_commit(str(found.pk))
        else:
            refuse_export(by=request.user, export=found, reason=request.POST.get("refusal", ""))
    except ValidationError as refused:
        page = detail_of(request.user, found) | {"refused": sentences(refused)}
        return render(request, "board/cohort/export.html", page, status=422)
    return redirect("board:cohort_export", pk=found.pk)


@require_GET
def state(request: HttpRequest, pk) -> HttpResponse:
    check(request, ASK, APPROVE)
    found = export_or_404(request.user, pk)
    body = {"state": found.state, "percent": found.percent, "words": words_of(found)}
    return JsonResponse(body | {"is_open": found.state in CohortExport.OPEN})


@require_GET
def file(request: HttpRequest, pk) -> HttpResponse:
    """For the one who asked, as long as it is there; every fetch is in the trail."""
    check(request, ASK)
    found = export_or_404(request.user, pk)
    if found.asked_by_id != request.user.pk or not found.is_there:
        raise Http404("No such file.")
    try:
        content = path_of(found).open("rb")
    except OSError:
        raise Http404("No such file.") from None
    note_download(by=request.user, export=found)
    name = f"cohort-{str(found.pk)[:8]}.zip"
    return FileResponse(content, as_attachment=True, filename=name, content_type="application/zip")


def _day(text: str) -> dt.date | None:
    """Raises ValidationError for what is no day."""
    try:
        return dt.date.fromisoformat(text.strip()) if text.strip() else None
    except ValueError:
        raise ValidationError({"known_at": "Write the day as YYYY-MM-DD."}) from None
