"""Progression that still holds: found after the newest systemic line began, and for re-treatment after the last PRRT.

An assertion is about the later of the two examinations it compares. What came before a treatment was its reason, or
was answered by it; whether the disease has grown since is another question, and silence is no answer to it.
"""

import datetime as dt
from dataclasses import replace

from eligibility.assertion_facts import asserted, assertions
from eligibility.case_rows import CaseRows
from eligibility.domain.facts import Fact, Source, unknown
from eligibility.fact_tools import dated, source, usable
from eligibility.line_kinds import is_prrt_line
from patients.domain.dates import Span
from patients.models import ClinicalAssertion, PrrtCycle, TreatmentLine

Kind = TreatmentLine.TreatmentClass
# Local treatment and radiotherapy leave the disease elsewhere as it was; an analogue is given through progression.
NOT_COUNTED = frozenset({Kind.SSA, Kind.LOCAL, Kind.EBRT})
Given = tuple[Span | None, Source]


def progression_facts(case: CaseRows, as_of: dt.date) -> dict[str, Fact]:
    lines = usable(case.of(TreatmentLine), as_of)
    cycles = usable(case.of(PrrtCycle), as_of)
    begun = [(line.clinical_span, source(line, line.regimen)) for line in lines if _is_counted(line)]
    begun += _first([cycle for cycle in cycles if cycle.line_id is None])
    given = _ends([line for line in lines if is_prrt_line(line)], cycles, as_of)
    since_prrt = _valid(case, [*begun, *given], as_of) if given else unknown("missing", "no PRRT recorded")
    return {"has_progression": _valid(case, begun, as_of), "has_progression_since_prrt": since_prrt}


def _is_counted(line: TreatmentLine) -> bool:
    return line.treatment_class not in NOT_COUNTED or is_prrt_line(line)


def _first(cycles: list[PrrtCycle]) -> list[Given]:
    """Cycles without a line began with the first of them; one without a date leaves that open."""
    spans = [(cycle.clinical_span, source(cycle)) for cycle in cycles]
    undated = [pair for pair in spans if pair[0] is None]
    return undated or sorted(spans, key=lambda pair: pair[0] or ())[:1]


def _ends(lines: list[TreatmentLine], cycles: list[PrrtCycle], as_of: dt.date) -> list[Given]:
    """Every cycle, and the end of every line; without one, a line may have gone on unless its cycles are recorded."""
    counted = [line for line in lines if line.stop_span or line.is_ongoing or not _has_cycles(line, cycles)]
    ends: list[Given] = [(_end(line, as_of), source(line, line.regimen)) for line in counted]
    return [*((cycle.clinical_span, source(cycle)) for cycle in cycles), *ends]


def _has_cycles(line: TreatmentLine, cycles: list[PrrtCycle]) -> bool:
    return any(cycle.line_id == line.lineage for cycle in cycles)


def _end(line: TreatmentLine, as_of: dt.date) -> Span | None:
    if line.stop_span and not line.is_ongoing:
        return line.stop_span
    return (line.clinical_span[0], as_of) if line.clinical_span else None


def _valid(case: CaseRows, treatments: list[Given], as_of: dt.date) -> Fact:
    said = asserted(case, "progression", as_of)
    if said.value != frozenset({"yes"}):
        return said
    rows = [r for r in assertions(case, "progression", as_of) if r.state == ClinicalAssertion.State.ASSERTED]
    on = max((day for row in rows if (day := _about(row))), default=None)
    for span, about in treatments:
        if span is None or on is None:
            return unknown("undated", f"progression against {about.label}", (*said.sources, about), on)
        if on <= span[1]:
            words = f"{on.isoformat()}, {about.label}"
            return unknown("progression_before_treatment", words, (*said.sources, about), on)
    return replace(said, clinical_date=on)


def _about(row: ClinicalAssertion) -> dt.date | None:
    """The day of the later examination; never later than the assertion itself."""
    days = [day for day in (row.compared_to, dated(row)) if day]
    return min(days, default=None)
