"""Closing a meeting, and its minutes on a page: what keeps it open, what was written, how it is corrected."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from board.chain import link_of, verification_code
from board.document_views import asked_minutes
from board.meeting_http import meeting_for, number_in
from board.meeting_rights import check_run
from board.minutes import StillOpen, close_meeting, sentence_of, standing_minutes, unrecorded
from board.minutes_correct import correct_minutes
from board.minutes_document import minutes_for
from board.models import AgendaItem, Attendance, Meeting
from imaging.views.answers import wants_json
from patients import reads
from patients.domain.roles import Capability
from patients.selectors import visible_patients
from patients.services import Conflict


@require_GET
def minutes(request: HttpRequest, pk) -> HttpResponse:
    meeting = meeting_for(request, pk)
    return _page(request, meeting)


@require_POST
def close(request: HttpRequest, pk) -> HttpResponse:
    check_run(request.user)
    meeting = meeting_for(request, pk)
    try:
        written = close_meeting(by=request.user, meeting=meeting)
    except ValidationError as refused:
        return _not_closed(request, meeting, refused)
    if wants_json(request):
        link = link_of(written)
        return JsonResponse(
            {"minutes": str(written.pk), "version": written.version, "verification": verification_code(link)}
        )
    messages.success(request, "The meeting is closed and its minutes are written.")
    return redirect("board:minutes", pk=meeting.pk)


@require_POST
def correct(request: HttpRequest, pk) -> HttpResponse:
    check_run(request.user)
    meeting = meeting_for(request, pk)
    try:
        correct_minutes(by=request.user, meeting=meeting, **_corrections(request))
    except (Conflict, ValidationError) as refused:
        said = refused.messages if isinstance(refused, ValidationError) else [str(refused)]
        return _page(request, meeting, refused=said, status=409 if isinstance(refused, Conflict) else 422)
    messages.success(request, "A corrected version is written. The one before stays readable.")
    return redirect("board:minutes", pk=meeting.pk)


def _corrections(request: HttpRequest) -> dict:
    """Fields ``note-<item>`` and ``seat-<name>``."""
    fields = list(request.POST.items())  # read twice
    return {
        "seen_version": number_in(request.POST.get("version", ""), digits=5) or 0,
        "reason": request.POST.get("reason", "")[:300],
        "notes": {name.removeprefix("note-"): text for name, text in fields if name.startswith("note-")},
        "attendance": {name.removeprefix("seat-"): text for name, text in fields if name.startswith("seat-")},
    }


def _not_closed(request: HttpRequest, meeting: Meeting, refused: ValidationError) -> HttpResponse:
    is_open = isinstance(refused, StillOpen)
    if not wants_json(request):
        return _page(request, meeting, refused=[] if is_open else refused.messages, status=422)
    cases, hidden = _open(request.user, meeting) if is_open else ([], 0)
    said = [{"item": str(i.pk), "case": i.patient.case_number, "sentence": sentence_of(i)} for i in cases]
    answer = {"code": "open", "cases": said, "hidden": hidden} if is_open else {"code": "invalid"}
    return JsonResponse(answer | {"errors": {"": [] if is_open else refused.messages}}, status=422)


def _page(
    request: HttpRequest, meeting: Meeting, *, refused: list[str] | None = None, status: int = 200
) -> HttpResponse:
    newest, user = standing_minutes(meeting), request.user
    context = {
        "meeting": meeting,
        "may_run": user.may(Capability.RUN_MEETING),
        "refused": refused or [],
        "typed": request.POST,
    }
    if newest is None:
        cases, hidden = _open(user, meeting)
        context |= {"open": [sentence_of(item) for item in cases], "hidden": hidden}
        return render(request, "board/minutes.html", context, status=status)
    shown = asked_minutes(request, meeting)
    link = link_of(shown)
    context |= {
        "minutes": shown,
        "newest": newest,
        "is_newest": shown.pk == newest.pk,
        "versions": list(meeting.minutes.select_related("recorded_by").order_by("-version")),
        "document": minutes_for(user, shown),
        "code": verification_code(link) if link else "",
        "form_cases": [_typed_note(case, request.POST) for case in _correctable(user, newest)],
        "form_seats": [_typed_seat(group, seat, request.POST) for group, seat in _seats(newest)],
        "states": Attendance.State.choices,
    }
    return render(request, "board/minutes.html", context, status=status)


def _open(user, meeting: Meeting) -> tuple[list[AgendaItem], int]:
    """What keeps it open; of cases that are not this user's only how many."""
    found = unrecorded(meeting)
    mine = set(visible_patients(user).filter(pk__in=[i.patient_id for i in found]).values_list("pk", flat=True))
    shown = [item for item in found if item.patient_id in mine]
    reads.note_all(shown)
    return shown, len(found) - len(shown)


def _typed_note(case: dict, post) -> dict:
    """What was typed stays in a form that was refused, beside what the minutes say."""
    typed = post.get(f"note-{case['item']}", case["note"])
    return {**case, "typed": typed, "is_changed": typed.split() != case["note"].split()}


def _typed_seat(group: dict, seat: dict, post) -> dict:
    typed = post.get(f"seat-{seat['name']}", seat["state"])
    return {**seat, "group": group["label"], "typed": typed, "is_changed": typed != seat["state"]}


def _seats(newest) -> list[tuple[dict, dict]]:
    return [(group, seat) for group in newest.content["attendance"] for seat in group["seats"]]


def _correctable(user, newest) -> list[dict]:
    cases = newest.content["cases"]
    mine = visible_patients(user).filter(pk__in=[case["patient"] for case in cases])
    ids = {str(pk) for pk in mine.values_list("pk", flat=True)}
    return [case for case in cases if case["patient"] in ids]
