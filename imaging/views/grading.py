"""Grading and signing: the steps a reader takes, as plain forms or, for scripts, as JSON."""

import uuid
from collections.abc import Callable

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST

from imaging import access
from imaging.models import Reading, Scan
from imaging.reading_forms import AmendForm, AnswersForm, ScoreForm
from imaging.reading_gaps import gaps
from imaging.refused import Refused
from imaging.services import amend_reading, answer_reading, score_lesion, sign_reading, start_reading
from imaging.services.reading_answers import open_draft
from imaging.services.reading_lock import Stale, token_after, token_of_answers, token_of_entries, token_of_score
from imaging.views.answers import back_to, refused, said_by, wants_json
from imaging.views.grading_page import grading_context, retry_address, sentence
from imaging.views.guard import needs, visible_or_404
from imaging.views.words import explain
from patients.domain.roles import Capability

__all__ = ["amend", "answers", "grading_context", "score", "sign", "start"]

STATUS = {"not_permitted": 403, "reading_changed": 409, "reading_numbers_changed": 409, "reading_signed": 409}


@needs(Capability.SIGN_READING)
@require_POST
def start(request, pk: uuid.UUID):
    scan = visible_or_404(access.visible_scans(request.user).select_related("patient"), pk)
    return _step(request, scan, lambda: _state(start_reading(by=request.user, scan=scan), request.user))


@needs(Capability.SIGN_READING)
@require_POST
def score(request, pk: uuid.UUID):
    reading = _reading(request, pk)
    form = ScoreForm(request.POST, scan=reading.scan)
    if not form.is_valid():
        return _not_valid(request, reading.scan, form)

    def step():
        draft = open_draft(reading.pk)
        before = token_of_entries(draft)
        row = score_lesion(by=request.user, reading=draft, **form.service_values())
        seen = _seen(request, before, draft) | {"part": token_of_score(row)}
        return _state(draft, request.user) | {"seen": seen, "lesion": str(row.lesion_id), "is_read": row.is_read}

    return _step(request, reading.scan, step)


@needs(Capability.SIGN_READING)
@require_POST
def answers(request, pk: uuid.UUID):
    reading = _reading(request, pk)
    form = AnswersForm(request.POST, scan=reading.scan)
    if not form.is_valid():
        return _not_valid(request, reading.scan, form)

    def step():
        before = token_of_entries(open_draft(reading.pk))
        changed = answer_reading(by=request.user, reading=reading, **form.service_values())
        return _state(changed, request.user) | {
            "seen": _seen(request, before, changed) | {"part": token_of_answers(changed)}
        }

    return _step(request, reading.scan, step)


@needs(Capability.SIGN_READING)
@require_POST
def sign(request, pk: uuid.UUID):
    reading = _reading(request, pk)

    def step():
        signed = sign_reading(by=request.user, reading=reading, seen=request.POST.get("seen") or None)
        return {"signed": True, "report": reverse("imaging:report_text", args=[signed.pk])}

    return _step(request, reading.scan, step, done="The reading is signed. It can no longer be changed, only amended.")


@needs(Capability.SIGN_READING)
@require_POST
def amend(request, pk: uuid.UUID):
    reading = _reading(request, pk)
    form = AmendForm(request.POST)
    if not form.is_valid():
        return _not_valid(request, reading.scan, form)
    reason = form.cleaned_data["reason"]
    done = "A new version is open. The signed one stays valid until this one is signed."

    def step():
        return _state(amend_reading(by=request.user, reading=reading, reason=reason), request.user)

    return _step(request, reading.scan, step, done=done)


def _seen(request, before: str, reading: Reading) -> dict:
    """The token to sign with, from the one the page has; one made anew would cover what the page never showed."""
    shown = request.POST.get("seen_reading", "")
    return {"reading": token_after(shown, before, reading)} if shown else {}


def _state(reading: Reading, user) -> dict:
    """For scripts: what is still missing."""
    missing = gaps(reading)
    return {
        "missing": [{"code": gap.code, "message": gap.message, "lesions": _pks(gap)} for gap in missing],
        "missing_sentence": sentence(missing),
        "retry": retry_address(reading.scan, missing, user),
    }


def _pks(gap) -> list[str]:
    return [str(lesion.pk) for lesion in gap.lesions]


def _reading(request, pk: uuid.UUID) -> Reading:
    rows = Reading.objects.filter(scan__in=access.visible_scans(request.user)).select_related("scan__patient")
    return visible_or_404(rows, pk)


def _step(request, scan: Scan, step: Callable[[], dict], done: str = "Saved."):
    try:
        with transaction.atomic():
            state = step()
    except Refused as refusal:
        return _refused(request, scan, refusal)
    if wants_json(request):
        return JsonResponse({"ok": True, **state})
    messages.success(request, done)
    return HttpResponseRedirect(_back(request, scan))


def _refused(request, scan: Scan, refusal: Refused):
    """For a person without scripts: a page that also shows what was typed, so that nothing is lost."""
    status = STATUS.get(refusal.code, 422)
    if wants_json(request):
        missing = [{"code": gap.code, "message": gap.message, "lesions": _pks(gap)} for gap in _gaps_of(refusal)]
        return refused(status, refusal.code, refusal.message, missing=missing, stale=isinstance(refusal, Stale))
    context = {
        "reason": explain(refusal.code, refusal.message, title="Not saved."),
        "gaps": _gaps_of(refusal),
        "back": _back(request, scan),
        "patient": scan.patient,
        "typed": [request.POST.get(name) for name in TYPED if request.POST.get(name)],
    }
    return render(request, "imaging/refused.html", context, status=status)


TYPED = ("text", "difference_reason", "quality_note", "ssa_drug", "comment", "reason")


def _gaps_of(refusal: Refused) -> list:
    return getattr(refusal, "gaps", [])


def _not_valid(request, scan: Scan, form):
    said = " ".join(said_by(form))
    if wants_json(request):
        return refused(422, "form_invalid", said, stale=False)
    messages.error(request, said)
    return HttpResponseRedirect(_back(request, scan))


def _back(request, scan: Scan) -> str:
    return back_to(request, f"{reverse('imaging:scan', args=[scan.pk])}#grading")
