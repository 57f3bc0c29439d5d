"""Whether a meeting that has not begun would be held at another time than the one it is planned for."""

import datetime as dt

from django.utils import timezone

from board.models import Meeting

SAME_SITTING = dt.timedelta(hours=12)  # not the day: a meeting may go on past midnight


def is_another_day(meeting: Meeting) -> bool:
    """Of one that has begun: whether that was so."""
    held = meeting.started_at or timezone.now()
    return abs(held - meeting.starts_at) > SAME_SITTING
