"""What people do on a scan's page: accept and reject proposals, confirm matches, export."""

import io
import uuid
import zipfile

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from imaging import access
from imaging.domain.errors import ImagingRefusal
from imaging.models import LesionMatch, Proposal, Reading, Scan, Voi
from imaging.refused import Refused
from imaging.scan_forms import AcceptForm, MatchForm, NetpetForm, RejectForm, ReopenForm
from imaging.services import (
    accept_as_lesion,
    accept_reference,
    confirm_match,
    confirm_netpet,
    exporting,
    reject_proposal,
    reopen_proposal,
    request_look,
    start_reading,
)
from imaging.tasks import ring
from imaging.views.guard import needs, visible_or_404
from patients.domain.roles import Capability
from patients.services import Conflict


@needs(Capability.MEASURE)
@require_POST
def accept(request, pk: uuid.UUID):
    proposal = _proposal(request, pk)
    if proposal.role != Voi.Role.LESION:
        return _done(
            request, proposal.scan, "references", lambda: [accept_reference(by=request.user, proposal=proposal)[1]]
        )
    form = AcceptForm(request.POST, scan=proposal.scan)
    if not form.is_valid():
        return _not_valid(request, proposal.scan, "proposals", form)

    def step():
        *_, job = accept_as_lesion(by=request.user, proposal=proposal, **form.service_values())
        return [job]

    return _done(request, proposal.scan, "proposals", step)


@needs(Capability.MEASURE)
@require_POST
def reject(request, pk: uuid.UUID):
    proposal = _proposal(request, pk)
    form = RejectForm(request.POST)
    if not form.is_valid():
        return _not_valid(request, proposal.scan, "proposals", form)

    def step():
        reject_proposal(by=request.user, proposal=proposal, **form.cleaned_data)
        return []

    return _done(request, proposal.scan, "proposals", step)


@needs(Capability.MEASURE)
@require_POST
def reopen(request, pk: uuid.UUID):
    proposal = _proposal(request, pk)
    form = ReopenForm(request.POST)
    if not form.is_valid():
        return _not_valid(request, proposal.scan, "proposals", form)

    def step():
        reopen_proposal(by=request.user, proposal=proposal, reason=form.cleaned_data["reason"])
        return []

    return _done(request, proposal.scan, "proposals", step)


@needs(Capability.MEASURE)
@require_POST
def confirm(request, pk: uuid.UUID):
    match = visible_or_404(LesionMatch.objects.filter(scan__in=access.visible_scans(request.user)), pk)
    form = MatchForm(request.POST, scan=match.scan)
    if not form.is_valid():
        return _not_valid(request, match.scan, "matches", form)
    values = form.service_values()
    return _done(request, match.scan, "matches", lambda: [confirm_match(by=request.user, match=match, **values)[1]])


@needs(Capability.MEASURE)
@require_POST
def look_again(request, pk: uuid.UUID):
    scan = _scan(request, pk)
    return _done(request, scan, "proposals", lambda: request_look(scan=scan, by=request.user))


@needs(Capability.SIGN_READING)
@require_POST
def netpet(request, pk: uuid.UUID):
    scan = _scan(request, pk)
    form = NetpetForm(request.POST, scan=scan)
    if not form.is_valid():
        return _not_valid(request, scan, "fdg", form)

    def step():
        draft = Reading.objects.filter(scan=scan, reader=request.user, state=Reading.State.DRAFT).first()
        reading = draft or start_reading(by=request.user, scan=scan)
        confirm_netpet(by=request.user, reading=reading, **form.cleaned_data)
        return []

    return _done(request, scan, "fdg", step)


@needs(Capability.MEASURE)
@require_POST
def export(request, pk: uuid.UUID):
    scan = _scan(request, pk)
    with_names = request.POST.get("names") == "with"
    try:
        files = exporting.export_scan(by=request.user, scan=scan, with_names=with_names)
    except (Refused, ImagingRefusal) as refusal:
        messages.error(request, refusal.message)
        return HttpResponseRedirect(reverse("imaging:scan", args=[scan.pk]))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in files:
            archive.writestr(file.name, file.data)
    headers = {"Content-Disposition": f'attachment; filename="scan-{scan.pk}{"-with-names" if with_names else ""}.zip"'}
    return HttpResponse(packed.getvalue(), content_type="application/zip", headers=headers)


def _proposal(request, pk: uuid.UUID) -> Proposal:
    return visible_or_404(Proposal.objects.filter(scan__in=access.visible_scans(request.user)), pk)


def _scan(request, pk: uuid.UUID) -> Scan:
    return visible_or_404(access.visible_scans(request.user).select_related("patient", "pet_series", "ct_series"), pk)


def _done(request, scan: Scan, anchor: str, step):
    """Take the step wholly or not at all, ring for what follows, and come back to the place it was taken from."""
    try:
        with transaction.atomic():
            ring([job.pk for job in step()])
    except (Refused, ImagingRefusal) as refusal:
        messages.error(request, refusal.message)
    except Conflict as conflict:
        messages.error(request, str(conflict))
    return HttpResponseRedirect(f"{reverse('imaging:scan', args=[scan.pk])}#{anchor}")


def _not_valid(request, scan: Scan, anchor: str, form):
    for errors in form.errors.values():
        for error in errors:
            messages.error(request, error)
    return HttpResponseRedirect(f"{reverse('imaging:scan', args=[scan.pk])}#{anchor}")
