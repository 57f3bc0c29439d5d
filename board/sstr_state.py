"""The last SSTR scan of a case with its class, as the list of patients says it.

The class takes every table of the case, so it is kept in the watch state; the scan itself is read with the list. What
the state says counts only for the scan it was said of. Class words are those of ``eligibility.scan_class_facts``, as in
the tabs of a case. What the watch rules reckon with (``board.domain.sstr_class``) also holds lesions of earlier scans
open: a class known here is one of those possible there.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from board import words
from board.chart import Chart
from board.models import WatchState
from eligibility.fact_tools import dated
from eligibility.lesion_facts import newest_sstr_of
from eligibility.scan_class_facts import class_of_scan
from imaging.domain.vocabulary import Tracer
from imaging.models import Scan
from patients.models import Patient


@dataclass(frozen=True)
class SstrLine:
    """``klass``: one of the four words; "" while the state of the case has not been made for this scan."""

    scan: str = ""
    klass: str = ""


def last_sstr_scan(scans: Sequence[Scan], today: dt.date) -> Scan | None:
    """The newest with a date, else the last recorded without one. A scan whose tracer nobody recorded counts."""
    undated = [scan for scan in scans if dated(scan) is None and scan.tracer != Tracer.F18_FDG]
    return newest_sstr_of(scans, today) or max(undated, key=lambda scan: scan.recorded_at, default=None)


def sstr_values(chart: Chart) -> dict:
    """For the watch state. A scan that is not known to be of SSTR is of unknown class."""
    scan = last_sstr_scan(chart.of(Scan), chart.today)
    if scan is None:
        return {"sstr_class": WatchState.SstrClass.NO_SCAN, "sstr_scan_day": None}
    found = class_of_scan(chart.case, scan)
    name = WatchState.SstrClass(found.name) if found else WatchState.SstrClass.UNKNOWN
    return {"sstr_class": name, "sstr_scan_day": dated(scan)}


def sstr_line(patient: Patient, scans: Sequence[Scan], today: dt.date) -> SstrLine:
    scan = last_sstr_scan(scans, today)
    if scan is None:
        return SstrLine()
    return SstrLine(f"{words.row_day(scan)}, {scan.tracer or 'tracer not stated'}", _kept(patient, scan))


def _kept(patient: Patient, scan: Scan) -> str:
    state: WatchState | None = getattr(patient, "watch_state", None)
    if state is None or state.sstr_scan_day != dated(scan) or state.sstr_class == WatchState.SstrClass.NO_SCAN:
        return ""
    return state.sstr_class
