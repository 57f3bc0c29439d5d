"""What the room sees, moved by one person at a time. Every change raises ``version``, which displays follow."""

from collections.abc import Callable

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone

from board.models import AgendaItem, Display, Meeting, ScreenState
from board.screen_agenda import after, agenda_of, before, place_of
from board.screen_displays import set_text, set_theme
from imaging.models import Lesion
from patients.domain.roles import Capability
from patients.models import Patient
from patients.services import audit

View = ScreenState.View
PREPARING = frozenset({"test", "theme", "text", "blank", "take_over"})
OF_DISPLAYS = {"theme": set_theme, "text": set_text}
_SHOWN = ("item_id", "view", "lesion", "is_blank", "shows_sentence", "controller_id", "controller_key")


class NotInControl(Exception):
    """Somebody else moves the screen; ``controller`` is their name. Taking over is a command of its own."""

    def __init__(self, controller: str):
        super().__init__(f"{controller} controls the screen. Take over to move it.")
        self.controller = controller


def screen_of(meeting: Meeting) -> ScreenState:
    """The screen of a meeting; made, with its waiting card, on first use."""
    state, _ = ScreenState.objects.select_related("meeting", "item", "controller").get_or_create(meeting=meeting)
    return state


@transaction.atomic
def command(*, by, meeting: Meeting, action: str, value: str = "", window: str = "") -> ScreenState:
    """One key of the console. ``window`` tells the windows of one person apart; "" stands for any of them.

    Repeating a command that is absolute (show, view, a lesion's number, on, off) changes nothing.
    Raises PermissionDenied, ValidationError, NotInControl.
    """
    _check_role(by, action)
    if action in OF_DISPLAYS:
        OF_DISPLAYS[action](meeting, value)
        return screen_of(meeting)
    act = _ACTIONS.get(action)
    if act is None:
        raise ValidationError({"action": "No such command of the screen."})
    state = _held(meeting)
    if state.meeting.state == Meeting.State.CLOSED:
        raise ValidationError("The meeting is closed: its screen shows nothing more.")
    seen = _shown(state)
    _take_control(state, by, window, is_taking_over=action == "take_over")
    act(state, by, value)
    return _stored(state, seen)


@transaction.atomic
def show_closed(meeting: Meeting) -> ScreenState:
    """The last card, for whoever closes the meeting; the time of the case on the screen is counted first."""
    state = _held(meeting)
    seen = _shown(state)
    _stop_clock(state)
    state.item, state.view, state.is_blank, state.shows_sentence = None, View.CLOSED, False, False
    return _stored(state, seen)


def _check_role(by, action: str) -> None:
    needed = Capability.PREPARE_MEETING if action in PREPARING else Capability.RUN_MEETING
    if not by.may(needed):
        raise PermissionDenied("Your role may not move the screen of a meeting. Coordinators and the chair may.")


def _held(meeting: Meeting) -> ScreenState:
    screen_of(meeting)
    return ScreenState.objects.select_for_update(of=("self",)).select_related("meeting", "item").get(meeting=meeting)


def _shown(state: ScreenState) -> tuple:
    return tuple(getattr(state, name) for name in _SHOWN)


def _stored(state: ScreenState, seen: tuple) -> ScreenState:
    if _shown(state) == seen:
        return state
    state.version += 1
    state.changed_at = timezone.now()
    state.save()
    return state


def _take_control(state: ScreenState, by, window: str, *, is_taking_over: bool) -> None:
    is_theirs = state.controller_id == by.pk and window in ("", state.controller_key)
    if is_theirs:
        return
    if state.controller_id and not is_taking_over:
        raise NotInControl(state.controller.shown_name)
    before_it = {"controller": state.controller_id}
    state.controller, state.controller_key = by, window
    audit(by=by, action="screen_control", obj=state.meeting, before=before_it, after={"controller": by.pk})


def _show(state: ScreenState, by, value: str) -> None:
    found = next((item for item in agenda_of(state.meeting) if str(item.pk) == value), None)
    if found is None:
        raise ValidationError({"value": "This case is not on the agenda."})
    _bring(state, by, found)


def _next(state: ScreenState, by, _value: str) -> None:
    if found := after(agenda_of(state.meeting), state.item_id):
        _bring(state, by, found)


def _previous(state: ScreenState, by, _value: str) -> None:
    if found := before(agenda_of(state.meeting), state.item_id):
        _bring(state, by, found)


def _bring(state: ScreenState, by, item: AgendaItem) -> None:
    """A blank screen stays blank: whoever blanked it says when the room may see again."""
    _check_running(state)
    if not Patient.objects.visible_to(by).filter(pk=item.patient_id).exists():
        place = place_of(agenda_of(state.meeting), item.pk).position
        raise PermissionDenied(f"Case {place} of the agenda is not yours to show: nobody has given you access.")
    if state.item_id == item.pk and state.view in ScreenState.OF_A_CASE:
        return
    if state.item_id != item.pk:
        _stop_clock(state)
        state.shows_sentence, state.lesion = False, 0
        audit(by=by, action="screen_show", obj=state.meeting, after={"item": str(item.pk)})
    state.item, state.view = item, View.OVERVIEW
    state.shown_since = state.shown_since or timezone.now()


def _view(state: ScreenState, by, value: str) -> None:
    if value not in (*ScreenState.OF_A_CASE, View.WAITING):
        raise ValidationError({"value": "No such view of a case."})
    if value == View.WAITING:
        _stop_clock(state)
    else:
        _check_case(state)
        state.shown_since = state.shown_since or timezone.now()
    state.view = View(value)


def _lesion(state: ScreenState, by, value: str) -> None:
    """The first key shows the coldest lesion; further ones go round."""
    _check_case(state)
    count = Lesion.objects.current().filter(patient=state.item.patient_id).count()
    steps = {"next": 1, "previous": -1} if state.view == View.LESION else {"next": 0, "previous": 0}
    if value in steps:
        state.lesion = (state.lesion + steps[value]) % max(count, 1)
    elif value.isascii() and value.isdigit() and int(value) < max(count, 1):
        state.lesion = int(value)
    else:
        raise ValidationError({"value": "No such lesion."})
    state.view = View.LESION


def _blank(state: ScreenState, by, value: str) -> None:
    state.is_blank = _switched(state.is_blank, value)


def _sentence(state: ScreenState, by, value: str) -> None:
    _check_case(state)
    state.shows_sentence = _switched(state.shows_sentence, value)


def _test(state: ScreenState, by, _value: str) -> None:
    _stop_clock(state)
    state.view = View.TEST


def _take_over(state: ScreenState, by, _value: str) -> None:
    """Control has changed hands already; the screen stays as it is."""


def _switched(was: bool, value: str) -> bool:
    """ "on" and "off" say what is wanted, and can be sent twice; "" is the key that turns it over."""
    if value not in ("", "on", "off"):
        raise ValidationError({"value": "on, off, or nothing to change over."})
    return not was if value == "" else value == "on"


def _check_running(state: ScreenState) -> None:
    if state.meeting.state != Meeting.State.RUNNING:
        raise ValidationError("Start the meeting first: until then the room sees the waiting card.")


def has_case(state: ScreenState) -> bool:
    """One was shown, and has not been taken off the agenda since."""
    return state.item is not None and state.item.state != AgendaItem.State.REMOVED


def _check_case(state: ScreenState) -> None:
    _check_running(state)
    if not has_case(state):
        raise ValidationError("No case is on the screen.")


def _stop_clock(state: ScreenState) -> None:
    """Adds the time on the screen to the case's own."""
    if state.item_id and state.shown_since:
        item = AgendaItem.objects.select_for_update().get(pk=state.item_id)
        item.seconds += max(0, round((timezone.now() - state.shown_since).total_seconds()))
        item.save(update_fields=["seconds"])
        state.item = item
    state.shown_since = None


_ACTIONS: dict[str, Callable[[ScreenState, object, str], None]] = {
    "show": _show,
    "next": _next,
    "previous": _previous,
    "view": _view,
    "lesion": _lesion,
    "blank": _blank,
    "sentence": _sentence,
    "test": _test,
    "take_over": _take_over,
}


def displays_of(meeting: Meeting) -> list[Display]:
    """Those that are paired now."""
    return list(meeting.displays.filter(ended_at=None))
