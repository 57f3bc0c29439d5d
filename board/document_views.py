"""Documents to read, print and take along. Only what this user may see is in them."""

import json

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from board.decision_record import decision_record
from board.document import Document
from board.document_text import as_text
from board.letter import letter
from board.meeting_http import decision_or_404, meeting_for, number_in
from board.minutes import standing_minutes
from board.minutes_document import minutes_for
from board.models import BoardDecision, Meeting, Minutes
from board.pack import pack_for
from board.verifying import checked
from patients.domain.roles import Capability

NOT_YOURS = "Your role may not read charts."


@require_GET
def minutes_pdf(request: HttpRequest, pk) -> HttpResponse:
    found = asked_minutes(request, meeting_for(request, pk))
    return _pdf(minutes_for(request.user, found), f"minutes-{found.meeting.starts_at:%Y-%m-%d}-v{found.version}")


@require_GET
def minutes_text(request: HttpRequest, pk) -> HttpResponse:
    return _text(minutes_for(request.user, asked_minutes(request, meeting_for(request, pk))))


@require_GET
def pack_pdf(request: HttpRequest, pk) -> HttpResponse:
    meeting = meeting_for(request, pk)
    return _pdf(pack_for(request.user, meeting), f"agenda-{meeting.starts_at:%Y-%m-%d}")


@require_GET
def pack_text(request: HttpRequest, pk) -> HttpResponse:
    return _text(pack_for(request.user, meeting_for(request, pk)))


@require_GET
def letter_pdf(request: HttpRequest, pk) -> HttpResponse:
    decision = _decision(request, pk)
    return _pdf(letter(decision, today=timezone.localdate()), f"letter-{decision.decided_on:%Y-%m-%d}")


@require_GET
def letter_text(request: HttpRequest, pk) -> HttpResponse:
    return _text(letter(_decision(request, pk), today=timezone.localdate()))


@require_GET
def decision_json(request: HttpRequest, pk) -> HttpResponse:
    found = _decision(request, pk)
    body = json.dumps(decision_record(found), indent=2, ensure_ascii=False)
    headers = {"Content-Disposition": f'attachment; filename="decision-{found.pk}.json"'}
    return HttpResponse(body, content_type="application/json", headers=headers)


@require_GET
def verify(request: HttpRequest) -> HttpResponse:
    asked = {name: request.GET.get(name, "")[:100] for name in ("code", "hash")}
    found = checked(request.user, code=asked["code"], content_hash=asked["hash"]) if any(asked.values()) else None
    return render(request, "board/verify.html", {"asked": asked, "found": found})


def asked_minutes(request: HttpRequest, meeting: Meeting) -> Minutes:
    """The version that the address names, or the newest."""
    version = number_in(request.GET.get("version", ""), digits=5)
    found = standing_minutes(meeting) if version is None else meeting.minutes.filter(version=version).first()
    if found is None:
        raise Http404("No such minutes.")
    return found


def _decision(request: HttpRequest, pk) -> BoardDecision:
    if not request.user.may(Capability.READ_CHART):
        raise PermissionDenied(NOT_YOURS)
    return decision_or_404(request.user, pk)


def _pdf(document: Document, name: str) -> HttpResponse:
    from board.document_pdf import as_pdf  # a second to import, and most pages never need it

    headers = {"Content-Disposition": f'inline; filename="{name}.pdf"'}
    return HttpResponse(as_pdf(document), content_type="application/pdf", headers=headers)


def _text(document: Document) -> HttpResponse:
    return HttpResponse(as_text(document), content_type="text/plain; charset=utf-8")
