"""Amending a signed decision: a new version beside it, with a reason and a signature."""

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from board import signing
from board.chart import Chart
from board.confirming import WrongPassword, leads_elsewhere
from board.decision_form import DecisionFields, fields, typed
from board.decision_views import NO_SIGNER
from board.identity import identity_of
from board.meeting_http import decision_or_404, errors_of
from board.models import BoardDecision
from patients.domain.roles import Capability
from patients.services import Conflict


@require_http_methods(["GET", "POST"])
@leads_elsewhere
def amend(request: HttpRequest, pk) -> HttpResponse:
    decision = decision_or_404(request.user, pk)
    if not request.user.may(Capability.RECORD_DECISION):
        raise PermissionDenied(NO_SIGNER)
    shown = fields(request.user, signing.content_of_decision(decision))
    if request.method == "GET":
        return _page(request, decision, shown)
    shown = fields(request.user, shown.content | typed(request.POST), key=request.POST.get("key", ""))
    try:
        _amend(request, decision)
    except WrongPassword as refused:
        shown.errors = {refused.field: [str(refused)]}
        return _page(request, decision, shown, status=403)
    except ValidationError as refused:
        shown.errors = errors_of(refused)
        return _page(request, decision, shown, status=422)
    except Conflict as refused:
        shown.errors = {"": [str(refused)]}
        return _page(request, decision, shown, status=409)
    return redirect(f"{reverse('board:patient', args=[decision.patient.case_number])}#decisions")


def _amend(request: HttpRequest, decision: BoardDecision) -> None:
    words = {name: request.POST.get(name, "") for name in ("reason", "password", "code", "key")}
    signing.amend(by=request.user, decision=decision, content=typed(request.POST), request=request, **words)


def _page(request: HttpRequest, decision: BoardDecision, shown: DecisionFields, status: int = 200) -> HttpResponse:
    context = {
        "decision": decision,
        "decision_form": shown,
        "form": shown,
        "reason": request.POST.get("reason", ""),
        "patient": decision.patient,
        "identity": identity_of(Chart(decision.patient, timezone.localdate())),
    }
    return render(request, "board/amend.html", context, status=status)
