"""The state of a screen as its followers read it: what stands there, where its picture is, what comes next."""

import datetime as dt
import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from django.urls import reverse
from django.utils import timezone

from board.freshness import version_of
from board.models import AgendaItem, DecisionDraft, Display, Meeting, ScreenState
from board.screen import displays_of, has_case, screen_of
from board.screen_agenda import agenda_of, before, following, place_of

View = ScreenState.View
AHEAD = 2
SILENT_AFTER = dt.timedelta(seconds=25)
BLANK = "blank"


@dataclass(frozen=True)
class Addresses:
    """Where frames are: the display and the console read the same ones at different addresses."""

    frame: Callable[[AgendaItem, str], str]
    card: Callable[[str], str]


OF_THE_DISPLAY = Addresses(
    lambda item, view: reverse("board:display_frame", args=[item.pk, view]),
    lambda view: reverse("board:display_card", args=[view]),
)


def of_the_console(meeting: Meeting) -> Addresses:
    return Addresses(
        lambda item, view: reverse("board:screen_frame", args=[meeting.pk, item.pk, view]),
        lambda view: reverse("board:screen_card", args=[meeting.pk, view]),
    )


def state_json(meeting: Meeting, *, user, window: str = "") -> dict:
    """For signed-in people: the console, its mirror, whoever looks on."""
    state = screen_of(meeting)
    return _common(state, of_the_console(meeting)) | {
        "controller": _controller(state, user),
        "displays": [_display(display) for display in displays_of(meeting)],
        "window": window,
    }


def display_json(display: Display) -> dict:
    """For a paired device: what to show, and how."""
    meeting = display.meeting
    assert meeting is not None
    told = _common(screen_of(meeting), OF_THE_DISPLAY) | {"theme": display.theme, "text": display.text_percent}
    return told | _with_code(told["frame"], display) if told["view"] == View.CLOSED else told


def _with_code(frame: dict, display: Display) -> dict:
    """The last card carries the code that takes the device to its next meeting, so it is another with each code."""
    stamp = _mark((frame["stamp"], display.code))
    return {"code": display.spaced_code, "stamp": stamp, "frame": frame | {"stamp": stamp}}


def view_of(state: ScreenState) -> str:
    """The view that is meant, whatever an interrupted change has left.

    A closed meeting shows its last card; a case that was taken off is not shown any more.
    """
    if state.meeting.state == Meeting.State.CLOSED:
        return View.CLOSED
    is_of_case = state.view in ScreenState.OF_A_CASE
    is_possible = has_case(state) and state.meeting.state == Meeting.State.RUNNING
    return View.WAITING if is_of_case and not is_possible else View(state.view)


def seconds_of(state: ScreenState) -> int:
    """How long the case has been on the screen, earlier times included."""
    if state.item is None:
        return 0
    running = (timezone.now() - state.shown_since).total_seconds() if state.shown_since else 0
    return state.item.seconds + max(0, round(running))


def stamp_of(item: AgendaItem, state: ScreenState) -> str:
    """Changes whenever a frame of the case would: a write to the case, another day, another text to agree on."""
    is_shown = state.item_id == item.pk and state.shows_sentence
    draft = DecisionDraft.objects.filter(item=item).values_list("version", flat=True).first() if is_shown else None
    seen = (version_of(item.patient), timezone.localdate(), is_shown, draft, item.question, item.state, item.position)
    return _mark(seen)


def _common(state: ScreenState, at: Addresses) -> dict:
    agenda = agenda_of(state.meeting)
    place = place_of(agenda, state.item_id)
    view = view_of(state)
    frame = _frame(state, agenda, view, at)
    return {
        "version": state.version,
        "meeting": str(state.meeting_id),
        "item": str(state.item_id) if has_case(state) else None,
        "position": place.position,
        "count": place.count,
        "view": view,
        "lesion": state.lesion,
        "is_blank": state.is_blank,
        "shows_sentence": state.shows_sentence,
        "seconds": seconds_of(state),
        "is_timed": state.shown_since is not None and view in ScreenState.OF_A_CASE,
        "planned_minutes": state.item.minutes if state.item else 0,
        "stamp": frame["stamp"],
        "frame": frame,
        "ahead": _ahead(state, agenda, at),
    }


def _frame(state: ScreenState, agenda: list[AgendaItem], view: str, at: Addresses) -> dict:
    if state.is_blank or view not in ScreenState.OF_A_CASE:
        return _card(state, agenda, BLANK if state.is_blank else view, at)
    item = next((one for one in agenda if one.pk == state.item_id), state.item)
    assert item is not None
    return _of_case(item, view, state.lesion, stamp_of(item, state), at)


def _card(state: ScreenState, agenda: list[AgendaItem], view: str, at: Addresses) -> dict:
    meeting = state.meeting
    lanes = [item.lane for item in agenda]
    seen = (view, meeting.title, meeting.starts_at, meeting.state, meeting.planned_minutes, lanes)
    return {"key": view, "url": at.card(view), "stamp": _mark(seen)}


def _of_case(item: AgendaItem, view: str, lesion: int, stamp: str, at: Addresses) -> dict:
    query = f"?lesion={lesion}" if view == View.LESION else ""
    return {"key": f"{item.pk}/{view}/{lesion if query else 0}", "url": at.frame(item, view) + query, "stamp": stamp}


def _ahead(state: ScreenState, agenda: list[AgendaItem], at: Addresses) -> list[dict]:
    """What a key may ask for next: the next two cases, the other views of this one, the case before, the blank card."""
    if state.meeting.state != Meeting.State.RUNNING:
        return [_card(state, agenda, BLANK, at)]
    coming = following(agenda, state.item_id, AHEAD)
    found = [_of_case(item, View.OVERVIEW, 0, stamp_of(item, state), at) for item in coming]
    current = next((one for one in agenda if one.pk == state.item_id), None)
    if current is not None:
        stamp = stamp_of(current, state)
        found += [_of_case(current, view, 0, stamp, at) for view in ScreenState.OF_A_CASE]
        found.append(_of_case(current, View.LESION, state.lesion + 1, stamp, at))
    if (last := before(agenda, state.item_id)) is not None:
        found.append(_of_case(last, View.OVERVIEW, 0, stamp_of(last, state), at))
    return [*found, _card(state, agenda, BLANK, at)]


def _controller(state: ScreenState, user) -> dict | None:
    if state.controller is None:
        return None
    name = state.controller.shown_name
    return {"name": name, "is_you": state.controller_id == user.pk, "window": state.controller_key}


def _display(display: Display) -> dict:
    is_connected = display.seen_at is not None and timezone.now() - display.seen_at < SILENT_AFTER
    return {
        "id": str(display.pk),
        "label": display.label,
        "seen_at": display.seen_at.isoformat() if display.seen_at else None,
        "is_connected": is_connected,
        "theme": display.theme,
        "text": display.text_percent,
    }


def _mark(seen: object) -> str:
    return hashlib.sha256(str(seen).encode()).hexdigest()[:16]
