"""The version of an agenda: whoever changes it says which one was on the screen, so that nothing is lost unseen."""

from django.utils import timezone

from board.models import Meeting
from patients.services import Conflict


class AgendaConflict(Conflict):
    """Somebody else has changed the agenda since it was read. ``meeting``: as it stands now."""

    def __init__(self, meeting: Meeting):
        self.meeting = meeting
        who = meeting.agenda_by
        name = who.shown_name if who else "somebody"
        at = f" at {timezone.localtime(meeting.agenda_at):%H:%M:%S}" if meeting.agenda_at else ""
        said = f"The agenda was changed by {name}{at}, after you had opened it."
        super().__init__(f"{said} Yours was not stored: look, then do it again.")


def check_version(meeting: Meeting, seen: int | None) -> None:
    """None: what is written takes nothing away from anybody, such as one more case at the end."""
    if seen is not None and seen != meeting.version:
        raise AgendaConflict(meeting)


def next_version(meeting: Meeting, by) -> None:
    """Called with the meeting held."""
    meeting.version, meeting.agenda_by, meeting.agenda_at = meeting.version + 1, by, timezone.now()
    meeting.save(update_fields=["version", "agenda_by", "agenda_at"])
