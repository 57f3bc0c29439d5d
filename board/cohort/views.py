"""Pages of the cohort: the figures of a question, and the questions that are kept."""

from dataclasses import asdict
from urllib.parse import parse_qsl

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from board.cohort.http import SEE, check, question_or_404, sentences
from board.cohort.page import asked_by, count_of, page_of
from board.cohort.query import CohortQuery
from board.cohort.selection import cohort_of
from board.cohort.services import delete_question, keep_question


@require_GET
def cohort(request: HttpRequest) -> HttpResponse:
    check(request, SEE)
    return render(request, "board/cohort/cohort.html", page_of(request.user, request.GET, today=timezone.localdate()))


@require_GET
def count(request: HttpRequest) -> HttpResponse:
    check(request, SEE)
    return JsonResponse(count_of(request.user, request.GET, today=timezone.localdate()))


@require_POST
def keep(request: HttpRequest) -> HttpResponse:
    """Save a question, or what one finds today as what it found last."""
    check(request, SEE)
    query = asked_in(request.user, request.POST.get("question", ""))
    found = cohort_of(request.user, query, today=timezone.localdate())
    try:
        kept = keep_question(by=request.user, name=request.POST.get("name", ""), found=found)
    except ValidationError as refused:
        return _refused(request, query, sentences(refused))
    messages.success(request, f"Kept as “{kept.name}”. Its page says what has changed since now.")
    return redirect(address_of(query))


@require_POST
def forget(request: HttpRequest, pk) -> HttpResponse:
    check(request, SEE)
    delete_question(by=request.user, question=question_or_404(request.user, pk))
    messages.success(request, "The question is deleted.")
    return redirect("board:cohort")


def asked_in(user, address: str) -> CohortQuery:
    """A question as it stands in an address."""
    return asked_by(user, dict(parse_qsl(address[:2000])))


def address_of(query: CohortQuery) -> str:
    return f"{reverse('board:cohort')}?{query.address}"


def _refused(request: HttpRequest, query: CohortQuery, said: list[str]) -> HttpResponse:
    page = page_of(request.user, asdict(query), today=timezone.localdate())
    return render(request, "board/cohort/cohort.html", page | {"refused": said}, status=422)
