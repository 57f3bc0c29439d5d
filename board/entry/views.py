"""The proforma and what it posts while somebody types."""

import json
import uuid
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from board.entry import duplicates
from board.entry.answers import look, stand, with_typed
from board.entry.begun import begun_lines
from board.entry.drafts import (
    ODD,
    EntryConflict,
    check_may_enter,
    clean,
    draft_for,
    entry_of,
    own_draft,
    save_draft,
    unfinished,
)
from board.entry.page import page_context
from board.entry.paste import preview
from board.entry.submit import Incomplete, Submitted, submit
from board.entry.worklist import is_seen_by_a_coordinator, take_note
from board.models import EntryDraft
from board.once import once
from board.views import patient_or_404
from patients import reads
from patients.domain.roles import Capability
from patients.selectors import visible_patients
from patients.services import Conflict, StillInUse

Body = dict[str, Any]


@require_GET
def new(request: HttpRequest) -> HttpResponse:
    """A case to come. The key in the address is the page's own and says nothing about a patient."""
    check_may_enter(request.user)
    draft = own_draft(request.user, _key(request.GET.get("draft", "")) or uuid.uuid4())
    if draft.patient_id:
        return redirect("board:entry", case_number=draft.patient.case_number)
    others = [one for one in unfinished(request.user) if one.key != draft.key]
    return _page(request, draft, {"unfinished": begun_lines(others), "teams": request.user.teams.all()})


@require_GET
def entry(request: HttpRequest, case_number: str) -> HttpResponse:
    patient = patient_or_404(request.user, case_number)
    check_may_enter(request.user, patient)
    return _page(request, draft_for(patient, request.user), {})


@require_POST
def save(request: HttpRequest, case_number: str = "") -> JsonResponse:
    return _answered(request, case_number, _save)


@require_POST
def look_at(request: HttpRequest, case_number: str = "") -> JsonResponse:
    return _answered(request, case_number, _look)


@require_POST
def send(request: HttpRequest, case_number: str = "") -> JsonResponse:
    return _answered(request, case_number, _send)


@require_POST
def duplicate(request: HttpRequest) -> JsonResponse:
    return _answered(request, "", _duplicate)


@require_POST
def paste(request: HttpRequest) -> JsonResponse:
    check_may_enter(request.user)
    text = (_body(request) or {}).get("text", "")
    if not isinstance(text, str) or not text.strip():
        return JsonResponse({"errors": {"": "Nothing was pasted."}}, status=422)
    return JsonResponse(preview(text))


@require_POST
def noted(request: HttpRequest, case_number: str) -> HttpResponse:
    patient = patient_or_404(request.user, case_number)
    if not request.user.may(Capability.PREPARE_MEETING):
        raise PermissionDenied("Coordinators and the chair keep this list.")
    take_note(by=request.user, patient=patient)
    return redirect("board:home")


def _page(request: HttpRequest, draft: EntryDraft, more: dict[str, Any]) -> HttpResponse:
    return render(request, "board/entry/entry.html", page_context(entry_of(draft), request.user) | more)


def _answered(
    request: HttpRequest, case_number: str, act: Callable[[HttpRequest, EntryDraft, Body], Body]
) -> JsonResponse:
    """Every refusal is an answer with sentences; a page that is behind is given what stands there now."""
    patient = patient_or_404(request.user, case_number) if case_number else None
    check_may_enter(request.user, patient)
    body = _body(request)
    key = None if body is None else _key(str(body.get("draft", "")))
    if body is None or (patient is None and key is None):
        reads.nothing()
        return JsonResponse({"errors": {"": ODD}}, status=422)
    draft = draft_for(patient, request.user) if patient else own_draft(request.user, key)
    if patient is None and draft.patient_id:  # it was submitted: the case it became is read by right only
        check_may_enter(request.user, patient_or_404(request.user, draft.patient.case_number))
    try:
        return JsonResponse(act(request, draft, body))
    except EntryConflict as behind:
        return JsonResponse({"errors": {"": str(behind)}, **stand(behind.current)}, status=409)
    except Conflict as behind:
        return JsonResponse({"errors": {"": str(behind)}, **stand(entry_of(draft))}, status=409)
    except Incomplete as open_:
        return JsonResponse({"incomplete": [one.label for one in open_.ring.missing]}, status=422)
    except (ValidationError, StillInUse) as refused:
        return JsonResponse({"errors": _sentences(refused)}, status=422)


def _save(request: HttpRequest, draft: EntryDraft, body: Body) -> Body:
    found = save_draft(
        by=request.user, draft=draft, seen_version=str(body.get("version", "")), values=body.get("values")
    )
    return {**stand(found), **look(found, request.user)}


def _look(request: HttpRequest, draft: EntryDraft, body: Body) -> Body:
    return look(with_typed(entry_of(draft), clean(body.get("values"))), request.user)


def _send(request: HttpRequest, draft: EntryDraft, body: Body) -> Body:
    def act() -> Body:
        done = submit(
            by=request.user,
            draft=draft,
            seen_version=str(body.get("version", "")),
            reason=str(body.get("reason", ""))[:300],
            is_incomplete_meant=body.get("is_incomplete_meant") is True,
            answer=str(body.get("answer", ""))[:300],
            team=request.user.teams.filter(pk=body["team"]).first() if str(body.get("team", "")).isdigit() else None,
        )
        _tell(request, done)
        return {"address": reverse("board:patient", args=[done.patient.case_number])}

    return once(by=request.user, key=str(body.get("key", "")), kind="entry", act=act)


def _tell(request: HttpRequest, done: Submitted) -> None:
    more = f" {done.missing} core field{'s are' if done.missing > 1 else ' is'} open." if done.missing else ""
    if is_seen_by_a_coordinator(done.patient):
        messages.success(request, f"On the coordinator's list: case {done.patient.case_number}.{more}")
    else:
        alone = "No coordinator may read this case yet: ask for it to be shared."
        messages.warning(request, f"Stored: case {done.patient.case_number}.{more} {alone}")


def _duplicate(request: HttpRequest, draft: EntryDraft, body: Body) -> Body:
    number, word = str(body.get("case_number", "")), str(body.get("answer", ""))
    if not visible_patients(request.user).filter(case_number=number).exists():
        raise ValidationError("This case is not there any more. Look again.")
    kept = duplicates.answer(by=request.user, draft=draft, case_number=number, word=word)
    address = reverse("board:entry", args=[number]) if word == "same" else ""
    return {"address": address, **look(with_typed(entry_of(kept), clean(body.get("values", {}))), request.user)}


def _body(request: HttpRequest) -> Body | None:
    if request.content_type != "application/json":
        return None
    try:
        found = json.loads(request.body)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _key(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


def _sentences(refused: ValidationError | StillInUse) -> dict[str, str]:
    if isinstance(refused, StillInUse):
        return {"": str(refused)}
    if not hasattr(refused, "error_dict"):
        return {"": " ".join(refused.messages)}
    return {
        name if "." in name or name in ("reason", "answer") else f"patient.{name}": " ".join(texts)
        for name, texts in refused.message_dict.items()
    }
