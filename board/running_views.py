"""What is done while a meeting is prepared and runs, by POST: freeze, start, attendance, cases put off, notes."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_POST

from board import agenda_order
from board import meetings as running
from board.agenda_views import shown_again
from board.meeting_http import answer, check, item_or_404, meeting_or_404, seen_version
from board.meeting_views import PREPARE, RUN
from patients.domain.roles import Capability

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
    """``chosen`` says that the seats were shown as boxes: then ``present`` are those that were ticked."""
    check(request, RUN)
    meeting = meeting_or_404(pk)
    ticked = [int(seat) for seat in request.POST.getlist("present") if seat.isascii() and seat.isdigit()]
    present = ticked if "chosen" in request.POST else None

    def act() -> dict:
        started = running.start_meeting(by=request.user, meeting=meeting, present=present)
        return {"state": started.state, "quorum": running.quorum_of(started).as_json}

    return answer(request, meeting, act, lambda refused: shown_again(request, meeting, refused))


@require_POST
def attendance(request: HttpRequest, pk) -> HttpResponse:
    check(request, RUN)
    meeting = meeting_or_404(pk)
    seat = request.POST.get("seat", "")
    number = int(seat) if seat.isascii() and seat.isdigit() and len(seat) < 18 else 0

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
    """``private=0``: for the minutes; without it a note is the writer's own."""
    is_private = request.POST.get("private", "1").lower() not in NOT_PRIVATE
    check(request, Capability.SEE_MEETING if is_private else RUN)
    item = item_or_404(request.user, pk)

    def act() -> dict:
        running.write_note(by=request.user, item=item, text=request.POST.get("text", ""), is_private=is_private)
        return {"item": str(item.pk), "is_private": is_private}

    return answer(request, item.meeting, act, lambda refused: shown_again(request, item.meeting, refused))
