"""A ready message to whoever can bring what is missing. Its subject names no case, its text a case number only."""

from collections.abc import Iterable
from urllib.parse import quote

from django.utils import timezone

from board.domain.minimum_data import Point
from board.models import Meeting


def mail_link(meeting: Meeting, case_number: str, points: Iterable[Point], *, to: str = "") -> str:
    """A ``mailto:`` address; ``to`` may be empty: the sender chooses."""
    at = timezone.localtime(meeting.starts_at)
    subject = f"Data needed for the meeting of {at:%d %b %Y}"
    lines = [
        "Dear colleague,",
        "",
        f"case {case_number} is on the agenda of {meeting.title}, {at:%d %b %Y, %H:%M}. Still open:",
        *(f"- {point.why}" for point in points),
        "",
        "Please enter it in PRRT Board before the meeting, or tell the coordinator why it cannot be had.",
    ]
    return f"mailto:{quote(to)}?subject={quote(subject)}&body={quote(chr(10).join(lines))}"
