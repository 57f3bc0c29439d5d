"""Recording a decision outside a meeting."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from board import deciding
from board.chart import Chart
from board.confirming import WrongPassword, leads_elsewhere
from board.decision_form import DecisionFields, fields, typed
from board.forms import DecidedForm
from board.meeting_http import errors_of
from board.patient_page import Asked, patient_context
from board.views import patient_or_404
from patients.domain.roles import Capability
from patients.models import Patient
from patients.services import Conflict

STORED = "Decision signed with the assessments of this moment. It cannot be edited, only replaced or amended."


@require_http_methods(["GET", "POST"])
@leads_elsewhere
def decide(request: HttpRequest, case_number: str) -> HttpResponse:
    found = patient_or_404(request.user, case_number)
    if not request.user.may(Capability.RECORD_DECISION):
        raise PermissionDenied("Your role may not record a decision. Nuclear medicine, clinicians and the chair may.")
    today = timezone.localdate()
    chart = Chart(found, today)
    replaceable = [d for d in chart.decisions if d.replaced_by is None][::-1]
    initial = {"decided_on": today, "supersedes": replaceable[0] if replaceable else None}
    form = DecidedForm(request.POST or None, today=today, patient=found, replaceable=replaceable, initial=initial)
    shown = fields(request.user, typed(request.POST), key=request.POST.get("key", ""))
    status = 200 if request.method == "GET" else _refused(request, found, form, shown)
    if status is None:
        messages.success(request, STORED)
        return redirect(f"{reverse('board:patient', args=[found.case_number])}#decisions")
    context = patient_context(chart, request.user, Asked(as_of=today)) | {"form": form, "decision_form": shown}
    return render(request, "board/decide.html", context, status=status)


def _refused(request: HttpRequest, found: Patient, form: DecidedForm, shown: DecisionFields) -> int | None:
    """The status of the answer, with the reasons put into ``shown``; None once it is signed."""
    if not form.is_valid():
        shown.errors = {name: list(said) for name, said in form.errors.items()}
        return 422
    try:
        _decide(request, found, form.cleaned_data)
    except WrongPassword as refused:
        shown.errors = {refused.field: [str(refused)]}
        return 403
    except ValidationError as refused:
        shown.errors = errors_of(refused)
    except Conflict as refused:
        shown.errors = {"": [str(refused)]}
    else:
        return None
    return 422


def _decide(request: HttpRequest, found: Patient, when: dict[str, Any]) -> None:
    words = {name: request.POST.get(name, "") for name in ("password", "code", "key")}
    content = typed(request.POST)
    deciding.decide(by=request.user, patient=found, content=content, request=request, **when, **words)
