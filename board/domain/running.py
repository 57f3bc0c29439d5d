"""When a running meeting will end: the rest of the case on the screen, then the planned minutes of the others."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Ending:
    """``late_minutes``: against the plan, rounded; negative when there is time in hand; None where there is no plan."""

    at: dt.datetime
    rest_minutes: int
    late_minutes: int | None


def ending(
    now: dt.datetime,
    planned_end: dt.datetime | None,
    *,
    current: tuple[int, int] | None,
    waiting: Iterable[int],
) -> Ending:
    """The projected end. ``planned_end``: None of a meeting held on another day than planned.

    ``current``: planned minutes of the case on the screen and the seconds it has been there, or None; ``waiting``:
    planned minutes of the other cases without a record. A case over its time takes nothing from the others.
    """
    rest = sum(waiting)
    left = max(0, current[0] * 60 - current[1]) if current else 0
    at = now + dt.timedelta(seconds=left, minutes=rest)
    return Ending(at, rest, round((at - planned_end).total_seconds() / 60) if planned_end else None)
