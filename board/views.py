"""Pages: read through selectors, write through services, nothing computed here."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from board.chart import Chart
from board.forms import DecisionForm
from board.patient_list import patient_page
from board.patient_page import Asked, patient_context
from board.recording import record_once
from board.worklist import worklist
from patients.domain.roles import Capability
from patients.models import Patient
from patients.selectors import get_visible_patient
from patients.services import Conflict

CASE_NUMBER_LENGTH = 32


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    today = timezone.localdate()
    return render(request, "board/home.html", {"work": worklist(request.user, today=today), "today": today})


@require_GET
def patients(request: HttpRequest) -> HttpResponse:
    prefix = request.GET.get("q", "").strip()[:CASE_NUMBER_LENGTH]
    exact = prefix and _visible_case(request.user, prefix)
    if exact:
        return redirect("board:patient", case_number=exact.case_number)
    page = patient_page(
        request.user,
        today=timezone.localdate(),
        prefix=prefix,
        after=request.GET.get("after", "")[:CASE_NUMBER_LENGTH],
        before=request.GET.get("before", "")[:CASE_NUMBER_LENGTH],
    )
    return render(request, "board/patients.html", {"page": page, "prefix": prefix})


@require_GET
def patient(request: HttpRequest, case_number: str) -> HttpResponse:
    today = timezone.localdate()
    chart = Chart(patient_or_404(request.user, case_number), today)
    asked = Asked.of(request.GET, today)
    return render(request, "board/patient.html", patient_context(chart, request.user, asked))


@require_http_methods(["GET", "POST"])
def decide(request: HttpRequest, case_number: str) -> HttpResponse:
    found = patient_or_404(request.user, case_number)
    if not request.user.may(Capability.RECORD_DECISION):
        raise PermissionDenied("Your role may not record a decision. Nuclear medicine, clinicians and the chair may.")
    today = timezone.localdate()
    chart = Chart(found, today)
    replaceable = [d for d in chart.decisions if d.replaced_by is None][::-1]
    initial = {"decided_on": today, "supersedes": replaceable[0] if replaceable else None}
    form = DecisionForm(request.POST or None, today=today, replaceable=replaceable, initial=initial)
    if request.method == "POST" and form.is_valid() and _record(request, found, form):
        return redirect(f"{reverse('board:patient', args=[found.case_number])}#decisions")
    status = 422 if request.method == "POST" else 200
    context = patient_context(chart, request.user, Asked(as_of=today)) | {"form": form}
    return render(request, "board/decide.html", context, status=status)


def _record(request: HttpRequest, found: Patient, form: DecisionForm) -> bool:
    try:
        record_once(by=request.user, patient=found, **form.cleaned_data)
    except (Conflict, ValidationError) as refused:
        form.add_error(None, refused.messages if isinstance(refused, ValidationError) else str(refused))
        return False
    messages.success(
        request, "Decision stored with the assessments of this moment. It cannot be edited, only replaced."
    )
    return True


def patient_or_404(user, case_number: str) -> Patient:
    """The same answer for a case that does not exist and one this user may not see."""
    found = _visible_case(user, case_number)
    if found is None:
        raise Http404("No such case.")
    return found


def _visible_case(user, case_number: str) -> Patient | None:
    try:
        return get_visible_patient(user, case_number)
    except Patient.DoesNotExist:
        return None
