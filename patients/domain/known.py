"""The moment a page is asked to show: the end of a day or of a minute, in the time zone of the site."""

import datetime as dt
import re
from dataclasses import dataclass

PARAMETER = "known"
UNREADABLE, FUTURE = "known_unreadable", "known_in_future"
SENTENCES = {
    UNREADABLE: "This is no day. Give it as 2026-02-01, or with the time as 2026-02-01T14:30.",
    FUTURE: "This day is still to come: nobody can say yet what will be known.",
}
_WRITTEN = re.compile(r"\d{4}-\d{2}-\d{2}(T\d{2}:\d{2})?", re.ASCII)


class KnownRefused(Exception):
    """``code`` is a key of SENTENCES."""

    def __init__(self, code: str):
        super().__init__(SENTENCES[code])
        self.code = code


class NothingThen(Exception):
    """What is asked for did not exist at that moment; the text is the sentence that says so."""


@dataclass(frozen=True)
class Known:
    """``text`` as it stands in the address; ``moment`` the last one that counts."""

    text: str
    day: dt.date
    moment: dt.datetime

    @property
    def has_time(self) -> bool:
        return "T" in self.text


def known_of(text: str, *, zone: dt.tzinfo, now: dt.datetime) -> Known:
    """Raises KnownRefused. Today, without a time, is what is known by ``now``."""
    if not _WRITTEN.fullmatch(text):
        raise KnownRefused(UNREADABLE)
    try:
        begun = dt.datetime.fromisoformat(text)
        starts = begun.replace(tzinfo=zone).astimezone(dt.UTC)
    except (ValueError, OverflowError) as error:
        raise KnownRefused(UNREADABLE) from error
    if starts > now:
        raise KnownRefused(FUTURE)
    return Known(text, begun.date(), min(_end(begun, zone, has_time="T" in text), now))


def _end(begun: dt.datetime, zone: dt.tzinfo, *, has_time: bool) -> dt.datetime:
    """An hour that a change of the clocks repeats is over when it has passed twice."""
    last = begun.time().replace(second=59, microsecond=999_999) if has_time else dt.time.max
    return dt.datetime.combine(begun.date(), last, tzinfo=zone).replace(fold=1).astimezone(dt.UTC)
