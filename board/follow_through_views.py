"""Follow-through of decisions, and the figures of meetings."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from board import follow_up as answers
from board.case_views import check_role
from board.follow_through import chart_line, follow_through
from board.meeting_rights import check_see
from board.models import BoardDecision, DecisionFollowUp
from board.statistics import MONTHS, statistics
from board.statistics_bars import bars
from patients import reads
from patients.domain.roles import Capability
from patients.people.gate import needs
from patients.selectors import visible_patients
from patients.services import Conflict


@needs(Capability.READ_CHART)
@require_GET
def page(request: HttpRequest) -> HttpResponse:
    """``decision`` in the address opens the form of that row."""
    asked = request.GET.get("decision", "")
    decision = _decision(request, asked) if asked and request.user.may(Capability.FOLLOW_UP) else None
    return _page(request, decision)


@require_POST
def told(request: HttpRequest, pk) -> HttpResponse:
    decision = _decision(request, pk)
    if decision is None:
        raise Http404("No such decision.")
    check_role(request)
    typed = {name: request.POST.get(name, "") for name in ("kind", "reason", "seen")}
    if typed["kind"] not in DecisionFollowUp.OUTCOMES:
        return _page(request, decision, said=["Choose what happened: done, partly done or not done."], status=422)
    try:
        answers.follow_up(by=request.user, decision=decision, **typed)
    except Conflict as refused:
        return _page(request, decision, said=[str(refused)], status=409)
    except ValidationError as refused:
        return _page(request, decision, said=refused.messages, status=422)
    messages.success(request, f"Case {decision.patient.case_number}: stored what happened.")
    return redirect("board:follow_through")


def _decision(request: HttpRequest, pk) -> BoardDecision | None:
    mine = BoardDecision.objects.filter(patient__in=visible_patients(request.user)).select_related("patient")
    try:
        return mine.filter(pk=pk).first()
    except ValidationError:  # no id at all
        return None


def _page(
    request: HttpRequest, decision: BoardDecision | None, *, said: list[str] | None = None, status: int = 200
) -> HttpResponse:
    today = timezone.localdate()
    found = follow_through(request.user, today=today)
    reads.note(decision)
    context = {
        "found": found,
        "today": today,
        "may_follow_up": request.user.may(Capability.FOLLOW_UP),
        "asked": decision,
        "is_in_list": decision is not None and any(one.decision.pk == decision.pk for one in found.waiting),
        "line": chart_line(decision, today) if decision else None,
        "said": said or [],
        "typed": request.POST,
        "kinds": list(DecisionFollowUp.OUTCOMES),
    }
    return render(request, "board/follow_through.html", context, status=status)


@require_GET
def meeting_statistics(request: HttpRequest) -> HttpResponse:
    check_see(request.user)
    asked = request.GET.get("months", "")
    months = int(asked) if asked in {str(number) for number in MONTHS} else MONTHS[1]
    found = statistics(request.user, today=timezone.localdate(), months=months)
    context = {"found": found, "months": months, "choices": MONTHS, "bars": bars(found)}
    return render(request, "board/statistics.html", context)
