"""On which days a board meets that meets every so many weeks."""

import datetime as dt


def next_days(
    weekday: int, every_weeks: int, *, after: dt.date, last: dt.date | None = None, number: int = 4
) -> list[dt.date]:
    """The next ``number`` days later than ``after``. ``last``: the last day it met, which keeps the rhythm.

    ``weekday`` 0 is Monday. Without a last day, or where it fell on another weekday, the rhythm begins anew. Raises
    ValueError for a weekday or rhythm no calendar has.
    """
    if not 0 <= weekday <= 6 or every_weeks < 1:
        raise ValueError("weekday must be 0 to 6, every_weeks 1 or more")
    step = dt.timedelta(weeks=every_weeks)
    if last is None or last.weekday() != weekday:
        first = after + dt.timedelta(days=(weekday - after.weekday() - 1) % 7 + 1)
    else:
        first = last + step * max(1, (after - last).days // step.days + 1)
    return [first + step * count for count in range(number)]
