"""How far somebody has come with a case of the watch list: a word, and what it rests on. Derived, never set by hand."""

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum

from board.domain.watch_reason import day_words


class CareState(StrEnum):
    OPEN = "open"
    CONTACTING = "contacting"
    BOOKED = "booked"
    WAITING = "waiting for a result"


@dataclass(frozen=True)
class Care:
    """``said``: what is booked or waited for, or what is missing."""

    state: CareState
    said: str


_STATES = {
    "scan": CareState.BOOKED,
    "visit": CareState.BOOKED,
    "labs": CareState.WAITING,
    "contact": CareState.CONTACTING,
}


@dataclass(frozen=True)
class Agreed:
    """What the last contact agreed on and nothing has met yet. ``what``: scan, labs, visit, contact."""

    what: str
    words: str
    on: dt.date


def care(
    agreed: Agreed | None, meeting_on: dt.date | None, *, is_scan_unread: bool, today: dt.date, grace_days: int
) -> Care:
    """Something that was to happen by now and has not leaves the case open again; a scan has ``grace_days`` more."""
    if agreed is not None:
        until = agreed.on + dt.timedelta(days=grace_days if agreed.what == "scan" else 0)
        if today <= until:
            return Care(_STATES.get(agreed.what, CareState.OPEN), f"{agreed.words}, {day_words(agreed.on)}")
    if meeting_on is not None and today <= meeting_on:
        return Care(CareState.BOOKED, f"meeting, {day_words(meeting_on)}")
    if is_scan_unread:
        return Care(CareState.WAITING, "the scan is not read yet")
    if agreed is not None:
        return Care(CareState.OPEN, f"{agreed.words} of {day_words(agreed.on)} has not come")
    return Care(CareState.OPEN, "")
