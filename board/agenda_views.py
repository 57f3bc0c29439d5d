"""What is done to an agenda, by POST: cases listed, arranged, edited, taken off."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from board import agenda, agenda_order
from board.builder import agenda_of
from board.gate import NotReady, readiness
from board.meeting_http import answer, check, item_or_404, meeting_or_404, number_in, seen_version
from board.meeting_views import PREPARE, meeting_page
from board.models import AgendaItem, Meeting
from board.views import patient_or_404
from patients.models import Patient
from patients.services import Conflict

_L = AgendaItem.Lane


@require_POST
def meeting_agenda(request: HttpRequest, pk) -> HttpResponse:
    """``do``: list, arrange, move, edit, take_off, put_back or hard_first. ``version``: the agenda its author saw."""
    check(request, PREPARE)
    meeting = meeting_or_404(pk)
    do = _DO.get(request.POST.get("do", ""), _unknown)

    def act() -> dict:
        do(request, meeting, seen_version(request))
        meeting.refresh_from_db()
        return {"version": meeting.version}

    return answer(request, meeting, act, lambda refused: shown_again(request, meeting, refused))


def shown_again(request: HttpRequest, meeting: Meeting, refused: Exception) -> HttpResponse:
    if isinstance(refused, NotReady):
        return _gate_page(request, meeting, refused)
    meeting = meeting_or_404(meeting.pk)
    return meeting_page(request, meeting, refused=refused, status=409 if isinstance(refused, Conflict) else 422)


def _gate_page(request: HttpRequest, meeting: Meeting, refused: NotReady) -> HttpResponse:
    """What is missing, and the form again with room for the question and a reason."""
    patient = patient_or_404(request.user, request.POST.get("case_number", ""))
    lane = request.POST.get("lane", "")
    found = readiness(patient, lane=lane, question=request.POST.get("question", ""))
    context = {
        "meeting": meeting,
        "patient": patient,
        "points": refused.points,
        "others": [point for point in found.open_points if point not in refused.points],
        "question": found.question,
        "lacks_question": any(point.key == "question" for point in refused.points),
        "lane": lane,
        "why": request.POST.get("why", ""),
        "why_text": request.POST.get("why_text", ""),
        "next": request.POST.get("next", ""),
    }
    return render(request, "board/meeting_gate.html", context, status=422)


def _list(request: HttpRequest, meeting: Meeting, seen: int | None) -> None:
    case_number = request.POST.get("case_number", "").strip()
    patient = Patient.objects.visible_to(request.user).filter(case_number=case_number).first()
    if patient is None:
        raise ValidationError({"case_number": "There is no such case that you may see."})
    lane, why = request.POST.get("lane", ""), request.POST.get("why", "") or AgendaItem.Why.REFERRAL
    if lane not in _L.values or why not in AgendaItem.Why.values:
        raise ValidationError("Choose a lane: discuss, or for noting.")
    said = {name: request.POST.get(name, "") for name in ("question", "reason", "why_text")}
    # One more case at the end takes nothing away from anybody: the version seen does not matter.
    agenda.list_case(by=request.user, meeting=meeting, patient=patient, lane=lane, why=why, **said)


def _arrange(request: HttpRequest, meeting: Meeting, seen: int) -> None:
    lanes = {lane: request.POST.getlist(lane) for lane in _L.values}
    agenda_order.arrange(by=request.user, meeting=meeting, seen_version=seen, **lanes)


def _move(request: HttpRequest, meeting: Meeting, seen: int) -> None:
    item = _item(request, meeting)
    agenda_order.move(by=request.user, item=item, seen_version=seen, to=request.POST.get("to", ""))


def _edit(request: HttpRequest, meeting: Meeting, seen: int) -> None:
    """Fields that the form does not have stay as they are."""
    item = _item(request, meeting)
    said = {name: request.POST.get(name, getattr(item, name)) for name in ("question", "reviewer")}
    minutes = number_in(request.POST.get("minutes", ""), digits=4) or 0
    said["minutes"] = minutes if "minutes" in request.POST else item.minutes
    agenda_order.edit_item(by=request.user, item=item, seen_version=seen, **said)


def _take_off(request: HttpRequest, meeting: Meeting, seen: int) -> None:
    reason = request.POST.get("reason", "")
    agenda.take_off(by=request.user, item=_item(request, meeting), seen_version=seen, reason=reason)


def _put_back(request: HttpRequest, meeting: Meeting, seen: int) -> None:
    agenda.put_back(by=request.user, item=_item(request, meeting), seen_version=seen)


def _hard_first(request: HttpRequest, meeting: Meeting, seen: int) -> None:
    lines = agenda_of(meeting, request.user).discuss
    points = {line.item.pk: len(line.data.open_points) for line in lines if line.data}
    agenda_order.put_hard_first(by=request.user, meeting=meeting, seen_version=seen, open_points=points)


def _item(request: HttpRequest, meeting: Meeting) -> AgendaItem:
    return item_or_404(request.user, request.POST.get("item", "") or None, meeting)


def _unknown(request: HttpRequest, meeting: Meeting, seen: int) -> None:
    raise ValidationError("This form does not say what to do. Reload the page.")


_DO = {
    "list": _list,
    "arrange": _arrange,
    "move": _move,
    "edit": _edit,
    "take_off": _take_off,
    "put_back": _put_back,
    "hard_first": _hard_first,
}


@require_POST
def list_case(request: HttpRequest, case_number: str) -> HttpResponse:
    """From the page of a case: put it on the agenda of the chosen meeting."""
    check(request, PREPARE)
    patient_or_404(request.user, case_number)
    chosen = request.POST.get("meeting", "")
    if not chosen:
        messages.error(request, "Choose a meeting.")
        return redirect("board:patient", case_number=case_number)
    meeting = meeting_or_404(chosen)
    request.POST = request.POST.copy()
    request.POST["case_number"] = case_number

    def act() -> dict:
        _list(request, meeting, None)
        return {"meeting": str(meeting.pk)}

    return answer(request, meeting, act, lambda refused: shown_again(request, meeting, refused))
