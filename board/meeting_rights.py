"""Who may see, prepare and run a meeting. On which cases is said by access grants, as everywhere."""

from django.core.exceptions import PermissionDenied, ValidationError

from board.models import AgendaItem, Meeting
from patients.domain.roles import Capability
from patients.models import Patient

MAY_SEE = "Your role may not see meetings. Nuclear medicine, clinicians, coordinators, the chair and observers may."
MAY_PREPARE = "Your role may not prepare meetings. Coordinators and the chair may."
MAY_RUN = "Your role may not run meetings. Coordinators and the chair may."
NO_ACCESS = "You have no access to this case."
CANCELLED = "This meeting was cancelled and is closed: it can be read, not changed."
CLOSED = "This meeting is closed: it can be read, not changed."


def check_see(by) -> None:
    if not by.may(Capability.SEE_MEETING):
        raise PermissionDenied(MAY_SEE)


def check_prepare(by) -> None:
    if not by.may(Capability.PREPARE_MEETING):
        raise PermissionDenied(MAY_PREPARE)


def check_run(by) -> None:
    if not by.may(Capability.RUN_MEETING):
        raise PermissionDenied(MAY_RUN)


def check_case(by, patient: Patient) -> None:
    """A listing lets the whole board read the case: who reads it in an emergency only cannot give that on."""
    if not Patient.objects.open_to(by).filter(pk=patient.pk).exists():
        raise PermissionDenied(NO_ACCESS)


def held_open(meeting: Meeting) -> Meeting:
    """The row of an open meeting, held until the transaction ends. Raises ValidationError once it is closed."""
    held = Meeting.objects.select_for_update().get(pk=meeting.pk)
    if held.state == Meeting.State.CLOSED:
        raise ValidationError(CANCELLED if held.is_cancelled else CLOSED)
    return held


def held_item(item: AgendaItem) -> AgendaItem:
    """The item of an open meeting, held after its meeting and its patient: every writer takes them in this order."""
    meeting = held_open(item.meeting)
    Patient.objects.select_for_update().get(pk=item.patient_id)
    held = AgendaItem.objects.select_for_update(of=("self",)).select_related("patient").get(pk=item.pk)
    held.meeting = meeting
    return held
