"""Facts about earlier PRRT: activity given, what two more cycles would add up to, and whether a scan came after it."""

import datetime as dt
from decimal import Decimal

from eligibility.assertion_facts import asserted, assertions, number_in
from eligibility.case_rows import CaseRows
from eligibility.domain.facts import Fact, exactly, unknown
from eligibility.fact_tools import dated, source, usable
from eligibility.lesion_facts import newest_sstr_scan
from patients.domain.dates import is_surely_before
from patients.domain.ki67 import Interval
from patients.models import ClinicalAssertion, PrrtCycle, TreatmentLine

# Re-treatment in the series read: two more cycles of 7.4 GBq (van der Zwan et al., EJNMMI 2019).
TWO_MORE_GBQ = Decimal("14.8")
_MBQ_PER_GBQ = Decimal(1000)


def prrt_facts(case: CaseRows, as_of: dt.date) -> dict[str, Fact]:
    cycles = usable(case.of(PrrtCycle), as_of)
    lines = [r for r in usable(case.of(TreatmentLine), as_of) if r.treatment_class == TreatmentLine.TreatmentClass.PRRT]
    prior = _prior(case, cycles, lines, as_of)
    given = _activity(cycles, lines, prior)
    return {
        "has_prior_prrt": prior,
        "has_prior_prrt_benefit": asserted(case, "prrt_benefit", as_of),
        "prior_prrt_pfs_months": _months(case, as_of),
        "cumulative_activity_gbq": given,
        "cumulative_with_two_more_gbq": _two_more(given),
        "is_sstr_scan_after_prrt": _scan_after(case, cycles, lines, as_of),
    }


def _prior(case: CaseRows, cycles: list[PrrtCycle], lines: list[TreatmentLine], as_of: dt.date) -> Fact:
    if given := [*lines, *cycles]:
        return Fact(frozenset({"yes"}), sources=tuple(map(source, given)), is_timeless=True)
    return asserted(case, "prior_prrt", as_of)


def _activity(cycles: list[PrrtCycle], lines: list[TreatmentLine], prior: Fact) -> Fact:
    """The sum; without an upper end where a cycle has no activity or a line counts more cycles than are recorded."""
    if prior.value == frozenset({"no"}):
        return Fact(exactly(Decimal(0)), unit="GBq", sources=prior.sources, is_timeless=True)
    if not cycles:
        return unknown("not_stated" if lines else "missing", sources=tuple(map(source, lines)))
    known = [cycle.activity_mbq for cycle in cycles if cycle.activity_mbq is not None]
    total = sum(known, Decimal(0)) / _MBQ_PER_GBQ
    counted = sum(line.cycles or 0 for line in lines)
    is_whole = len(known) == len(cycles) and counted <= len(cycles)
    value = Interval(total, total if is_whole else None)
    return Fact(value, unit="GBq", sources=tuple(map(source, cycles)), is_timeless=True)


def _two_more(given: Fact) -> Fact:
    if not isinstance(given.value, Interval) or given.value.low is None:
        return given
    low, high = given.value.low, given.value.high
    value = Interval(low + TWO_MORE_GBQ, None if high is None else high + TWO_MORE_GBQ)
    detail = f"given so far and {TWO_MORE_GBQ} GBq"
    return Fact(value, unit="GBq", sources=given.sources, detail=detail, is_timeless=True)


def _months(case: CaseRows, as_of: dt.date) -> Fact:
    rows = [r for r in assertions(case, "prrt_benefit", as_of) if r.state == ClinicalAssertion.State.ASSERTED]
    return number_in(rows, "months")


def _scan_after(case: CaseRows, cycles: list[PrrtCycle], lines: list[TreatmentLine], as_of: dt.date) -> Fact:
    if not cycles and not lines:
        return unknown("missing", "no PRRT recorded")
    scan = newest_sstr_scan(case, as_of)
    if scan is None:
        return unknown("no_scan")
    spans = [c.clinical_span for c in cycles] or [line.stop_span for line in lines]
    sources = (source(scan), *map(source, cycles or lines))
    if any(span is None for span in spans):
        return unknown("undated", "a PRRT cycle", sources, dated(scan))
    is_after = all(is_surely_before(span, scan.clinical_span) for span in spans)
    is_before = any(span[0] >= scan.clinical_span[1] for span in spans)
    words = {"yes"} if is_after else {"no"} if is_before else {"yes", "no"}
    return Fact(frozenset(words), clinical_date=dated(scan), sources=sources)
