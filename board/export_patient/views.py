"""Pages of an export: ask for it, watch it being made, fetch it."""

import uuid

from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from board.export_patient.services import (
    SENTENCES,
    check_may_export,
    is_ready,
    open_export,
    remove_expired,
    request_export,
)
from board.models import PatientExport
from board.tasks import run_patient_export
from board.views import patient_or_404
from patients import reads
from patients.models import Patient

RELOAD_SECONDS = 3


@require_POST
def ask(request: HttpRequest, case_number: str) -> HttpResponse:
    patient = patient_or_404(request.user, case_number)
    remove_expired()
    export = request_export(by=request.user, patient=patient)
    run_patient_export.delay_on_commit(str(export.pk))
    return redirect("board:patient_export", pk=export.pk)


@require_GET
def show(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    export = _own_or_404(request.user, pk)
    check_may_export(request.user, export.patient)
    is_open = export.state in PatientExport.OPEN
    context = {
        "export": export,
        "patient": export.patient,
        "is_open": is_open,
        "is_ready": is_ready(export),
        "why": SENTENCES.get(export.reason_code, ""),
    }
    response = render(request, "board/export/patient.html", context)
    if is_open:
        response["Refresh"] = str(RELOAD_SECONDS)
    return response


@require_GET
def fetch(request: HttpRequest, pk: uuid.UUID) -> HttpResponseBase:
    export = _own_or_404(request.user, pk)
    file = open_export(by=request.user, export=export)
    if file is None:
        raise Http404("There is no such archive, or not any more.")
    return FileResponse(file, as_attachment=True, filename=f"{export.pk}.zip", content_type="application/zip")


def _own_or_404(user, pk: uuid.UUID) -> PatientExport:
    """The same answer for an archive that does not exist, one of somebody else and one of a case not visible now."""
    own = PatientExport.objects.select_related("patient", "requested_by").filter(pk=pk, requested_by=user)
    found = own.filter(patient__in=Patient.objects.visible_to(user)).first()
    if found is None:
        raise Http404("There is no such archive, or not any more.")
    reads.note(found)
    return found
