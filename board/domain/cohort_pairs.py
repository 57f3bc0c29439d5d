"""Which two scans of a case answer the question of the cohort, or why there are none. The rule: docs/cohort.md.

Day 0 is the first day on which the treatment may have begun. Before: the last SSTR scan of an earlier day, at most
``LOOKBACK`` before. After: the first SSTR scan after the end and within the window; where no end is recorded, the first
one at least ``TWO_CYCLES`` after the start.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from patients.domain.dates import Span

LOOKBACK = dt.timedelta(days=365)
TWO_CYCLES = dt.timedelta(days=56)
MOST_UNSURE = dt.timedelta(days=31)

# In this order: the first that applies is the reason of a case.
EXCLUSIONS: dict[str, str] = {
    "start_unknown": "The start of the treatment is not known to the month.",
    "no_scan_before": "No SSTR scan in the year before the start.",
    "no_scan_after": "No SSTR scan after the treatment yet.",
    "outside_window": "The first SSTR scan after the treatment came later than the chosen time.",
    "header_illustrative": "A scan of the pair is marked illustrative: its images are no facts of the case.",
    "tracer_unknown": "The tracer of a scan is not recorded.",
    "tracer_differs": "The two scans have different tracers: their SUVs are not comparable.",
    "reading_pending": "A scan of the pair has no signed reading.",
    "suv_unreadable": "The SUV of a scan cannot be read: an input is missing, refused or waits for a person.",
}

SHORT: dict[str, str] = {
    "start_unknown": "start not known",
    "no_scan_before": "no scan before",
    "no_scan_after": "no scan after",
    "outside_window": "scan too late",
    "header_illustrative": "illustrative scan",
    "tracer_unknown": "tracer not known",
    "tracer_differs": "tracers differ",
    "reading_pending": "not read",
    "suv_unreadable": "SUV not readable",
}


@dataclass(frozen=True)
class Given:
    """A treatment line. ``stop`` None: ongoing, or its end is not recorded."""

    name: str
    kind: str
    start: Span | None
    stop: Span | None = None
    is_ongoing: bool | None = None
    cycles: int | None = None
    response: str = ""


@dataclass(frozen=True)
class ScanSeen:
    """An SSTR scan, or one whose tracer nobody recorded. ``klass``: RICH, MIXED, POOR or UNKNOWN."""

    id: str
    span: Span
    tracer: str = ""
    klass: str = "UNKNOWN"
    is_illustrative: bool = False
    is_read: bool = True
    has_suv: bool = True

    @property
    def day(self) -> dt.date:
        return self.span[0]


@dataclass(frozen=True)
class ScanPair:
    """``before`` and ``after`` where they were found, and the code of the exclusion, "" where the case is in."""

    before: ScanSeen | None = None
    after: ScanSeen | None = None
    excluded: str = ""


def pair_around(event: Given, scans: Sequence[ScanSeen], *, window: dt.timedelta) -> ScanPair:
    start = event.start
    if start is None or start[1] - start[0] > MOST_UNSURE:
        return ScanPair(excluded="start_unknown")
    earlier = [scan for scan in scans if scan.span[1] < start[0] and scan.span[0] >= start[0] - LOOKBACK]
    before = max(earlier, key=lambda scan: scan.span, default=None)
    later = [scan for scan in scans if scan.span[0] > start[1] and _is_after(event, scan)]
    after = min(later, key=lambda scan: scan.span, default=None)
    return ScanPair(before, after, _reason(event, before, after, window))


def _is_after(event: Given, scan: ScanSeen) -> bool:
    if event.stop is not None:
        return scan.span[0] > event.stop[1]
    return event.start is not None and scan.span[0] >= event.start[1] + TWO_CYCLES


def _reason(event: Given, before: ScanSeen | None, after: ScanSeen | None, window: dt.timedelta) -> str:
    if before is None:
        return "no_scan_before"
    if after is None:
        return "no_scan_after"
    end = event.stop or event.start
    if end is not None and after.span[0] > end[1] + window:
        return "outside_window"
    return _of_scans(before, after)


def _of_scans(before: ScanSeen, after: ScanSeen) -> str:
    both = (before, after)
    if any(scan.is_illustrative for scan in both):
        return "header_illustrative"
    if not all(scan.tracer for scan in both):
        return "tracer_unknown"
    if before.tracer != after.tracer:
        return "tracer_differs"
    if not all(scan.is_read for scan in both):
        return "reading_pending"
    return "" if all(scan.has_suv for scan in both) else "suv_unreadable"
