"""From a patient's page straight to the screen of the room."""

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction

from board.models import AgendaItem, Meeting
from board.screen import command
from patients.domain.roles import Capability
from patients.models import Patient

NOWHERE = (
    "This case is on the agenda of no running meeting whose screen you move. Open the console of the meeting first."
)
_SHOWABLE = (AgendaItem.State.LISTED, AgendaItem.State.DISCUSSED)


def presentable(user, patient: Patient) -> AgendaItem | None:
    """Where this person may show the case now: listed in a running meeting whose screen they move."""
    if not user.may(Capability.RUN_MEETING):
        return None
    here = AgendaItem.objects.filter(patient=patient, state__in=_SHOWABLE, meeting__state=Meeting.State.RUNNING)
    return here.filter(meeting__screen__controller=user).select_related("meeting").first()


@transaction.atomic
def present_case(*, by, patient: Patient) -> AgendaItem:
    """Show the case to the room. Raises PermissionDenied, ValidationError, NotInControl."""
    if not by.may(Capability.RUN_MEETING):
        raise PermissionDenied("Your role may not move the screen of a meeting. Coordinators and the chair may.")
    item = presentable(by, patient)
    if item is None:
        raise ValidationError(NOWHERE)
    command(by=by, meeting=item.meeting, action="show", value=str(item.pk))
    return item
