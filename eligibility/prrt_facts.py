"""Facts about earlier PRRT: activity given, what two more cycles would add up to, and whether a scan came after it."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from eligibility.assertion_facts import asserted, assertions, months_of
from eligibility.case_rows import CaseRows
from eligibility.domain.facts import Fact, exactly, unknown
from eligibility.fact_tools import dated, source, usable
from eligibility.lesion_facts import newest_sstr_scan
from eligibility.line_kinds import is_prrt_line
from patients.domain.dates import is_surely_before
from patients.domain.ki67 import Interval
from patients.models import ClinicalAssertion, Patient, PrrtCycle, TreatmentLine

# Re-treatment in the series read: two more cycles of 7.4 GBq (van der Zwan et al., EJNMMI 2019).
TWO_MORE_GBQ = Decimal("14.8")
_MBQ_PER_GBQ = Decimal(1000)


@dataclass(frozen=True)
class _Course:
    """A line of PRRT with the cycles recorded of it."""

    line: TreatmentLine
    cycles: list[PrrtCycle]

    @property
    def is_whole(self) -> bool:
        return len(self.cycles) >= max(1, self.line.cycles or 0)


def prrt_facts(case: CaseRows, as_of: dt.date) -> dict[str, Fact]:
    cycles, courses = _given(case, as_of)
    prior = prior_prrt(case, as_of)
    given = _activity(cycles, courses, prior)
    return {
        "has_prior_prrt": prior,
        "has_prior_prrt_benefit": asserted(case, "prrt_benefit", as_of),
        "prior_prrt_pfs_months": _months(case, as_of),
        "cumulative_activity_gbq": given,
        "cumulative_with_two_more_gbq": _two_more(given),
        "is_sstr_scan_after_prrt": _scan_after(case, cycles, courses, as_of),
    }


def prior_prrt(case: CaseRows, as_of: dt.date) -> Fact:
    """Rows say yes; so does who asserts a benefit of it, whatever was denied."""
    cycles, courses = _given(case, as_of)
    if rows := [*(course.line for course in courses), *cycles]:
        return Fact(frozenset({"yes"}), sources=tuple(map(source, rows)), is_timeless=True)
    benefit = asserted(case, "prrt_benefit", as_of)
    if benefit.value == frozenset({"yes"}):
        return Fact(benefit.value, sources=benefit.sources, is_timeless=True)
    return asserted(case, "prior_prrt", as_of)


def _given(case: CaseRows, as_of: dt.date) -> tuple[list[PrrtCycle], list[_Course]]:
    cycles = usable(case.of(PrrtCycle), as_of)
    lines = [line for line in usable(case.of(TreatmentLine), as_of) if is_prrt_line(line)]
    owners = [(_line_of(cycle, lines), cycle) for cycle in cycles]
    return cycles, [_Course(line, [cycle for owner, cycle in owners if owner == line.lineage]) for line in lines]


def _line_of(cycle: PrrtCycle, lines: list[TreatmentLine]) -> UUID | None:
    """The line a cycle names, or else the only one in whose days it may lie."""
    if cycle.line_id is not None:
        return cycle.line_id
    around = [line for line in lines if _may_hold(line, cycle)]
    return around[0].lineage if len(around) == 1 else None


def line_around(cycle: PrrtCycle, patient: Patient) -> TreatmentLine | None:
    """The only PRRT line on record in whose days a dated cycle may lie."""
    if cycle.clinical_date is None:
        return None
    lines = [line for line in TreatmentLine.objects.filter(patient=patient) if is_prrt_line(line)]
    around = [line for line in lines if _may_hold(line, cycle)]
    return around[0] if len(around) == 1 else None


def _may_hold(line: TreatmentLine, cycle: PrrtCycle) -> bool:
    is_outside = is_surely_before(cycle.clinical_span, line.clinical_span)
    return not is_outside and not is_surely_before(line.stop_span, cycle.clinical_span)


def _activity(cycles: list[PrrtCycle], courses: list[_Course], prior: Fact) -> Fact:
    """The sum of 177Lu; without an upper end where a cycle of it may be missing, or another nuclide was given."""
    if prior.value == frozenset({"no"}):
        return Fact(exactly(Decimal(0)), unit="GBq", sources=prior.sources, is_timeless=True)
    if not cycles:
        return unknown("not_stated" if courses else "missing", sources=tuple(source(c.line) for c in courses))
    known = [c.activity_mbq for c in cycles if c.activity_mbq is not None and _is_lutetium(c)]
    total = sum(known, Decimal(0)) / _MBQ_PER_GBQ
    is_whole = len(known) == len(cycles) and all(course.is_whole for course in courses)
    value = Interval(total, total if is_whole else None)
    return Fact(value, unit="GBq", sources=tuple(map(source, cycles)), is_timeless=True)


def _is_lutetium(cycle: PrrtCycle) -> bool:
    """Limits of the cumulative activity were published for 177Lu; a dose of 90Y is no such activity."""
    name = cycle.compound.lower()
    return "lu" in name and not any(other in name for other in ("90y", "y-90", "225ac", "111in"))


def _two_more(given: Fact) -> Fact:
    if not isinstance(given.value, Interval) or given.value.low is None:
        return given
    low, high = given.value.low, given.value.high
    value = Interval(low + TWO_MORE_GBQ, None if high is None else high + TWO_MORE_GBQ)
    detail = f"given so far and {TWO_MORE_GBQ} GBq"
    return Fact(value, unit="GBq", sources=given.sources, detail=detail, is_timeless=True)


def _months(case: CaseRows, as_of: dt.date) -> Fact:
    rows = [r for r in assertions(case, "prrt_benefit", as_of) if r.state == ClinicalAssertion.State.ASSERTED]
    return months_of(rows)


def _scan_after(case: CaseRows, cycles: list[PrrtCycle], courses: list[_Course], as_of: dt.date) -> Fact:
    if not cycles and not courses:
        return unknown("missing", "no PRRT recorded")
    scan = newest_sstr_scan(case, as_of)
    if scan is None:
        return unknown("no_scan")
    # Cycles that are not recorded lie before the end of their line.
    unfinished = [course.line for course in courses if not course.is_whole]
    spans = [*(c.clinical_span for c in cycles), *(line.stop_span for line in unfinished)]
    sources = (source(scan), *map(source, (*cycles, *unfinished)))
    if any(span is not None and span[0] >= scan.clinical_span[1] for span in spans):
        return Fact(frozenset({"no"}), clinical_date=dated(scan), sources=sources)
    if any(span is None for span in spans):
        return unknown("undated", "a PRRT cycle", sources, dated(scan))
    is_after = all(is_surely_before(span, scan.clinical_span) for span in spans)
    return Fact(frozenset({"yes"} if is_after else {"yes", "no"}), clinical_date=dated(scan), sources=sources)
