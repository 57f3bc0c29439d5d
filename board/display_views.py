"""What a device in a room may ask for. Nothing here knows a user, and nothing else knows the device's cookie."""

import uuid
from functools import wraps

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from board.frames import card, case_frame, current
from board.models import AgendaItem, Display, ScreenState
from board.pairing import TooMany, display_of, new_display, note_seen, renewed
from board.room_address import address_of
from board.screen import screen_of
from board.screen_state import display_json, view_of
from board.screen_stream import stream
from patients import reads

COOKIE = "room_display"
PATH = "/display/"
LIVES_DAYS = 30


@login_not_required
@require_GET
def display(request: HttpRequest) -> HttpResponse:
    """The page of the device: the code that pairs it, then whatever the meeting shows."""
    found, token = display_of(request.COOKIES.get(COOKIE, "")), ""
    if found is None:
        try:
            found, token = new_display(address_of(request))
        except TooMany as refused:
            busy = render(request, "board/display_refused.html", {"said": str(refused)}, status=503)
            busy["Refresh"] = "30"
            return busy
    found = renewed(found)
    code = "" if found.meeting else found.spaced_code
    context = {"display": found, "code": code, "first": _first(found)}
    response = render(request, "board/display.html", context)
    return _with_cookie(response, token) if token else response


@login_not_required
@require_GET
def state(request: HttpRequest) -> JsonResponse:
    found = display_of(request.COOKIES.get(COOKIE, ""))
    if found is None:
        return JsonResponse({"code": "ended"}, status=410)
    note_seen(found)
    return JsonResponse(_told(found))


@login_not_required
@require_GET
def events(request: HttpRequest) -> HttpResponse:
    token = request.COOKIES.get(COOKIE, "")
    found = display_of(token)
    if found is None:
        return JsonResponse({"code": "ended"}, status=410)

    def look():
        return Display.objects.filter(pk=found.pk).values_list(*FOLLOWED).first()

    def payload() -> dict | None:
        now = display_of(token)
        if now is None:
            return None
        note_seen(now)
        return _told(now)

    return stream(look, payload)


FOLLOWED = (
    "meeting",
    "ended_at",
    "code",
    "theme",
    "text_percent",
    "meeting__state",
    "meeting__screen__version",
    "meeting__screen__item__state",
    "meeting__screen__item__draft__version",
)


def _paired(view):
    """A device that is bound to a meeting; for anything else there is nothing here."""

    @wraps(view)
    def guarded(request: HttpRequest, **named) -> HttpResponse:
        found = display_of(request.COOKIES.get(COOKIE, ""))
        if found is None or found.meeting is None:
            raise Http404("Nothing here.")
        return view(request, found, **named)

    return login_not_required(require_GET(guarded))


@_paired
def frame(request: HttpRequest, found: Display, item: uuid.UUID, view: str) -> HttpResponse:
    assert found.meeting is not None
    shown = case_frame(found.meeting, item, view, request.GET.get("lesion", "0"))
    _note(found, item)
    return HttpResponse(shown)


@_paired
def display_card(request: HttpRequest, found: Display, view: str) -> HttpResponse:
    assert found.meeting is not None
    return HttpResponse(card(found.meeting, view, renewed(found).spaced_code))


def _first(found: Display) -> str:
    """What is shown now, within the page: a browser without scripts sees it too, and loads the page again."""
    if found.meeting is None:
        return ""
    state = screen_of(found.meeting)
    if not state.is_blank and view_of(state) in ScreenState.OF_A_CASE:
        _note(found, state.item_id)
    return current(found.meeting, found.spaced_code)


def _note(found: Display, item) -> None:
    """Nobody is signed in here: the reader is the display, and through it everybody in the room."""
    reads.note(AgendaItem.objects.filter(pk=item).first())
    reads.on_display(f"display {found.pk} of meeting {found.meeting_id}")


def _told(found: Display) -> dict:
    found = renewed(found)
    return display_json(found) if found.meeting else {"code": found.spaced_code, "view": "pairing"}


def _with_cookie(response: HttpResponse, token: str) -> HttpResponse:
    """Sent back only to the pages of the display, never by another site, never readable by a script."""
    response.set_cookie(
        COOKIE,
        token,
        max_age=LIVES_DAYS * 24 * 3600,
        path=PATH,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Strict",
    )
    return response
