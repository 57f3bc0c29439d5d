"""What is done while a meeting is prepared and runs, by POST: freeze, start, attendance, cases put off, notes."""

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_POST

from board import agenda_order
from board import meetings as running
from board.agenda_views import shown_again
from board.late_seat import add_seat
from board.meeting_cancel import cancel_meeting
from board.meeting_clock import is_another_day
from board.meeting_http import answer, check, item_or_404, meeting_or_404, number_in, seen_version
from board.meeting_planning import Seat
from board.meeting_views import PREPARE, RUN
from board.unseen import settle_unseen
from patients.domain.roles import Capability
from patients.models import User

ANOTHER_DAY = "This meeting is planned for {day}. Start it today? Tick that it is held today, then start it."
NOT_PRIVATE = ("0", "false", "off", "")


@require_POST
def freeze(request: HttpRequest, pk) -> HttpResponse:
    check(request, PREPARE)
    meeting = meeting_or_404(pk)

    def act() -> dict:
        seen = seen_version(request)
        frozen = agenda_order.freeze(by=request.user, meeting=meeting, seen_version=seen)
        return {"state": frozen.state, "version": frozen.version}

    return answer(request, meeting, act, lambda refused: shown_again(request, meeting, refused))


@require_POST
def start(request: HttpRequest, pk) -> HttpResponse:
    """``chosen`` says that the seats were shown as boxes: then ``present`` are those that were ticked.

    A meeting planned for another day begins only with ``today``: one press of a key must not open it.
    """
    check(request, RUN)
    meeting = meeting_or_404(pk)
    ticked = [seat for text in request.POST.getlist("present") if (seat := number_in(text, digits=17)) is not None]
    present = ticked if "chosen" in request.POST else None

    def act() -> dict:
        if is_another_day(meeting) and "today" not in request.POST:
            day = timezone.localtime(meeting.starts_at)
            raise ValidationError(ANOTHER_DAY.format(day=f"{day:%-d %B %Y, %H:%M}"))
        started = running.start_meeting(by=request.user, meeting=meeting, present=present)
        return {"state": started.state, "quorum": running.quorum_of(started).as_json}

    return answer(request, meeting, act, lambda refused: shown_again(request, meeting, refused))


@require_POST
def attendance(request: HttpRequest, pk) -> HttpResponse:
    check(request, RUN)
    meeting = meeting_or_404(pk)
    number = number_in(request.POST.get("seat", ""), digits=17) or 0

    def act() -> dict:
        state = request.POST.get("state", "")
        found = running.set_attendance(by=request.user, meeting=meeting, seat=number, state=state)
        return {"seat": found.pk, "state": found.state, "quorum": running.quorum_of(meeting).as_json}

    return answer(request, meeting, act, lambda refused: shown_again(request, meeting, refused))


@require_POST
def postpone(request: HttpRequest, pk) -> HttpResponse:
    check(request, RUN)
    item = item_or_404(request.user, pk)

    def act() -> dict:
        put_off = running.postpone(by=request.user, item=item, reason=request.POST.get("reason", ""))
        return {"item": str(put_off.pk), "state": put_off.state}

    return answer(request, item.meeting, act, lambda refused: shown_again(request, item.meeting, refused))


@require_POST
def note(request: HttpRequest, pk) -> HttpResponse:
    """``private=0``: for the minutes; without it a note is the writer's own. ``base``: the text it was written on."""
    is_private = request.POST.get("private", "1").lower() not in NOT_PRIVATE
    check(request, Capability.SEE_MEETING if is_private else RUN)
    item = item_or_404(request.user, pk)

    def act() -> dict:
        text, base = request.POST.get("text", ""), request.POST.get("base")
        running.write_note(by=request.user, item=item, text=text, is_private=is_private, base=base)
        return {"item": str(item.pk), "is_private": is_private}

    return answer(request, item.meeting, act, lambda refused: shown_again(request, item.meeting, refused))


@require_POST
def cancel(request: HttpRequest, pk) -> HttpResponse:
    check(request, PREPARE)
    meeting = meeting_or_404(pk)

    def act() -> dict:
        done = cancel_meeting(by=request.user, meeting=meeting, reason=request.POST.get("reason", ""))
        return {"state": done.state}

    return answer(request, meeting, act, lambda refused: shown_again(request, meeting, refused))


@require_POST
def seat(request: HttpRequest, pk) -> HttpResponse:
    """Of somebody who comes while the meeting runs."""
    check(request, RUN)
    meeting = meeting_or_404(pk)
    name, discipline, user = (request.POST.get(name, "") for name in ("name", "discipline", "user"))
    account = User.objects.filter(pk=number_in(user, digits=17), is_active=True).first()

    def act() -> dict:
        found = add_seat(by=request.user, meeting=meeting, seat=Seat(name, discipline, user=account))
        return {"seat": found.pk, "quorum": running.quorum_of(meeting).as_json}

    return answer(request, meeting, act, lambda refused: shown_again(request, meeting, refused))


@require_POST
def unseen(request: HttpRequest, pk) -> HttpResponse:
    """A case that this person may not see, by its number on the agenda: put off, or taken off."""
    check(request, RUN)
    meeting = meeting_or_404(pk)
    number = number_in(request.POST.get("number", ""), digits=4) or 0

    def act() -> dict:
        to, reason = request.POST.get("to", ""), request.POST.get("reason", "")
        seen = seen_version(request)
        settle_unseen(by=request.user, meeting=meeting, number=number, seen_version=seen, to=to, reason=reason)
        return {"number": number, "state": to}

    return answer(request, meeting, act, lambda refused: shown_again(request, meeting, refused))
