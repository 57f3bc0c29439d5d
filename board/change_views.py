"""Storing a reader's verdict on a change."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_POST

from board.change_tab import seen_of
from board.chart import Chart
from board.forms import VerdictForm
from board.patient_page import Asked, patient_context
from board.verdicts import answer_change
from board.views import patient_or_404
from eligibility.verdict_giving import REFUSED
from patients.domain.roles import Capability
from patients.models import Patient
from patients.services import Conflict


@require_POST
def change_verdict(request: HttpRequest, case_number: str) -> HttpResponse:
    patient = patient_or_404(request.user, case_number)
    if not request.user.may(Capability.SIGN_READING):
        raise PermissionDenied(REFUSED)
    form = VerdictForm(request.POST)
    status = 422
    if form.is_valid():
        said = dict(form.cleaned_data)
        scans = {"before": said.pop("first"), "after": said.pop("second")}
        try:
            answer_change(by=request.user, patient=patient, **scans, **said)
        except Conflict as refused:
            status = 409
            form.add_error(None, str(refused))
        except ValidationError as refused:
            form.add_error(None, refused)
        else:
            return _stored(request, case_number, scans)
    return _refused(request, patient, form, status)


def _stored(request: HttpRequest, case_number: str, scans: dict) -> HttpResponse:
    messages.success(request, "Verdict stored. It cannot be edited; a later one of yours may follow it.")
    query = urlencode({"tab": "change", "first": scans["before"], "second": scans["after"]})
    return redirect(f"{reverse('board:patient', args=[case_number])}?{query}")


def _refused(request: HttpRequest, patient: Patient, form: VerdictForm, status: int) -> HttpResponse:
    """The page as it is now with what was typed. Sent again, the verdict is one on what this page shows."""
    today = timezone.localdate()
    asked = Asked(today, "change", scans=(request.POST.get("first", ""), request.POST.get("second", "")))
    context = patient_context(Chart(patient, today), request.user, asked)
    found = getattr(context["change"], "found", None)
    if found is not None:
        form.data = request.POST.copy()
        for name, value in seen_of(found).items():
            form.data[name] = value
    return render(request, "board/patient.html", context | {"verdict_form": form}, status=status)
