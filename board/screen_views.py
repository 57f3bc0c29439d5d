"""The screen of a meeting for signed-in people: read it, move it, look at what it shows."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from board.frames import card, case_frame
from board.meeting_http import meeting_for
from board.models import AgendaItem, Display, Meeting, ScreenState
from board.pairing import TooMany, pair, unpair
from board.screen import NotInControl, command
from board.screen_state import state_json
from board.screen_stream import stream
from imaging.views.answers import own_page, wants_json
from patients import reads
from patients.domain.roles import Capability
from patients.models import User
from patients.selectors import visible_patients

WINDOW_LENGTH = 64


@require_http_methods(["GET", "POST"])
def screen(request: HttpRequest, pk) -> HttpResponse:
    """GET: the state. POST ``{action, value, window}``: a command, answered with the state after it."""
    meeting = meeting_for(request, pk)
    window = (request.POST if request.method == "POST" else request.GET).get("window", "")[:WINDOW_LENGTH]
    if request.method == "POST":
        refused = _moved(request, meeting, window)
        if refused is not None:
            return refused
    return JsonResponse(state_json(meeting, user=request.user, window=window))


def _moved(request: HttpRequest, meeting: Meeting, window: str) -> JsonResponse | None:
    """What stood in the way; None where the screen has moved."""
    said = {name: request.POST.get(name, "") for name in ("action", "value")}
    try:
        command(by=request.user, meeting=meeting, window=window, **said)
    except NotInControl as refused:
        now = state_json(meeting, user=request.user, window=window)
        answer = {"code": "controller", "message": str(refused), "controller": refused.controller, "state": now}
        return JsonResponse(answer, status=409)
    except ValidationError as refused:
        return JsonResponse({"code": "invalid", "message": " ".join(refused.messages)}, status=422)
    except PermissionDenied as refused:
        return JsonResponse({"code": "forbidden", "message": str(refused)}, status=403)
    return None


@require_GET
def events(request: HttpRequest, pk) -> HttpResponse:
    """The state as a stream; it ends when the person is signed out or loses the right to see meetings."""
    meeting, user = meeting_for(request, pk), request.user
    window, session = request.GET.get("window", "")[:WINDOW_LENGTH], request.session

    def look():
        return ScreenState.objects.filter(meeting=meeting).values_list(*FOLLOWED).first()

    def payload() -> dict | None:
        now = User.objects.filter(pk=user.pk).first()
        if now is None or not now.may(Capability.SEE_MEETING) or not session.exists(session.session_key):
            return None
        return state_json(Meeting.objects.get(pk=meeting.pk), user=now, window=window)

    return stream(look, payload)


FOLLOWED = ("version", "meeting__state", "item__state", "item__draft__version")


@require_GET
def frame(request: HttpRequest, pk, item, view: str) -> HttpResponse:
    """The same picture as in the room, for those who may read the case."""
    meeting = meeting_for(request, pk)
    if not visible_patients(request.user).filter(agenda_items=item, agenda_items__meeting=meeting).exists():
        raise Http404("Not found.")
    reads.note(AgendaItem.objects.get(pk=item))
    return HttpResponse(case_frame(meeting, item, view, request.GET.get("lesion", "0")))


@require_GET
def screen_card(request: HttpRequest, pk, view: str) -> HttpResponse:
    return HttpResponse(card(meeting_for(request, pk), view))


@require_POST
def pair_display(request: HttpRequest, pk) -> HttpResponse:
    meeting = meeting_for(request, pk, Capability.PREPARE_MEETING)
    said = {name: request.POST.get(name, "") for name in ("code", "label")}
    try:
        found = pair(by=request.user, meeting=meeting, **said)
    except TooMany as refused:
        return _answered(request, {"code": "too_many", "message": str(refused)}, 429)
    except ValidationError as refused:
        return _answered(request, {"code": "invalid", "message": " ".join(refused.messages)}, 422)
    return _answered(request, {"id": str(found.pk), "label": found.label, "message": f"{found.label} is paired."}, 200)


@require_POST
def unpair_display(request: HttpRequest, pk, display) -> HttpResponse:
    meeting = meeting_for(request, pk, Capability.PREPARE_MEETING)
    found = Display.objects.filter(pk=display, meeting=meeting).first()
    if found is None:
        raise Http404("Not found.")
    unpair(by=request.user, display=found)
    return _answered(request, {"message": f"{found.label} is no longer part of this meeting."}, 200)


def _answered(request: HttpRequest, said: dict, status: int) -> HttpResponse:
    """JSON for a script; a form goes back to where it was sent from, with the sentence on that page."""
    if wants_json(request):
        return JsonResponse(said, status=status)
    (messages.success if status == 200 else messages.error)(request, said["message"])
    return redirect(own_page(request, request.POST.get("next", ""), reverse("board:home")))
