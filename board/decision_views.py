"""The draft of a case of a meeting, and its signature: JSON for the console, plain forms without scripts."""

import json
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from board import signing
from board.chain import link_of, verification_code
from board.chart import Chart
from board.confirming import WrongPassword, leads_elsewhere
from board.decision_form import DecisionFields, differences, fields_of_item, typed
from board.drafts import DraftConflict, check_may_write, draft_of, save_draft
from board.identity import identity_of
from board.meeting_http import errors_of, item_or_404, number_in
from board.models import AgendaItem, BoardDecision, DecisionDraft
from imaging.views.answers import own_page, wants_json
from patients import reads
from patients.domain.roles import Capability

JSON = "application/json"
NO_SIGNER = "Your role may not sign decisions. Nuclear medicine, clinicians and the chair may."


@require_http_methods(["GET", "POST"])
def item_draft(request: HttpRequest, pk) -> HttpResponse:
    item = item_or_404(request.user, pk)
    check_may_write(request.user, item)
    if request.method == "GET":
        return _json(draft_of(item)) if wants_json(request) else _page(request, item)
    sent = sent_with(request)
    try:
        draft = _save(request.user, item, sent)
    except DraftConflict as refused:
        return _conflict(request, item, sent, refused)
    except ValidationError as refused:
        return _invalid(request, item, sent, errors_of(refused))
    return _json(draft) if wants_json(request) else to_next(request, sent, item)


def _save(user, item: AgendaItem, sent: dict[str, Any]) -> DecisionDraft:
    """Sent twice because no answer came, it is no conflict with itself."""
    try:
        return save_draft(by=user, item=item, seen_version=sent["version"], content=sent["content"])
    except DraftConflict as refused:
        is_own = refused.current.updated_by_id == user.pk and refused.current.version == sent["version"] + 1
        if not is_own or differences(refused.current.content, sent["content"]):
            raise
        return refused.current


@require_POST
@leads_elsewhere
def item_sign(request: HttpRequest, pk) -> HttpResponse:
    item = item_or_404(request.user, pk)
    if not request.user.may(Capability.RECORD_DECISION):
        raise PermissionDenied(NO_SIGNER)
    sent = sent_with(request)
    try:
        decision = signing.sign(
            by=request.user,
            item=item,
            seen_version=sent["version"],
            content=sent["content"] or None,
            password=sent["password"],
            code=sent["code"],
            key=sent["key"],
            request=request,
        )
    except DraftConflict as refused:
        return _conflict(request, item, sent, refused)
    except WrongPassword as refused:
        return _wrong_password(request, item, sent, refused)
    except ValidationError as refused:
        return _invalid(request, item, sent, errors_of(refused))
    return _signed(decision) if wants_json(request) else to_next(request, sent, item)


def sent_with(request: HttpRequest) -> dict[str, Any]:
    """The same words from JSON and from a form; what is not there is empty."""
    if request.content_type == JSON:
        return _from_json(request.body)
    post = request.POST
    words = {name: post.get(name, "") for name in ("password", "code", "key", "next")}
    return words | {"version": _number(post.get("version")), "content": typed(post)}


def _from_json(body: bytes) -> dict[str, Any]:
    try:
        sent = json.loads(body)
    except ValueError:
        sent = {}
    sent = sent if isinstance(sent, dict) else {}
    words = {name: str(sent.get(name) or "") for name in ("password", "code", "key", "next")}
    content = sent.get("content")
    return words | {"version": _number(sent.get("version")), "content": content if isinstance(content, dict) else {}}


def _number(text: Any) -> int:
    """-1 is no version: such a form is answered with a conflict, never taken as new."""
    found = number_in(str(text), digits=9)
    return -1 if found is None else found


def _stamp(draft: DecisionDraft) -> dict[str, Any]:
    who = draft.updated_by
    by = who.shown_name if who else ""
    return {"version": draft.version, "saved_at": draft.updated_at.isoformat(), "saved_by": by}


def _json(draft: DecisionDraft) -> JsonResponse:
    return JsonResponse(_stamp(draft) | {"content": draft.content})


def _signed(decision: BoardDecision) -> JsonResponse:
    version, earlier = 1, decision.supersedes
    code = verification_code(link_of(decision))
    while earlier and earlier.item_id == decision.item_id:
        version, earlier = version + 1, earlier.supersedes
    reads.nothing()
    return JsonResponse({"decision": str(decision.pk), "version": version, "verification": code})


def _conflict(request: HttpRequest, item: AgendaItem, sent: dict[str, Any], refused: DraftConflict) -> HttpResponse:
    theirs, mine = refused.current.content, sent["content"]
    if wants_json(request):
        told = {"code": "conflict", "theirs": theirs, "mine": mine, "message": str(refused)}
        return JsonResponse(told | _stamp(refused.current), status=409)
    shown = fields_of_item(item, request.user, next_page=sent["next"], draft=refused.current)
    shown.content, shown.differences = {**shown.content, **mine}, differences(theirs, mine)
    shown.errors = {"": [str(refused)]}
    return _page(request, item, shown, status=409)


def _invalid(request: HttpRequest, item: AgendaItem, sent: dict[str, Any], errors: dict, status=422) -> HttpResponse:
    if wants_json(request):
        reads.nothing()
        return JsonResponse({"code": "invalid", "errors": errors}, status=status)
    shown = fields_of_item(item, request.user, next_page=sent["next"], key=sent["key"])
    shown.content, shown.errors = {**shown.content, **sent["content"]}, errors
    return _page(request, item, shown, status=status)


def _wrong_password(request: HttpRequest, item: AgendaItem, sent: dict[str, Any], refused: WrongPassword):
    errors = {refused.field: [str(refused)]}
    if wants_json(request):
        reads.nothing()
        return JsonResponse({"code": "password", "errors": errors}, status=403)
    return _invalid(request, item, sent, errors, status=403)


def to_next(request: HttpRequest, sent: dict[str, Any], item: AgendaItem) -> HttpResponse:
    """Back to the page the form stood on; never to another host."""
    return redirect(own_page(request, sent["next"], reverse("board:item_draft", args=[item.pk])))


def _page(request: HttpRequest, item: AgendaItem, shown: DecisionFields | None = None, status=200) -> HttpResponse:
    """The form on a page of its own: what remains when no script runs."""
    signed = BoardDecision.objects.current().filter(item=item).first()
    shown = shown or fields_of_item(item, request.user)
    shown.may_sign = request.user.may(Capability.RECORD_DECISION)
    context = {
        "item": item,
        "patient": item.patient,
        "identity": identity_of(Chart(item.patient, timezone.localdate())),
        "decision_form": shown,
        "signed": signed,
        "code": verification_code(link_of(signed)) if signed and link_of(signed) else "",
        "form": shown,
    }
    return render(request, "board/item_decision.html", context, status=status)
