"""The agenda: cases put on, taken off and put back. Every change raises its version and leaves its author."""

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max

from board.agenda_version import check_version, next_version
from board.follow_up import ask
from board.gate import pass_gate, readiness
from board.meeting_grants import close_to_members, open_to_members
from board.meeting_rights import check_case, check_prepare, held_item, held_open
from board.models import AgendaItem, Meeting
from board.watching import closing_of, keep_watch
from patients.models import Patient
from patients.services import audit, snapshot

_I, _L = AgendaItem.State, AgendaItem.Lane
LATE = (Meeting.State.FROZEN, Meeting.State.RUNNING)
MINUTES = {_L.DISCUSS: 10, _L.NOTING: 3}
HARDER = {AgendaItem.Why.STALE: 12, AgendaItem.Why.CONVERSION: 12, AgendaItem.Why.POSTPONED: 12}


@transaction.atomic
def list_case(
    *,
    by,
    meeting: Meeting,
    patient: Patient,
    lane: str,
    why: str = AgendaItem.Why.REFERRAL,
    why_text: str = "",
    question: str = "",
    reason: str = "",
    seen_version: int | None = None,
) -> AgendaItem:
    """Put a case at the end of a lane, and open it to the members of the board. Sent twice it is listed once.

    ``question`` is asked of the case too where it has none. ``reason``: why it is listed though minimum data are
    missing. Raises PermissionDenied, ValidationError, AgendaConflict, or NotReady with what is missing.
    """
    check_prepare(by)
    check_case(by, patient)
    meeting = held_open(meeting)
    patient = Patient.objects.select_for_update().get(pk=patient.pk)
    if there := meeting.items.filter(patient=patient).exclude(state=_I.REMOVED).first():
        return _once(there, lane)
    check_version(meeting, seen_version)
    _refuse_closed(patient)
    found = readiness(patient, lane=lane, question=question)
    missing = pass_gate(found, reason.strip())
    if found.question and not found.question_id:
        ask(by=by, patient=patient, text=found.question)
    item = AgendaItem(
        meeting=meeting, patient=patient, lane=lane, position=_end_of(meeting, lane), why=why, why_text=why_text[:200],
        minutes=HARDER.get(why, MINUTES[_L.DISCUSS]) if lane == _L.DISCUSS else MINUTES[_L.NOTING],
        question=found.question, gate_missing=missing, gate_reason=reason.strip() if missing else "",
        is_late=meeting.state in LATE, times_postponed=times_postponed(patient), added_by=by,
    )  # fmt: skip
    item.full_clean(exclude=["meeting", "patient", "added_by"])
    item.save(force_insert=True)
    next_version(meeting, by)
    audit(by=by, action="list_case", obj=item, after=snapshot(item), reason=item.gate_reason)
    open_to_members(by=by, meeting=meeting, patient=patient)
    keep_watch(patient)
    return item


def _once(there: AgendaItem, lane: str) -> AgendaItem:
    if there.state == _I.LISTED and there.lane == lane:
        return there
    said = f"{there.get_lane_display()}, {there.get_state_display()}"
    raise ValidationError(f"This case is on this agenda already ({said}).")


def _refuse_closed(patient: Patient) -> None:
    if patient.vital_status == Patient.VitalStatus.DECEASED:
        raise ValidationError("This patient has died: the case cannot be listed.")
    if closing := closing_of(patient):
        raise ValidationError(f"This case is closed ({closing.get_reason_display()}). Open it again first.")


def _end_of(meeting: Meeting, lane: str) -> int:
    return (meeting.items.filter(lane=lane).aggregate(last=Max("position"))["last"] or 0) + 1


def times_postponed(patient: Patient) -> int:
    """How often in a row the case was put off, since it was discussed last."""
    items = AgendaItem.objects.filter(patient=patient)
    last = items.filter(state=_I.DISCUSSED).order_by("-meeting__starts_at").first()
    put_off = items.filter(state=_I.POSTPONED)
    return put_off.filter(meeting__starts_at__gt=last.meeting.starts_at).count() if last else put_off.count()


@transaction.atomic
def take_off(*, by, item: AgendaItem, seen_version: int, reason: str = "") -> AgendaItem:
    """Take a listed case off. Before the meeting its members lose what was opened to them for it.

    The day of the meeting is no next date of the case any more. Raises as ``list_case``.
    """
    item, meeting = _held(by, item, seen_version)
    if item.state == _I.REMOVED:
        return item
    if item.state == _I.DISCUSSED:
        raise ValidationError("This case was discussed: it stays on the agenda.")
    set_state(by, item, _I.REMOVED, reason.strip(), "take_off")
    next_version(meeting, by)
    if meeting.state != Meeting.State.RUNNING:
        close_to_members(by=by, meeting=meeting, patient=item.patient, reason="taken off the agenda")
    keep_watch(item.patient)
    return item


@transaction.atomic
def put_back(*, by, item: AgendaItem, seen_version: int) -> AgendaItem:
    """A case that was put off is discussed at this meeting after all."""
    item, meeting = _held(by, item, seen_version)
    if item.state != _I.POSTPONED:
        raise ValidationError("Only a case that was put off can be put back.")
    set_state(by, item, _I.LISTED, "", "put_back")
    next_version(meeting, by)
    keep_watch(item.patient)
    return item


def _held(by, item: AgendaItem, seen_version: int) -> tuple[AgendaItem, Meeting]:
    check_prepare(by)
    check_case(by, item.patient)
    item = held_item(item)
    check_version(item.meeting, seen_version)
    return item, item.meeting


def set_state(by, item: AgendaItem, state: str, reason: str, action: str) -> None:
    """Of a held item, with its row in the trail."""
    before = snapshot(item, ["state", "state_reason"])
    item.state, item.state_reason = state, reason
    item.clean_fields(exclude=["meeting", "patient", "added_by"])
    item.save(update_fields=["state", "state_reason"])
    audit(by=by, action=action, obj=item, before=before, after=snapshot(item, ["state", "state_reason"]))
