"""Correcting minutes: attendance, notes, and decisions amended since. The version before stays as it was written."""

import copy
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from board.domain.quorum import quorum
from board.meeting_rights import check_run
from board.meetings import NOTE_LENGTH
from board.minutes import standing_minutes, write_minutes
from board.minutes_content import decisions_of
from board.models import Attendance, Meeting, Minutes
from patients.services import Conflict

NOTHING_NEW = "Nothing in the minutes would change: correct the attendance or a note, or amend a decision first."


@transaction.atomic
def correct_minutes(
    *, by, meeting: Meeting, seen_version: int, reason: str, notes: dict[str, str], attendance: dict[str, str]
) -> Minutes:
    """``notes`` by item, ``attendance`` (a state) by name of the seat; decisions amended since are taken over.

    Raises PermissionDenied, ValidationError, or Conflict when there is a newer version than the one that was seen.
    """
    check_run(by)
    meeting = Meeting.objects.select_for_update().get(pk=meeting.pk)
    standing = standing_minutes(meeting)
    if standing is None:
        raise ValidationError("This meeting has no minutes yet: close it first.")
    if standing.version != seen_version:
        raise Conflict(f"Version {standing.version} was written meanwhile. Look at it, then correct that one.")
    if not reason.strip():
        raise ValidationError({"reason": "Say why the minutes are corrected: both versions stay readable."})
    content = corrected(standing.content, meeting, notes, attendance)
    if content == standing.content:
        raise ValidationError(NOTHING_NEW)
    content["corrections"] = [*content.get("corrections", []), _correction(by, standing.version + 1, reason.strip())]
    return write_minutes(by=by, meeting=meeting, content=content, version=standing.version + 1, reason=reason.strip())


def corrected(before: dict[str, Any], meeting: Meeting, notes: dict[str, str], attendance: dict[str, str]) -> dict:
    content = copy.deepcopy(before)
    _take_notes(content, notes)
    _take_attendance(content, meeting, attendance)
    items = {str(item.pk): item for item in meeting.items.all()}
    for case in content["cases"]:
        if case["item"] in items:
            case["decisions"] = decisions_of(items[case["item"]])
    return content


def _take_notes(content: dict[str, Any], notes: dict[str, str]) -> None:
    for case in content["cases"]:
        text = notes.get(case["item"], case["note"]).strip()
        if len(text) > NOTE_LENGTH:
            raise ValidationError({"notes": f"A note has at most {NOTE_LENGTH} characters."})
        case["note"] = text


def _take_attendance(content: dict[str, Any], meeting: Meeting, attendance: dict[str, str]) -> None:
    present, has_chair = [], False
    for group in content["attendance"]:
        for seat in group["seats"]:
            state = attendance.get(seat["name"], seat["state"])
            if state not in Attendance.State.values:
                raise ValidationError({"attendance": "Choose expected, apology, present or left."})
            seat["state"], seat["label"] = state, str(Attendance.State(state).label)
            if state == Attendance.State.PRESENT:
                present.append(group["discipline"])
                has_chair = has_chair or seat["is_chair"]
    if attendance:
        content["quorum"] = quorum(meeting.quorum, present, has_chair=has_chair).as_json


def _correction(by, version: int, reason: str) -> dict[str, Any]:
    at = timezone.localtime().isoformat(timespec="minutes")
    return {"version": version, "reason": reason, "by": by.shown_name, "at": at}
