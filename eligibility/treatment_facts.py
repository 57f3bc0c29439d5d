"""Facts from what was given: whether, how long ago, how often. A chart without such a row is silent, not a "no".

A time "since" is an interval: from the least to the most it can be, by partial dates, by lines without an end and by
rows that may or may not belong to the kind. "No" comes only from a person who said so.
"""

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from decimal import Decimal

from eligibility.assertion_facts import asserted
from eligibility.case_rows import CaseRows
from eligibility.domain.facts import Fact, Source, exactly, unknown
from eligibility.fact_tools import source, usable
from eligibility.line_kinds import is_chemotherapy_line, is_prrt_line
from patients.domain.dates import Span
from patients.domain.drugs import is_long_acting_ssa, local_kinds
from patients.domain.ki67 import Interval
from patients.models import SsaInjection, TreatmentLine

Kind = TreatmentLine.TreatmentClass
SYSTEMIC = frozenset({Kind.CHEMO, Kind.TARGETED, Kind.INTERFERON, Kind.PRRT})


@dataclass(frozen=True)
class Exposure:
    """Days since something was last given, ``most`` None if unbounded; not ``is_certain``: perhaps another kind."""

    least: int
    most: int | None
    is_certain: bool
    source: Source


def treatment_facts(case: CaseRows, as_of: dt.date) -> dict[str, Fact]:
    lines = usable(case.of(TreatmentLine), as_of)
    chemotherapy = _exposures(lines, as_of, is_chemotherapy_line)
    systemic = _exposures(lines, as_of, _is_systemic)
    said_systemic = asserted(case, "prior_systemic", as_of)
    said_chemotherapy = _or_denied(asserted(case, "prior_chemotherapy", as_of), said_systemic)
    return {
        **_both("chemotherapy", chemotherapy, said_chemotherapy, as_of),
        **_both("systemic", systemic, said_systemic, as_of),
        "systemic_lines": _lines(lines, case, as_of),
        **_analogues(case, lines, as_of),
        **_local(case, lines, as_of),
    }


def _is_systemic(line: TreatmentLine) -> bool | None:
    if is_prrt_line(line) or is_chemotherapy_line(line):
        return True
    return None if line.treatment_class == Kind.OTHER else line.treatment_class in SYSTEMIC


def _local(case: CaseRows, lines: list[TreatmentLine], as_of: dt.date) -> dict[str, Fact]:
    def named(kind: str) -> Callable[[TreatmentLine], bool | None]:
        return lambda line: line.treatment_class == Kind.LOCAL and _is_named(line.regimen, kind)

    surgery, embolisation = (_exposures(lines, as_of, named(kind)) for kind in ("surgery", "embolisation"))
    beams = _exposures(lines, as_of, lambda line: line.treatment_class == Kind.EBRT or named("sirt")(line))
    return {
        **_both("surgery", surgery, asserted(case, "prior_surgery", as_of), as_of),
        **_both("embolisation", embolisation, asserted(case, "prior_embolisation", as_of), as_of),
        "has_prior_ebrt_or_sirt": _has(beams, asserted(case, "prior_ebrt_or_sirt", as_of)),
    }


def _is_named(regimen: str, kind: str) -> bool | None:
    found = local_kinds(regimen)
    return kind in found if found else None


def _analogues(case: CaseRows, lines: list[TreatmentLine], as_of: dt.date) -> dict[str, Fact]:
    """Injections are exact for their own day. A line counts beside them: what came after is not always recorded."""
    injections = usable(case.of(SsaInjection), as_of)
    forms = [(row, _acts_long(row)) for row in injections]
    said = _either_kind(asserted(case, "prior_ssa", as_of))
    facts: dict[str, Fact] = {}
    for name, is_long in (("long_acting_ssa", True), ("short_acting_ssa", False)):
        given = [(row, acts_long) for row, acts_long in forms if acts_long in (is_long, None)]
        found = [
            _exposure(row.clinical_span, as_of, acts_long is not None, source(row, row.drug))
            for row, acts_long in given
        ]
        found += [_since_start(e, line, as_of) for line, e in _pairs(lines, as_of, _is_analogue(is_long))]
        facts |= {f"has_{name}": _has(found, said), f"days_since_{name}": _days(found, as_of)}
    return facts


def _acts_long(row: SsaInjection) -> bool | None:
    """As recorded, else as the name says; None where neither tells."""
    return is_long_acting_ssa(row.drug) if row.is_long_acting is None else row.is_long_acting


def _either_kind(said: Fact) -> Fact:
    """Who says that an analogue was given has not said whether it acts long or short."""
    return replace(said, value=frozenset({"yes", "no"})) if said.value == frozenset({"yes"}) else said


def _is_analogue(is_long: bool) -> Callable[[TreatmentLine], bool | None]:
    def answer(line: TreatmentLine) -> bool | None:
        if line.treatment_class != Kind.SSA:
            return False
        named = is_long_acting_ssa(line.regimen)
        return None if named is None else named is is_long

    return answer


def _since_start(exposure: Exposure, line: TreatmentLine, as_of: dt.date) -> Exposure:
    """A line that runs says that it began, not when the last dose was."""
    if not line.is_ongoing:
        return exposure
    started = line.clinical_span
    return Exposure(0, (as_of - started[0]).days if started else None, exposure.is_certain, exposure.source)


def _pairs(
    lines: Iterable[TreatmentLine], as_of: dt.date, belongs: Callable[[TreatmentLine], bool | None]
) -> list[tuple[TreatmentLine, Exposure]]:
    answers = [(line, belongs(line)) for line in lines]
    return [
        (line, _exposure(_last_given(line, as_of), as_of, answer is True, source(line, line.regimen)))
        for line, answer in answers
        if answer is not False
    ]


def _exposures(
    lines: Iterable[TreatmentLine], as_of: dt.date, belongs: Callable[[TreatmentLine], bool | None]
) -> list[Exposure]:
    return [exposure for _, exposure in _pairs(lines, as_of, belongs)]


def _last_given(line: TreatmentLine, as_of: dt.date) -> Span | None:
    """An operation has one day; a line runs until it stops, and one without an end may have run until today."""
    started = line.clinical_span
    if line.is_ongoing:
        return as_of, as_of
    if line.stop_span is not None:
        return line.stop_span
    if line.treatment_class == Kind.LOCAL or started is None:
        return started
    return started[0], as_of


def _exposure(given: Span | None, as_of: dt.date, is_certain: bool, about: Source) -> Exposure:
    if given is None:
        return Exposure(0, None, is_certain, about)
    return Exposure(max(0, (as_of - given[1]).days), max(0, (as_of - given[0]).days), is_certain, about)


def _both(name: str, found: list[Exposure], said: Fact, as_of: dt.date) -> dict[str, Fact]:
    return {f"has_prior_{name}": _has(found, said), f"days_since_{name}": _days(found, as_of)}


def _has(found: list[Exposure], said: Fact) -> Fact:
    if not found:
        return said
    sources = tuple(e.source for e in found)
    certain = any(e.is_certain for e in found)
    return Fact(frozenset({"yes"}) if certain else frozenset({"yes", "no"}), sources=sources, is_timeless=True)


def _days(found: list[Exposure], as_of: dt.date) -> Fact:
    if not found:
        return unknown("missing")
    most = [e.most for e in found if e.is_certain and e.most is not None]
    least, highest = min(e.least for e in found), min(most, default=None)
    value = Interval(Decimal(least), None if highest is None else Decimal(highest))
    on = as_of - dt.timedelta(days=least) if least == highest else None
    return Fact(value, unit="days", clinical_date=on, sources=tuple(e.source for e in found))


def _or_denied(said: Fact, wider: Fact) -> Fact:
    """Who says that there was no systemic therapy has said that there was no chemotherapy."""
    is_denied = said.value is None and said.reason == "missing" and wider.value == frozenset({"no"})
    return wider if is_denied else said


def _lines(lines: list[TreatmentLine], case: CaseRows, as_of: dt.date) -> Fact:
    """At least the recorded systemic lines; none is zero only where both other kinds of therapy were denied."""
    sure = [line for line in lines if line.treatment_class == Kind.SSA or _is_systemic(line)]
    perhaps = [line for line in lines if line.treatment_class != Kind.SSA and _is_systemic(line) is None]
    said_ssa = asserted(case, "prior_ssa", as_of)
    unlisted = _unlisted_analogues(sure, case, said_ssa, as_of)
    if not (sure or perhaps or unlisted):
        return _no_lines(asserted(case, "prior_systemic", as_of), said_ssa)
    few = max(len(sure), _numbered(lines, sure)) + bool(unlisted)
    many = len(sure) + len(perhaps)
    is_whole = not unlisted and _are_all(lines, [*sure, *perhaps], said_ssa)
    sources = (*(source(line, line.regimen) for line in (*sure, *perhaps)), *unlisted)
    value = Interval(Decimal(few), Decimal(max(few, many)) if is_whole else None)
    return Fact(value, unit="lines", sources=sources, is_timeless=True)


def _no_lines(*denied: Fact) -> Fact:
    if any(fact.value != frozenset({"no"}) for fact in denied):
        return unknown("missing")
    sources = tuple(s for fact in denied for s in fact.sources)
    return Fact(exactly(Decimal(0)), unit="lines", sources=sources, is_timeless=True)


def _unlisted_analogues(
    sure: list[TreatmentLine], case: CaseRows, said_ssa: Fact, as_of: dt.date
) -> tuple[Source, ...]:
    """What speaks of analogues where no line does."""
    if any(line.treatment_class == Kind.SSA for line in sure):
        return ()
    given = tuple(source(row, row.drug) for row in usable(case.of(SsaInjection), as_of))
    return given or (said_ssa.sources if said_ssa.value == frozenset({"yes"}) else ())


def _numbered(lines: list[TreatmentLine], sure: list[TreatmentLine]) -> int:
    """A fourth line has three before it, recorded or not; numbers that went to other treatments do not count."""
    highest = max((line.line_number or 0 for line in sure), default=0)
    ids = {line.pk for line in sure}
    others = {line.line_number for line in lines if line.pk not in ids and 0 < (line.line_number or 0) < highest}
    return highest - len(others - {line.line_number for line in sure})


def _are_all(lines: list[TreatmentLine], counted: list[TreatmentLine], said_ssa: Fact) -> bool:
    """Lines numbered from one without a gap were counted by a person; analogues are often not among them."""
    numbers = {line.line_number for line in lines if line.line_number}
    is_gapless = numbers == set(range(1, len(numbers) + 1)) and all(line.line_number for line in counted)
    has_analogue = any(line.treatment_class == Kind.SSA for line in counted)
    return is_gapless and (has_analogue or said_ssa.value == frozenset({"no"}))
