"""The console from which a meeting is run, and the key on a patient page that shows the case to the room."""

import uuid

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from board.builder import time_plan
from board.console import Console
from board.console_room import seats_of
from board.decision_form import DecisionFields, fields_of_item
from board.meeting_http import meeting_for
from board.meetings import expected_quorum, quorum_of
from board.presenting import present_case
from board.screen import NotInControl, displays_of
from board.views import patient_or_404
from patients.domain.roles import Capability

NO_DISPLAY = uuid.UUID(int=0)  # its script puts the display's own in its place


@require_GET
def console(request: HttpRequest, pk) -> HttpResponse:
    """``?item=``: the case whose form is open. Its script takes the marked parts of this page over as they change."""
    meeting = meeting_for(request, pk, Capability.RUN_MEETING)
    shown = Console(meeting, request.user, request.GET.get("item", ""))
    context = {
        "meeting": meeting,
        "console": shown,
        "seats": seats_of(meeting),
        "quorum": quorum_of(meeting) if meeting.started_at else expected_quorum(meeting),
        "plan": time_plan(meeting, shown.agenda),
        "decision_form": _form(request, shown),
        "displays": displays_of(meeting),
        "no_display": NO_DISPLAY,
    }
    return render(request, "board/console.html", context)


def _form(request: HttpRequest, shown: Console) -> DecisionFields | None:
    """Of the opened case, while it waits for its decision."""
    if shown.opened is None or not shown.takes_decision:
        return None
    may_sign = request.user.may(Capability.RECORD_DECISION)
    return fields_of_item(shown.opened, request.user, next_page=request.get_full_path(), may_sign=may_sign)


@require_POST
def present(request: HttpRequest, case_number: str) -> HttpResponse:
    """The room sees this case, if it is listed and this person moves the screen."""
    found = patient_or_404(request.user, case_number)
    try:
        item = present_case(by=request.user, patient=found)
    except NotInControl as refused:
        messages.error(request, str(refused))
    except ValidationError as refused:
        messages.error(request, " ".join(refused.messages))
    else:
        messages.success(request, f"The room sees case {found.case_number} now: {item.meeting.title}.")
    return redirect("board:patient", case_number=found.case_number)
