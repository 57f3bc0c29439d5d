"""What minutes keep, word by word: the meeting, who was there, and of every case what was decided, put off or noted.

Pictures are named by their SHA-256 and the timeline is kept as shapes, so that the same minutes always print the same.
"""

import datetime as dt
from itertools import groupby
from typing import Any

from django.utils import timezone

from board import words
from board.chart import Chart
from board.decision_record import decision_core
from board.domain.events import History
from board.domain.sketch import sketch
from board.domain.timeline import draw
from board.history import history
from board.identity import identity_of
from board.meetings import quorum_of
from board.models import AgendaItem, Attendance, BoardDecision, Meeting
from imaging.domain.vocabulary import is_sstr
from imaging.models import ImageProduct
from imaging.selectors import in_force

FORMAT = "prrt-board/minutes/1"
PICTURES_SHOWN = 2
ONE_SCAN = "Fewer than two SSTR scans to compare."
NO_PICTURE = "No SSTR PET picture: {why}"
_I = AgendaItem.State


def minutes_content(meeting: Meeting, *, by, today: dt.date) -> dict[str, Any]:
    """Of a meeting as it stands now; cases that were taken off the agenda are only named."""
    items = list(meeting.items.select_related("patient").order_by("lane", "position", "added_at"))
    kept = [item for item in items if item.state != _I.REMOVED]
    return {
        "format": FORMAT,
        "meeting": _meeting(meeting),
        "written_by": by.shown_name,
        "attendance": _attendance(meeting),
        "quorum": quorum_of(meeting).as_json,
        "cases": [_case(item, today) for item in kept],
        "taken_off": [
            {"case": item.patient.case_number, "reason": item.state_reason} for item in items if item not in kept
        ],
    }


def _meeting(meeting: Meeting) -> dict[str, Any]:
    return {
        "id": str(meeting.pk),
        "title": meeting.title,
        "place": meeting.place,
        "starts_at": _moment(meeting.starts_at),
        "started_at": _moment(meeting.started_at),
        "closed_at": _moment(meeting.closed_at),
        "planned_minutes": meeting.planned_minutes,
        "frozen_at": _moment(meeting.frozen_at),
    }


def _moment(at: dt.datetime | None) -> str | None:
    """Local time with its offset, as the room saw it."""
    return timezone.localtime(at).isoformat(timespec="minutes") if at else None


def _attendance(meeting: Meeting) -> list[dict[str, Any]]:
    seats = sorted(meeting.attendance.all(), key=lambda seat: (seat.discipline, seat.name))
    return [
        {
            "discipline": discipline,
            "label": Attendance(discipline=discipline).get_discipline_display(),
            "seats": [_seat(s) for s in found],
        }
        for discipline, found in groupby(seats, key=lambda seat: seat.discipline)
    ]


def _seat(seat: Attendance) -> dict[str, Any]:
    return {"name": seat.name, "is_chair": seat.is_chair, "state": seat.state, "label": seat.get_state_display()}


def _case(item: AgendaItem, today: dt.date) -> dict[str, Any]:
    chart = Chart(item.patient, today)
    drawn = history(chart)
    return {
        "item": str(item.pk),
        "patient": str(item.patient_id),
        "case": item.patient.case_number,
        "who": [fact.text for fact in identity_of(chart).facts],
        "lane": item.lane,
        "position": item.position,
        "question": item.question,
        "why": item.get_why_display(),
        "why_text": item.why_text,
        "is_late": item.is_late,
        "gate_missing": item.gate_missing,
        "gate_reason": item.gate_reason,
        "state": item.state,
        "reason": item.state_reason,
        "times_postponed": item.times_postponed + (item.state == _I.POSTPONED),
        "reviewer": item.reviewer,
        "seconds": item.seconds,
        "note": item.minuted,
        "decisions": decisions_of(item),
        "pictures": key_pictures(chart),
        "timeline": sketch(draw(drawn)),
        "events": events_in_words(drawn),
    }


def decisions_of(item: AgendaItem) -> list[dict[str, Any]]:
    """As amended at or after this meeting; what a later meeting decided instead changes nothing here."""
    found = item.decisions.exclude(superseded_by__item=item)
    found = found.select_related("item__meeting", "recorded_by").prefetch_related("assessments")
    return [_decision(decision) for decision in found.order_by("recorded_at")]


def _decision(decision: BoardDecision) -> dict[str, Any]:
    return decision_core(decision) | {"change_sentence": change_sentence(decision)}


def change_sentence(decision: BoardDecision) -> str:
    """What was said of the last pair of scans when it was signed."""
    if not decision.ground:
        return ""
    sentence = str((decision.ground.get("change") or {}).get("sentence", ""))
    compared = [scan for scan in decision.ground.get("scans", []) if is_sstr(scan["tracer"])]
    return sentence or (ONE_SCAN if len(compared) < 2 else "")


def events_in_words(drawn: History) -> list[str]:
    """What the timeline shows, in sentences, oldest first; undated ones at the end."""
    events = [*drawn.courses, *drawn.scans, *drawn.specimens, *drawn.flags]
    return [event.title for event in sorted(events, key=lambda e: (e.day is None, e.day or dt.date.max))]


def key_pictures(chart: Chart) -> list[dict[str, Any]]:
    """Front views of the first and the newest SSTR scan in one fixed window; a scan without one says why."""
    views = [view for view in chart.scans if view.is_sstr]
    shown = views if len(views) <= PICTURES_SHOWN else [views[0], views[-1]]
    if not shown:
        return [{"sha256": "", "caption": NO_PICTURE.format(why="no SSTR PET is recorded.")}]
    stills = _stills([view.scan for view in shown], chart.case.known_at)
    return [_picture(view, stills.get(view.scan.lineage)) for view in shown]


def _stills(scans: list, known_at: dt.datetime | None) -> dict[Any, ImageProduct]:
    kind = ImageProduct.Kind.MIP_STILL
    found = ImageProduct.objects.filter(in_force(known_at), scan__in=[scan.lineage for scan in scans], kind=kind)
    return {still.scan_id: still for still in found}


def _picture(view, still: ImageProduct | None) -> dict[str, Any]:
    said = ", ".join(part for part in (words.row_day(view.scan), view.scan.label, view.scan.tracer) if part)
    if still is None:
        why = view.suv.message or "it has not been drawn yet."
        return {"sha256": "", "caption": f"{said}. " + NO_PICTURE.format(why=why)}
    low, high = still.meta.get("window_suv", [0, 15])
    return {"sha256": still.sha256, "caption": f"{said}. MIP from the front, SUV {low:g} to {high:g}"}
