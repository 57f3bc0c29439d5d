"""Who may read a case: opened and ended by the coordinator or the chair, each with a reason."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from patients import services
from patients.domain.roles import Capability
from patients.models import AccessGrant, Patient
from patients.people.forms import OpenCaseForm
from patients.people.gate import needs, row_or_404, words
from patients.selectors import get_visible_patient, visible_patients


@needs(Capability.GRANT_ACCESS)
@require_POST
def open_to(request: HttpRequest, case_number: str) -> HttpResponse:
    try:
        patient = get_visible_patient(request.user, case_number)
    except Patient.DoesNotExist as absent:
        raise Http404 from absent
    form = OpenCaseForm(request.POST)
    if not form.is_valid():
        messages.error(request, " ".join(error for errors in form.errors.values() for error in errors))
        return _back(patient)
    try:
        who = {"user": form.user, "team": form.cleaned_data["team"]}
        services.open_case(
            by=request.user, patient=patient, until=form.until(), reason=form.cleaned_data["reason"], **who
        )
    except ValidationError as refused:
        messages.error(request, words(refused))
    else:
        messages.success(request, "The case is open to them from now on.")
    return _back(patient)


@needs(Capability.GRANT_ACCESS)
@require_POST
def end(request: HttpRequest, pk: str) -> HttpResponse:
    grant = row_or_404(AccessGrant.objects.filter(patient__in=visible_patients(request.user)), pk)
    try:
        services.close_case(grant, by=request.user, reason=request.POST.get("reason", "")[:200])
    except (ValidationError, PermissionDenied) as refused:
        messages.error(request, words(refused))
    else:
        messages.success(request, "Ended: they read this case no longer, unless another line opens it.")
    return _back(grant.patient)


def _back(patient: Patient) -> HttpResponse:
    return redirect(reverse("board:patient", args=[patient.case_number]) + "?tab=audit#readers")
