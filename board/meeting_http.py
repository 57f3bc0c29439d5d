"""What the pages of meetings share: finding, refusing, and answering in JSON or with a page."""

from collections.abc import Callable

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse

from board.agenda_version import AgendaConflict
from board.gate import NotReady
from board.meeting_rights import MAY_PREPARE, MAY_RUN, MAY_SEE
from board.meetings import NoteConflict
from board.models import AgendaItem, BoardDecision, Meeting
from imaging.views.answers import own_page, wants_json
from patients import reads
from patients.domain.roles import Capability
from patients.selectors import in_visible_chart

_REFUSED = {
    Capability.SEE_MEETING: MAY_SEE,
    Capability.PREPARE_MEETING: MAY_PREPARE,
    Capability.RUN_MEETING: MAY_RUN,
}


def check(request: HttpRequest, capability: Capability) -> None:
    if not request.user.may(capability):
        raise PermissionDenied(_REFUSED[capability])


def meeting_or_404(pk) -> Meeting:
    try:
        found = Meeting.objects.select_related("series", "agenda_by").filter(pk=pk).first()
    except ValidationError:  # no id at all
        found = None
    if found is None:
        raise Http404("No such meeting.")
    return found


def meeting_for(request: HttpRequest, pk, needed: Capability = Capability.SEE_MEETING) -> Meeting:
    """A meeting, for those whose role may do what is asked."""
    check(request, needed)
    return meeting_or_404(pk)


def item_or_404(user, pk, meeting: Meeting | None = None) -> AgendaItem:
    """An item whose case this user may see; others are not there."""
    items = AgendaItem.objects.filter(in_visible_chart(user)).select_related("meeting", "patient")
    try:
        found = (items.filter(meeting=meeting) if meeting else items).filter(pk=pk).first()
    except ValidationError:  # no id at all
        found = None
    if found is None:
        raise Http404("No such case on an agenda.")
    reads.note(found)
    return found


def decision_or_404(user, pk) -> BoardDecision:
    """A decision about a case that this user may see; others are not there."""
    mine = BoardDecision.objects.filter(in_visible_chart(user), pk=pk)
    found = mine.select_related("patient", "item__meeting", "recorded_by").first()
    if found is None:
        raise Http404("No such decision.")
    reads.note(found)
    return found


def number_in(text: str, *, digits: int) -> int | None:
    """A whole number of at most so many digits; None for any other text."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= digits else None


def seen_version(request: HttpRequest) -> int:
    """Which agenda its author had before them. Raises ValidationError without one."""
    found = number_in(request.POST.get("version", ""), digits=8)
    if found is None:
        raise ValidationError("This form does not say which agenda you saw. Reload the page.")
    return found


def errors_of(refused: ValidationError) -> dict[str, list[str]]:
    """By field; "" for what is about the whole form."""
    found = refused.message_dict if hasattr(refused, "error_dict") else {"": refused.messages}
    return {"" if name == "__all__" else name: said for name, said in found.items()}


def refused_json(refused: Exception) -> JsonResponse:
    reads.nothing()
    if isinstance(refused, AgendaConflict):
        meeting = refused.meeting
        body = {"code": "conflict", "version": meeting.version, "said": str(refused)}
        return JsonResponse(body, status=409)
    if isinstance(refused, NoteConflict):
        return JsonResponse({"code": "conflict", "theirs": refused.theirs, "said": str(refused)}, status=409)
    if isinstance(refused, NotReady):
        return JsonResponse({"code": "not_ready", "points": [point.why for point in refused.points]}, status=422)
    return JsonResponse({"code": "invalid", "errors": errors_of(refused)}, status=422)


def answer(
    request: HttpRequest, meeting: Meeting, act: Callable[[], dict], again: Callable[[Exception], HttpResponse]
) -> HttpResponse:
    """Do it and say so, in JSON or by going back; ``again`` shows what was refused and keeps what was typed."""
    try:
        done = act()
    except (AgendaConflict, NoteConflict, NotReady, ValidationError) as refused:
        return refused_json(refused) if wants_json(request) else again(refused)
    reads.nothing()
    return JsonResponse(done) if wants_json(request) else back(request, meeting)


def back(request: HttpRequest, meeting: Meeting) -> HttpResponse:
    """To ``next`` on this host, else to the meeting."""
    return redirect(own_page(request, request.POST.get("next", ""), reverse("board:meeting", args=[meeting.pk])))
