"""What a question offers to take over, so that nobody reckons and types it again: a value, and why it may be meant."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from board.entry.build import Built
from board.entry.fields import LINES
from patients.domain.drugs import cycle_days

# Of one cycle of 177Lu, so that an activity in GBq under MBq is seen; 7400 is usual.
USUAL_MBQ = (500, 15_000)


@dataclass(frozen=True)
class Offer:
    """``text`` is typed into the field as it stands."""

    text: str = ""
    why: str = ""


def last_day_of_cycles(one: Built, name: str, today: dt.date) -> Offer:
    """For a stop before its start: the last day of the cycles that were given, where start and cycle are known."""
    row = one.row
    days = cycle_days(row.regimen) if one.card is LINES and name == "stop_date" else None
    if days is None or not row.cycles or not row.stop_date or row.clinical_date_precision != "day":
        return Offer()
    if row.stop_date >= row.clinical_date:
        return Offer()
    last = row.clinical_date + dt.timedelta(days=days * row.cycles - 1)
    if last > today:
        return Offer()
    cycles = f"{row.cycles} cycle{'s' if row.cycles > 1 else ''} of {days} days"
    verb = "end" if row.cycles > 1 else "ends"
    return Offer(last.isoformat(), f"{cycles} from {row.clinical_date.isoformat()} {verb} about {last.isoformat()}.")


def in_mbq(activity: Decimal) -> Offer:
    """For an activity that would be usual if it were in GBq."""
    low, high = USUAL_MBQ
    meant = activity * 1000
    return Offer(f"{meant.normalize():f}") if low <= meant <= high else Offer()
