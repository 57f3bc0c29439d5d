"""What the grading column of the reading workspace shows."""

from imaging.models import Scan
from imaging.views import scan_rows


def grading_context(scan: Scan, user) -> dict:
    return {"reading": scan_rows.reading_line(scan, user)}
