"""What the rows of one chart still wait for: the same rules as the ``waiting`` querysets, on rows at hand."""

from board.chart import Chart, ScanView
from board.models import Contact


def waiting_contact(chart: Chart) -> Contact | None:
    """The contact whose next date still asks for something; see ``ContactQuerySet.waiting``."""
    last = max(chart.of(Contact), key=lambda row: (row.contacted_on, row.recorded_at, str(row.pk)), default=None)
    if last is None or last.next_on is None or chart.is_over:
        return None
    is_scan = last.next_for == Contact.NextFor.SCAN
    return None if is_scan and any(_meets(view, last) for view in chart.scans) else last


def _meets(view: ScanView, contact: Contact) -> bool:
    if not view.is_sstr or view.day is None:
        return False
    return view.day > contact.contacted_on or view.day == contact.contacted_on == contact.next_on
