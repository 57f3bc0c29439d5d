"""Pages of the exchange: a case goes out as a file; a bundle comes in by a trial run, and then by a confirmation."""

from dataclasses import dataclass

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.http import content_disposition_header
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from board.fhir.exporting import export_fhir
from board.fhir.holding import held, hold, let_go
from board.fhir.importing import REFUSED, import_bundle
from board.fhir.outcomes import Line, Report
from board.fhir.received import LARGEST_BYTES, BundleRefused, receive
from board.views import patient_or_404
from patients import reads
from patients.domain.roles import Capability

FORM_BYTES = 64 * 1024
SHOWN = 200
ORDER = ("refused", "recorded", "skipped", "already here")
GONE = "This bundle waits no longer: it was taken over already, or an hour has passed. Choose the file again."
TOO_LARGE = f"The file is larger than {LARGEST_BYTES // 1024 // 1024} MB. Nothing of it was read."


class BundleForm(forms.Form):
    bundle = forms.FileField(
        label="FHIR bundle (JSON)",
        error_messages={"required": "Choose the file of a bundle.", "empty": "This file is empty."},
        widget=forms.ClearableFileInput(attrs={"accept": ".json,application/json,application/fhir+json"}),
    )
    case = forms.CharField(
        label="Case number",
        required=False,
        max_length=32,
        widget=forms.TextInput(attrs={"class": "input", "autocomplete": "off", "spellcheck": "false"}),
    )


@dataclass(frozen=True)
class Group:
    word: str
    lines: list[Line]
    more: int


@require_GET
def export(request: HttpRequest, case_number: str) -> HttpResponse:
    patient = patient_or_404(request.user, case_number)
    text = export_fhir(by=request.user, patient=patient)
    response = HttpResponse(text, content_type="application/fhir+json; charset=utf-8")
    response["Content-Disposition"] = content_disposition_header(True, f"patient-{patient.pk}.fhir.json")
    return response


@csrf_exempt  # the token stands in the body: it is asked for once the size of the body is known
@require_http_methods(["GET", "POST"])
def bring(request: HttpRequest) -> HttpResponse:
    _check_role(request)
    if int(request.META.get("CONTENT_LENGTH") or 0) > LARGEST_BYTES + FORM_BYTES:
        return _page(request, BundleForm(), refused=TOO_LARGE, status=413)
    return _bring(request)


@csrf_protect
def _bring(request: HttpRequest) -> HttpResponse:
    """Say what would become of a bundle; nothing is stored yet."""
    if request.method == "GET":
        return _page(request, BundleForm(initial={"case": request.GET.get("case", "")[:32]}))
    form = BundleForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, form, status=422)
    data, case_number = form.cleaned_data["bundle"].read(LARGEST_BYTES + 1), form.cleaned_data["case"]
    try:
        report = import_bundle(by=request.user, received=receive(data), case_number=case_number, is_trial=True)
    except BundleRefused as refused:
        return _page(request, form, refused=str(refused), status=422)
    return _report(request, report, ticket=hold(data, by=request.user, case_number=case_number))


@require_POST
def confirm(request: HttpRequest) -> HttpResponse:
    _check_role(request)
    ticket = request.POST.get("ticket", "")
    found = held(ticket, by=request.user)
    if found is None:
        return _page(request, BundleForm(), refused=GONE, status=422)
    data, case_number = found
    try:
        report = import_bundle(by=request.user, received=receive(data), case_number=case_number, is_trial=False)
    except BundleRefused as refused:
        return _page(request, BundleForm(), refused=str(refused), status=422)
    let_go(ticket, by=request.user)
    return _report(request, report)


def _check_role(request: HttpRequest) -> None:
    if not request.user.may(Capability.EDIT_CLINICAL):
        raise PermissionDenied(f"{REFUSED} Nuclear medicine, clinicians, coordinators and data entry may.")


def _page(request: HttpRequest, form: BundleForm, *, refused: str = "", status: int = 200) -> HttpResponse:
    context = {"form": form, "refused": refused, "megabytes": LARGEST_BYTES // 1024 // 1024}
    return render(request, "board/import_fhir.html", context, status=status)


def _report(request: HttpRequest, report: Report, *, ticket: str = "") -> HttpResponse:
    reads.note_case(report.case_number)
    groups = [_group(report, outcome) for outcome in ORDER]
    context = {"report": report, "groups": [group for group in groups if group.lines], "ticket": ticket}
    return render(request, "board/import_fhir_report.html", context)


def _group(report: Report, outcome: str) -> Group:
    lines = [line for line in report.lines if line.outcome == outcome]
    return Group(report.word(outcome), lines[:SHOWN], max(0, len(lines) - SHOWN))
