"""The watch list, and ending or taking up the follow-up of a case."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import condition, require_GET, require_POST

from board.case_views import check_role
from board.chart import Chart
from board.closing import close_case, reopen_case
from board.patient_page import Asked, patient_context
from board.stamp import list_stamp
from board.views import patient_or_404
from board.watch_list import watch_page

MOST_PAGES = 10_000


@require_GET
@condition(etag_func=list_stamp)
def watch_list(request: HttpRequest) -> HttpResponse:
    today, asked = timezone.localdate(), request.GET.get("page", "1")
    number = int(asked) if asked.isascii() and asked.isdigit() and 1 <= int(asked[:6]) <= MOST_PAGES else 1
    page = watch_page(request.user, today=today, number=number)
    return render(request, "board/watch.html", {"page": page, "today": today})


@require_POST
def close(request: HttpRequest, case_number: str) -> HttpResponse:
    """Closes an open case, opens a closed one: the form says which it saw."""
    patient = patient_or_404(request.user, case_number)
    check_role(request)
    text = request.POST.get("text", "")
    try:
        if request.POST.get("do") == "reopen":
            reopen_case(by=request.user, patient=patient, text=text)
            messages.success(request, "The case is open again. Give it a next date.")
        else:
            close_case(by=request.user, patient=patient, reason=request.POST.get("reason", ""), text=text)
            messages.success(request, "The case is closed. It can be opened again at any time.")
    except ValidationError as refused:
        return _again(request, patient, refused)
    return redirect(f"{reverse('board:patient', args=[case_number])}?tab=contacts")


def _again(request: HttpRequest, patient, refused: ValidationError) -> HttpResponse:
    today = timezone.localdate()
    context = patient_context(Chart(patient, today), request.user, Asked(as_of=today, tab="contacts"))
    typed = {name: request.POST.get(name, "") for name in ("reason", "text")}
    context |= {"closing_refused": refused.messages, "closing_typed": typed}
    return render(request, "board/patient.html", context, status=422)
