"""Pages of meetings: the list, series, a new meeting, the meeting itself, its time and seats."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from board.agenda_version import AgendaConflict
from board.builder import agenda_of
from board.domain.quorum import NET_QUORUM
from board.meeting_clock import is_another_day
from board.meeting_forms import MeetingForm, SeatForm, SeriesForm, seat_formset, seats_of
from board.meeting_grants import unshared
from board.meeting_http import check, errors_of, meeting_or_404
from board.meeting_list import meetings_page
from board.meeting_planning import change_meeting, create_meeting, next_dates, store_series
from board.meetings import NoteConflict, remembered
from board.models import Attendance, Meeting, MeetingSeries
from board.proposals import WHYS, proposals
from board.quorum_card import quorum_lines
from patients.domain.roles import Capability

UNSHARED = (
    "{number} {are} not open to every account that has a seat, because only those who may see a case can share it. "
    "Somebody who sees all of them opens this page and stores it again."
)
SEE, PREPARE, RUN = Capability.SEE_MEETING, Capability.PREPARE_MEETING, Capability.RUN_MEETING


@require_GET
def meetings(request: HttpRequest) -> HttpResponse:
    check(request, SEE)
    may_prepare = request.user.may(PREPARE)
    page = meetings_page(may_prepare=may_prepare)
    return render(request, "board/meetings.html", {"page": page, "may_prepare": may_prepare})


@require_GET
def meeting(request: HttpRequest, pk) -> HttpResponse:
    check(request, SEE)
    return meeting_page(request, meeting_or_404(pk))


def meeting_page(request: HttpRequest, found: Meeting, *, refused: Exception | None = None, status=200) -> HttpResponse:
    """The builder for those who prepare, the overview for everybody else, read-only once it is closed."""
    may_prepare = request.user.may(PREPARE) and found.is_open
    whole = request.GET.get("whole", "")
    asked = proposals(request.user, today=timezone.localdate(), whole=whole if whole in WHYS else "")
    seats = list(found.attendance.all())
    context = {
        "meeting": found,
        "agenda": agenda_of(found, request.user),
        "may_prepare": may_prepare,
        "may_run": request.user.may(RUN) and found.is_open,
        "groups": asked if may_prepare else [],
        "seats": seats,
        "remembered": remembered(found) if request.user.may(RUN) and found.started_at is None else set(),
        "quorum_lines": quorum_lines(found, seats),
        "is_another_day": is_another_day(found),
        "attendance_states": Attendance.State.choices,
        "late_seat": SeatForm(auto_id="late_%s") if request.user.may(RUN) else None,
        "refused": _said(refused),
        "is_conflict": isinstance(refused, AgendaConflict),
        "typed": _typed(request) if refused else {},
    }
    return render(request, "board/meeting.html", context, status=status)


def _said(refused: Exception | None) -> list[str]:
    if refused is None:
        return []
    if isinstance(refused, NoteConflict):
        return [str(refused), f"It says now: {refused.theirs or 'nothing'}"]
    return refused.messages if isinstance(refused, ValidationError) else [str(refused)]


def _typed(request: HttpRequest) -> dict[str, str]:
    """What was typed and not stored, so that it is not lost with the refusal."""
    names = ("question", "reviewer", "minutes", "reason", "text", "name")
    return {name: request.POST[name] for name in names if request.POST.get(name)}


@require_http_methods(["GET", "POST"])
def series_new(request: HttpRequest) -> HttpResponse:
    initial = {"name": "NET board", "weekday": 3} | SeriesForm.initial_quorum(NET_QUORUM)
    return _series(request, MeetingSeries(), initial)


@require_http_methods(["GET", "POST"])
def series(request: HttpRequest, pk) -> HttpResponse:
    check(request, PREPARE)
    found = MeetingSeries.objects.filter(pk=pk).first()
    if found is None:
        raise Http404("No such series.")
    return _series(request, found, SeriesForm.initial_of(found))


def _series(request: HttpRequest, found: MeetingSeries, initial: dict) -> HttpResponse:
    check(request, PREPARE)
    is_new = found._state.adding
    form = SeriesForm(request.POST or None, initial=initial)
    seats = seat_formset(request.POST or None, [] if is_new else found.members.all())
    if request.method == "POST" and form.is_valid() and seats.is_valid():
        try:
            store_series(by=request.user, series=form.fill(found), seats=seats_of(seats))
            return redirect("board:meetings")
        except ValidationError as refused:
            _add(form, refused)
    title = "Create a series" if is_new else f"Series {initial['name']}"
    context = {"form": form, "seats": seats, "title": title, "is_series": True}
    return render(request, "board/meeting_form.html", context, status=422 if request.method == "POST" else 200)


@require_http_methods(["GET", "POST"])
def meeting_new(request: HttpRequest) -> HttpResponse:
    """``?series=``: of a series, whose next days, quorum and members are offered."""
    check(request, PREPARE)
    of = _series_of(request)
    form = MeetingForm(request.POST or None, initial=_initial(of, request.GET.get("day", "")))
    seats = seat_formset(request.POST or None, of.members.all() if of else [])
    if request.method == "POST" and form.is_valid() and seats.is_valid():
        try:
            made = Meeting(series=of, **form.values)
            create_meeting(by=request.user, meeting=made, seats=seats_of(seats))
            return redirect("board:meeting", pk=made.pk)
        except ValidationError as refused:
            _add(form, refused)
    days = next_dates(of) if of else []
    context = {"form": form, "seats": seats, "title": f"New meeting: {of}" if of else "New meeting", "days": days}
    return render(request, "board/meeting_form.html", context, status=422 if request.method == "POST" else 200)


def _series_of(request: HttpRequest) -> MeetingSeries | None:
    try:
        return MeetingSeries.objects.filter(pk=request.GET.get("series") or None).first()
    except ValidationError:
        return None


def _initial(of: MeetingSeries | None, day: str) -> dict:
    if of is None:
        return MeetingForm.initial_quorum(NET_QUORUM)
    days = next_dates(of)
    chosen = next((one for one in days if one.isoformat() == day), days[0])
    values = {"title": of.name, "day": chosen, "time": of.starts_at, "planned_minutes": of.planned_minutes}
    return values | {"place": of.place} | MeetingForm.initial_quorum(of.quorum)


@require_http_methods(["GET", "POST"])
def meeting_edit(request: HttpRequest, pk) -> HttpResponse:
    """Time, place, quorum and seats of a meeting that has not begun."""
    check(request, PREPARE)
    found = meeting_or_404(pk)
    form = MeetingForm(request.POST or None, initial=MeetingForm.initial_of(found))
    seats = seat_formset(request.POST or None, found.attendance.all())
    version = request.POST.get("version") or found.version
    if request.method == "POST" and form.is_valid() and seats.is_valid():
        try:
            seen = int(version) if str(version).isdigit() else 0
            change_meeting(by=request.user, meeting=found, seen_version=seen, seats=seats_of(seats), **form.values)
            _tell_unshared(request, found)
            return redirect("board:meeting", pk=found.pk)
        except AgendaConflict as conflict:
            form.add_error(None, str(conflict))
            version = conflict.meeting.version
        except ValidationError as refused:
            _add(form, refused)
    context = {"form": form, "seats": seats, "title": f"Change {found}", "meeting": found, "version": version}
    return render(request, "board/meeting_form.html", context, status=422 if request.method == "POST" else 200)


def _tell_unshared(request: HttpRequest, found: Meeting) -> None:
    if number := unshared(found):
        messages.warning(request, UNSHARED.format(number=number, are="case is" if number == 1 else "cases are"))


def _add(form, refused: ValidationError) -> None:
    """Under its field where the form has it, else above all."""
    names = {"starts_at": "time" if "time" in form.fields else "starts_at"}
    for name, sentences in errors_of(refused).items():
        place = names.get(name, name)
        for sentence in sentences:
            form.add_error(place if place in form.fields else None, sentence)
