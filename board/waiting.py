"""What the rows of one chart still wait for: the same rules as the ``waiting`` querysets, on rows at hand."""

from board.chart import Chart
from board.models import Contact


def waiting_contact(chart: Chart) -> Contact | None:
    """The contact whose next date still asks for something; see ``ContactQuerySet.waiting``."""
    last = max(chart.of(Contact), key=lambda row: (row.recorded_at, str(row.pk)), default=None)
    if last is None or last.next_on is None or chart.is_over:
        return None
    is_scan = last.next_for == Contact.NextFor.SCAN
    is_met = is_scan and any(view.day and view.day >= last.contacted_on for view in chart.scans)
    return None if is_met else last
