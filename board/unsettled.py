"""Pairs of scans on which no two readers agree, from the rows of one chart.

A pair is listed because a category moved, or because somebody gave a verdict on it, and looks the same in both cases
and after every verdict: what is listed must not tell the second reader what the first one said.
"""

from collections.abc import Sequence
from uuid import UUID

from board.chart import Chart
from board.domain.watch_facts import UnsettledChange
from eligibility.change_facts import comparable_scans, verdicts_on
from eligibility.fact_tools import source
from eligibility.models import ChangeVerdict
from imaging.models import Scan

_V = ChangeVerdict.Verdict
Ids = tuple[UUID, UUID]


def unsettled_changes(chart: Chart) -> tuple[UnsettledChange, ...]:
    """Oldest first. On the newest pair only verdicts on what is there now count; on earlier ones those given last."""
    scans = {scan.lineage: scan for scan in comparable_scans(chart.case)}
    said: dict[Ids, list[ChangeVerdict]] = {}
    for row in sorted(chart.of(ChangeVerdict), key=lambda row: (row.recorded_at, str(row.pk))):
        said.setdefault((row.before_scan, row.after_scan), []).append(row)
    newest = chart.change
    if newest is not None and newest.asks_for_reader:
        said[UUID(newest.before.id), UUID(newest.after.id)] = verdicts_on(chart.of(ChangeVerdict), newest)
    open_pairs = [ids for ids, rows in said.items() if scans.keys() >= set(ids) and not are_agreed(rows)]
    found = [_pair(scans[before], scans[after]) for before, after in open_pairs]
    return tuple(sorted(found, key=lambda pair: (pair.after, pair.before)))


def are_agreed(verdicts: Sequence[ChangeVerdict]) -> bool:
    """Two readers or more, each by the own last verdict (``verdicts``: oldest first), say the same, none "unsure"."""
    last = {row.reader_id: row for row in verdicts}.values()
    opinions = {(row.verdict, row.kind if row.verdict == _V.CONFIRMED else "") for row in last}
    return len(last) >= 2 and len(opinions) == 1 and (_V.UNSURE, "") not in opinions


def _pair(before: Scan, after: Scan) -> UnsettledChange:
    return UnsettledChange(before.clinical_date, after.clinical_date, (source(before), source(after)))
