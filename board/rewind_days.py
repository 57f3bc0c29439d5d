"""The axis of recording: on which days something was written to a case, and the way from one to the next."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt
from urllib.parse import urlencode

from django.db.models import Count
from django.db.models.functions import TruncDate

from board.freshness import ONLY_READ
from patients.domain.known import PARAMETER, Known
from patients.models import AuditEvent, Patient

MARGIN, SMALLEST, GROWTH, LARGEST = 2.0, 4.0, 1.2, 9.0
# A day keeps the tab and what is chosen on it; a page of the trail or a scan pair is another one on another day.
KEPT = ("tab", "sort", "view", "set", "a", "b", "row", "lesion", "scan", "criterion", "fact")


@dataclass(frozen=True)
class RecordedDay:
    """``x`` in per cent of the axis from the first day to the last; ``number`` of entries of the trail."""

    day: dt.date
    number: int
    x: float
    radius: float
    href: str
    is_chosen: bool

    @property
    def title(self) -> str:
        return f"{self.day.isoformat()}: {self.number} entr{'y' if self.number == 1 else 'ies'}"


@dataclass(frozen=True)
class Days:
    """``place``: of the last day of recording not after the chosen one; -1 before the first."""

    all: list[RecordedDay]
    place: int
    chosen_x: float

    @property
    def before(self) -> RecordedDay | None:
        """The day of recording before what is shown."""
        place = self.place - 1 if self.place >= 0 and self.all[self.place].is_chosen else self.place
        return self.all[place] if place >= 0 else None

    @property
    def after(self) -> RecordedDay | None:
        return self.all[self.place + 1] if self.place + 1 < len(self.all) else None

    @property
    def first(self) -> RecordedDay | None:
        return self.all[0] if self.all else None

    @property
    def last(self) -> RecordedDay | None:
        return self.all[-1] if self.all else None

    @property
    def value(self) -> int:
        return max(self.place, 0)


def recorded_days(patient: Patient, known: Known, query: Mapping[str, str]) -> Days:
    """One query; days of the site's time zone, oldest first."""
    written = AuditEvent.objects.filter(patient=patient).exclude(action__in=ONLY_READ)
    counted = written.annotate(day=TruncDate("at")).values_list("day").annotate(n=Count("id")).order_by("day")
    found = list(counted)
    if not found:
        return Days([], -1, 0)
    first, last = found[0][0], found[-1][0]
    kept = {name: query[name] for name in KEPT if name in query}
    days = [_day(day, number, _x(day, first, last), known, kept) for day, number in found]
    place = sum(one.day <= known.day for one in days) - 1
    return Days(days, place, _x(known.day, first, last))


def _day(day: dt.date, number: int, x: float, known: Known, kept: dict[str, str]) -> RecordedDay:
    radius = min(LARGEST, SMALLEST + GROWTH * sqrt(number - 1))
    href = f"?{urlencode({**kept, PARAMETER: day.isoformat()})}"
    return RecordedDay(day, number, x, round(radius, 1), href, day == known.day)


def _x(day: dt.date, first: dt.date, last: dt.date) -> float:
    whole = (last - first).days
    share = (day - first).days / whole if whole else 0.5
    return round(MARGIN + (100 - 2 * MARGIN) * min(1.0, max(0.0, share)), 2)
