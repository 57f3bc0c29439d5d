"""What the pages of meetings share: finding, refusing, and answering in JSON or with a page."""

from collections.abc import Callable

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from board.agenda_version import AgendaConflict
from board.gate import NotReady
from board.meeting_rights import MAY_PREPARE, MAY_RUN, MAY_SEE
from board.meetings import NoteConflict
from board.models import AgendaItem, Meeting
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


def item_or_404(user, pk, meeting: Meeting | None = None) -> AgendaItem:
    """An item whose case this user may see; others are not there."""
    items = AgendaItem.objects.filter(in_visible_chart(user)).select_related("meeting", "patient")
    try:
        found = (items.filter(meeting=meeting) if meeting else items).filter(pk=pk).first()
    except ValidationError:  # no id at all
        found = None
    if found is None:
        raise Http404("No such case on an agenda.")
    return found


def wants_json(request: HttpRequest) -> bool:
    return "application/json" in request.headers.get("Accept", "")


def seen_version(request: HttpRequest) -> int:
    """Which agenda its author had before them. Raises ValidationError without one."""
    text = request.POST.get("version", "")
    if not (text.isascii() and text.isdigit() and len(text) < 9):
        raise ValidationError("This form does not say which agenda you saw. Reload the page.")
    return int(text)


def errors_of(refused: ValidationError) -> dict[str, list[str]]:
    return refused.message_dict if hasattr(refused, "error_dict") else {"": refused.messages}


def refused_json(refused: Exception) -> JsonResponse:
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
    return JsonResponse(done) if wants_json(request) else back(request, meeting)


def back(request: HttpRequest, meeting: Meeting) -> HttpResponse:
    """To ``next`` on this host, else to the meeting."""
    following = request.POST.get("next", "")
    if url_has_allowed_host_and_scheme(following, {request.get_host()}, require_https=request.is_secure()):
        return redirect(following)
    return redirect(reverse("board:meeting", args=[meeting.pk]))
