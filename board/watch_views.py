"""The watch list, and ending or taking up the follow-up of a case."""

from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import condition, require_GET, require_POST

from board.case_views import check_role
from board.chart import Chart
from board.closed_cases import closed_cases
from board.closing import close_case, reopen_case
from board.patient_page import Asked, patient_context
from board.stamp import list_stamp
from board.views import patient_or_404
from board.watch_acts import ACTS, Act
from board.watch_groups import grouped
from board.watch_list import watch_page
from patients.domain.roles import Capability
from patients.people.gate import needs

MOST_PAGES = 10_000


@needs(Capability.READ_CHART)
@require_GET
@condition(etag_func=list_stamp)
def watch_list(request: HttpRequest) -> HttpResponse:
    """``case`` and ``do`` in the address open one form in the row of that case."""
    act = ACTS.get(request.GET.get("do", "")) if request.user.may(Capability.FOLLOW_UP) else None
    form = act.blank(timezone.localdate()) if act else None
    return _list(request, request.GET, act, request.GET.get("case", ""), form)


@require_POST
def act(request: HttpRequest, case_number: str) -> HttpResponse:
    """One form of a row: a contact, a booking, the end of follow-up, or its beginning again."""
    patient = patient_or_404(request.user, case_number)
    check_role(request)
    asked = ACTS.get(request.POST.get("do", ""))
    if asked is None:
        messages.error(request, "Nothing was stored: the form did not say what to do.")
        return _list(request, request.POST, None, "", None, status=422)
    form = asked.sent(request.POST)
    if form.is_valid() and _stored(request, asked, form, patient):
        messages.success(request, f"Case {case_number}: {asked.done}")
        return redirect(f"{reverse('board:watch')}?{urlencode({'page': _page_number(request.POST)})}#list")
    return _list(request, request.POST, asked, case_number, form, status=422)


def _stored(request: HttpRequest, asked: Act, form, patient) -> bool:
    try:
        asked.service(by=request.user, patient=patient, **form.cleaned_data)
    except ValidationError as refused:
        fields = refused.message_dict if hasattr(refused, "error_dict") else {None: refused.messages}
        for name, sentences in fields.items():
            form.add_error(name if name in form.fields else None, sentences)
        return False
    return True


def _list(request: HttpRequest, query, asked: Act | None, case_number: str, form, *, status: int = 200) -> HttpResponse:
    today, is_closed = timezone.localdate(), query.get("closed") == "1"
    page = watch_page(request.user, today=today, number=_page_number(query))
    context = {
        "page": page,
        "groups": grouped(page.rows),
        "closed": closed_cases(request.user, with_rows=is_closed),
        "shows_closed": is_closed,
        "today": today,
        "may_follow_up": request.user.may(Capability.FOLLOW_UP),
        "act": asked,
        "case": case_number,
        "form": form,
        "is_on_page": asked is not None and any(row.case_number == case_number for row in page.rows) and not is_closed,
    }
    return render(request, "board/watch.html", context, status=status)


def _page_number(query) -> int:
    asked = query.get("page", "1")
    return int(asked) if asked.isascii() and asked.isdigit() and 1 <= int(asked[:6]) <= MOST_PAGES else 1


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
