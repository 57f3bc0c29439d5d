"""What people do on a scan's page: accept and reject proposals, confirm matches, export."""

import datetime as dt
import io
import uuid
import zipfile
from dataclasses import dataclass, field

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import reverse
from django.views.decorators.http import require_POST

from imaging import access
from imaging.domain.errors import ImagingRefusal
from imaging.models import Job, LesionMatch, Proposal, Reading, Scan, Voi
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
    take_back_acceptance,
    take_back_match,
)
from imaging.tasks import ring
from imaging.views.answers import refused, said_by, wants_json
from imaging.views.guard import needs, visible_or_404
from imaging.views.region_steps import CHANGED, INVALID, Taken, said_of
from patients.domain.roles import Capability
from patients.services import Conflict


@dataclass(frozen=True)
class _Decided:
    """``voi``: the region that the decision made, redrew or took away; ``before``: the version that it replaced."""

    jobs: list[Job] = field(default_factory=list)
    voi: Voi | None = None
    before: dt.datetime | None = None
    is_gone: bool = False
    is_lesion_gone: bool = False


@needs(Capability.MEASURE)
@require_POST
def accept(request, pk: uuid.UUID):
    proposal = _proposal(request, pk)
    if proposal.role != Voi.Role.LESION:
        return _done(
            request, proposal.scan, "references", lambda: _marked(*accept_reference(by=request.user, proposal=proposal))
        )
    form = AcceptForm(request.POST, scan=proposal.scan)
    if not form.is_valid():
        return _not_valid(request, proposal.scan, "proposals", form)

    def step():
        return _marked(*accept_as_lesion(by=request.user, proposal=proposal, **form.service_values())[1:])

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
        return _Decided()

    return _done(request, proposal.scan, "proposals", step)


@needs(Capability.MEASURE)
@require_POST
def reopen(request, pk: uuid.UUID):
    proposal = _proposal(request, pk)
    form = ReopenForm(request.POST)
    if not form.is_valid():
        return _not_valid(request, proposal.scan, "proposals", form)

    reason, seen_at = form.cleaned_data["reason"], form.cleaned_data["recorded_at"]

    def step():
        if seen_at is None:
            reopen_proposal(by=request.user, proposal=proposal, reason=reason)
            return _Decided()
        about = {"reason": reason, "seen_at": seen_at}
        voi, is_gone, is_lesion_gone, job = take_back_acceptance(by=request.user, proposal=proposal, **about)
        return _Decided([job], voi, seen_at, is_gone, is_lesion_gone)

    return _done(request, proposal.scan, "proposals", step)


@needs(Capability.MEASURE)
@require_POST
def confirm(request, pk: uuid.UUID):
    match = _match(request, pk)
    form = MatchForm(request.POST, scan=match.scan)
    if not form.is_valid():
        return _not_valid(request, match.scan, "matches", form)
    values = form.service_values()
    region = values.get("proposal", match.proposal)

    def step():
        was_open = region is not None and region.state == Proposal.State.OPEN
        _, job = confirm_match(by=request.user, match=match, **values)
        accepted = Proposal.objects.get(pk=region.pk).voi if was_open else None
        return _Decided([job]) if accepted is None else _marked(accepted, job)

    return _done(request, match.scan, "matches", step)


@needs(Capability.MEASURE)
@require_POST
def take_match_back(request, pk: uuid.UUID):
    match = _match(request, pk)
    form = ReopenForm(request.POST)
    if not form.is_valid():
        return _not_valid(request, match.scan, "matches", form)
    reason, seen_at = form.cleaned_data["reason"], form.cleaned_data["recorded_at"]

    def step():
        about = {"reason": reason, "seen_at": seen_at}
        voi, is_gone, job = take_back_match(by=request.user, match=match, **about)
        return _Decided([job], voi, seen_at, is_gone)

    return _done(request, match.scan, "matches", step)


@needs(Capability.MEASURE)
@require_POST
def look_again(request, pk: uuid.UUID):
    scan = _scan(request, pk)
    return _done(request, scan, "proposals", lambda: _Decided(request_look(scan=scan, by=request.user)))


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
        return _Decided()

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


def _marked(voi: Voi, job: Job) -> _Decided:
    replaced = Voi.versions.filter(lineage=voi.lineage).exclude(pk=voi.pk).order_by("-recorded_at").first()
    return _Decided([job], voi, replaced and replaced.recorded_at)


def _proposal(request, pk: uuid.UUID) -> Proposal:
    return visible_or_404(Proposal.objects.filter(scan__in=access.visible_scans(request.user)), pk)


def _match(request, pk: uuid.UUID) -> LesionMatch:
    return visible_or_404(LesionMatch.objects.filter(scan__in=access.visible_scans(request.user)), pk)


def _scan(request, pk: uuid.UUID) -> Scan:
    return visible_or_404(access.visible_scans(request.user).select_related("patient", "pet_series", "ct_series"), pk)


def _done(request, scan: Scan, anchor: str, step):
    """Take the step wholly or not at all, ring for what follows, and come back to the place it was taken from."""
    try:
        with transaction.atomic():
            taken = step()
            ring([job.pk for job in taken.jobs])
    except (Refused, ImagingRefusal) as refusal:
        return _refuse(request, scan, anchor, [refusal.message], code=refusal.code)
    except Conflict as conflict:
        return _refuse(request, scan, anchor, [str(conflict)], code=CHANGED, status=409)
    return JsonResponse(_said(request, scan, taken)) if wants_json(request) else _back(scan, anchor)


def _said(request, scan: Scan, taken: _Decided) -> dict:
    """Which region the decision made or changed, if any, in the words of a step on a region."""
    if taken.voi is None:
        return {"ok": True}
    gone = {"is_gone": taken.is_gone, "is_lesion_gone": taken.is_lesion_gone}
    return said_of(request, scan, Taken(taken.voi, taken.jobs[0], **gone), taken.before)


def _not_valid(request, scan: Scan, anchor: str, form):
    return _refuse(request, scan, anchor, said_by(form), code=INVALID)


def _refuse(request, scan: Scan, anchor: str, sentences: list[str], *, code: str, status: int = 422):
    if wants_json(request):
        return refused(status, code, " ".join(sentences))
    for words in sentences:
        messages.error(request, words)
    return _back(scan, anchor)


def _back(scan: Scan, anchor: str):
    return HttpResponseRedirect(f"{reverse('imaging:scan', args=[scan.pk])}#{anchor}")
