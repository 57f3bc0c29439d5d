"""A case as a row of the swimmer plot."""

import datetime as dt
from collections.abc import Sequence

from django.utils import timezone

from board.domain.cohort_pairs import Given, ScanPair, ScanSeen
from board.domain.cohort_swimmer import Point, Spell, Swim, days_from
from board.models import BoardDecision, CaseClosing
from eligibility.case_rows import CaseRows
from patients.models import LabResult, Patient, PrrtCycle, SsaInjection, TreatmentLine

CYCLE_DAYS = 28
_SSA = TreatmentLine.TreatmentClass.SSA


def swim_of(case: CaseRows, event: Given, scans: Sequence[ScanSeen], pair: ScanPair, today: dt.date) -> Swim | None:
    if event.start is None:
        return None
    zero = event.start[0]
    spells = tuple(_spells(case, zero, today))
    points = (*_scans(scans, pair, zero), *_others(case, zero))
    ends = [spell.last for spell in spells] + [point.day for point in points if point.kind != "closed"]
    ends += [days_from(zero, row.clinical_date) for row in case.of(LabResult) if row.clinical_date]
    ended = [point.day for point in points if point.kind in ("died", "closed")]
    is_over = bool(ended) or case.patient.vital_status == Patient.VitalStatus.DECEASED
    last = min(max([*ended, *ends, 0]), days_from(zero, today))
    return Swim(spells, points, max(last, 0), is_followed=not is_over)


def _spells(case: CaseRows, zero: dt.date, today: dt.date):
    lines = [line for line in case.of(TreatmentLine) if line.clinical_span]
    for line in lines:
        first, last, is_open = _ends(line, today)
        yield Spell(line.regimen, line.treatment_class, days_from(zero, first), days_from(zero, last), is_open)
    injections = [row.clinical_date for row in case.of(SsaInjection) if row.clinical_date]
    if injections and not any(line.treatment_class == _SSA for line in lines):
        first, last = min(injections), max(injections) + dt.timedelta(days=CYCLE_DAYS)
        yield Spell("injections", str(_SSA), days_from(zero, first), days_from(zero, min(last, today)))


def _ends(line: TreatmentLine, today: dt.date) -> tuple[dt.date, dt.date, bool]:
    """First and last day; without a recorded end as long as its cycles take, and said to be open."""
    first = line.clinical_span[0]
    if line.stop_span:
        return first, max(line.stop_span[1], first), False
    if line.is_ongoing:
        return first, max(today, first), True
    return first, first + dt.timedelta(days=CYCLE_DAYS * (line.cycles or 1)), True


def _scans(scans: Sequence[ScanSeen], pair: ScanPair, zero: dt.date):
    chosen = {scan.id for scan in (pair.before, pair.after) if scan}
    for scan in scans:
        yield Point("scan", days_from(zero, scan.day), "SSTR scan", scan.klass, scan.id in chosen)


def _others(case: CaseRows, zero: dt.date):
    for cycle in case.of(PrrtCycle):
        if cycle.clinical_date:
            yield Point("prrt", days_from(zero, cycle.clinical_date), f"PRRT cycle {cycle.number}")
    for decision in case.of(BoardDecision):
        yield Point("decision", days_from(zero, decision.decided_on), f"decision: {decision.get_outcome_display()}")
    died = case.patient.deceased_on
    if died:
        yield Point("died", days_from(zero, died), "died")
    closing = max(case.of(CaseClosing), key=lambda row: (row.recorded_at, str(row.pk)), default=None)
    if closing and closing.is_closed and not died:
        day = timezone.localdate(closing.recorded_at)
        yield Point("closed", days_from(zero, day), f"closed: {closing.get_reason_display()}")
