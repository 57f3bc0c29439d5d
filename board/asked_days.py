"""The clinical day that an address asks for. The day of a scan is named by the scan: addresses stay in the history of a
browser and in logs on the way, and no day of a case belongs there.
"""

import datetime as dt

from board.chart import Chart


def name_of_day(chart: Chart, day: dt.date) -> str:
    """ "" for today, the newest scan of that day, else the day itself, which a person typed."""
    if day == chart.today:
        return ""
    scans = [view.scan for view in chart.scans if view.day == day]
    return scans[-1].lineage.hex if scans else day.isoformat()


def day_of_name(chart: Chart, name: str) -> dt.date:
    """What ``name_of_day`` gave, or a day as typed; today for a name of nothing in this chart."""
    named = {view.scan.lineage.hex: view.day for view in chart.scans if view.day}
    if name in named:
        return named[name]
    try:
        return dt.date.fromisoformat(name)
    except ValueError:
        return chart.today
