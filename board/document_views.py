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
from board.minutes_document import minutes_for
from board.models import BoardDecision, Meeting, Minutes
from board.pack import pack_for
from board.verifying import checked
from patients.domain.known import NothingThen
from patients.domain.roles import Capability
from patients.known_asked import known_or_today

NOT_YOURS = "Your role may not read charts."
NOT_SIGNED = "On this day this decision was not signed: there was no letter and no record of it yet."
NO_MINUTES = "On this day these minutes were not written yet."


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
    return _pdf(_letter(request, decision), f"letter-{decision.pk}")


@require_GET
def letter_text(request: HttpRequest, pk) -> HttpResponse:
    return _text(_letter(request, _decision(request, pk)))


@require_GET
def decision_json(request: HttpRequest, pk) -> HttpResponse:
    found = _decision(request, pk)
    known = known_or_today(request)
    body = json.dumps(decision_record(found, known_at=known and known.moment), indent=2, ensure_ascii=False)
    headers = {"Content-Disposition": f'attachment; filename="decision-{found.pk}.json"'}
    return HttpResponse(body, content_type="application/json", headers=headers)


@require_GET
def verify(request: HttpRequest) -> HttpResponse:
    asked = {name: request.GET.get(name, "")[:100] for name in ("code", "hash")}
    found = checked(request.user, code=asked["code"], content_hash=asked["hash"]) if any(asked.values()) else None
    return render(request, "board/verify.html", {"asked": asked, "found": found})


def asked_minutes(request: HttpRequest, meeting: Meeting) -> Minutes:
    """The version that the address names, or the newest; of an earlier day among those written by then."""
    version, known = number_in(request.GET.get("version", ""), digits=5), known_or_today(request)
    asked = {} if version is None else {"version": version}
    written = meeting.minutes.filter(**asked)
    if known is not None and not (written := written.filter(recorded_at__lte=known.moment)).exists():
        raise NothingThen(NO_MINUTES)
    found = written.order_by("-version").first()
    if found is None:
        raise Http404("No such minutes.")
    return found


def _decision(request: HttpRequest, pk) -> BoardDecision:
    if not request.user.may(Capability.READ_CHART):
        raise PermissionDenied(NOT_YOURS)
    found, known = decision_or_404(request.user, pk), known_or_today(request)
    if known is not None and found.recorded_at > known.moment:
        raise NothingThen(NOT_SIGNED)
    return found


def _letter(request: HttpRequest, decision: BoardDecision) -> Document:
    known = known_or_today(request)
    if known is None:
        return letter(decision, today=timezone.localdate())
    return letter(decision, today=known.day, known_at=known.moment)


def _pdf(document: Document, name: str) -> HttpResponse:
    from board.document_pdf import as_pdf  # a second to import, and most pages never need it

    headers = {"Content-Disposition": f'inline; filename="{name}.pdf"'}
    return HttpResponse(as_pdf(document), content_type="application/pdf", headers=headers)


def _text(document: Document) -> HttpResponse:
    return HttpResponse(as_text(document), content_type="text/plain; charset=utf-8")
