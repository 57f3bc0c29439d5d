"""Flips as sentences: which value would have to stand where, from where it stands now. Sensitivity, not advice.

Per cent are of the present value, in exact decimals: from 88 to 100 is +13.6 %. A lesion is put by the scale's own
tolerance (``scale_words``).
"""

import datetime as dt
from collections.abc import Iterable

from eligibility.domain.criteria import SHOWN, Comparator, Compound, Condition, Finding, Test, check
from eligibility.domain.facts import Choice, Fact, Facts, choice_text, interval_text, number_text
from eligibility.domain.flip import FlipAnalysis
from eligibility.domain.guideline import Criterion, Guideline
from eligibility.domain.lesions import LesionVerdict
from eligibility.domain.margin import COUNTING, HUNDRED, in_test_unit, signed
from eligibility.domain.rules import RowResult, RowState, Verdict
from eligibility.domain.scale_words import any_lesion_words, distance, lesion_words, relation_words
from eligibility.domain.vocabulary import RELATIONS, label_of
from patients.domain.ki67 import Interval
from patients.domain.units import UnitRefused

_OPPOSITE = {
    Comparator.LT: Comparator.GE,
    Comparator.LE: Comparator.GT,
    Comparator.GE: Comparator.LT,
    Comparator.GT: Comparator.LE,
}
_SHOWN_BLOCKING = 3
_LONGEST_VALUE = 40


def sentences(analysis: FlipAnalysis, guideline: Guideline, facts: Facts, as_of: dt.date) -> tuple[str, ...]:
    """One sentence per minimal set; without any, why nothing varied here flips the verdict."""
    by_id = {criterion.id: criterion for criterion in guideline.criteria}

    def words(row: RowResult) -> str:
        return phrase(by_id[row.id], facts, as_of, improves=analysis.improves)

    if analysis.flips:
        return tuple(
            f"{_outcome(flip.verdict, guideline)} if {'; and '.join(map(words, flip.rows))}." for flip in analysis.flips
        )
    if analysis.blocking:
        alone = [row for row in analysis.modifiable if row.state is RowState.NOT_MET]
        said = (f"Alone, “{row.title}” would be met if {words(row)}; the verdict would stay." for row in alone)
        return (_blocked(analysis.blocking, guideline), *said)
    return (_none(analysis, guideline),)


def phrase(criterion: Criterion, facts: Facts, as_of: dt.date, *, improves: bool) -> str:
    """What would have to hold for the row to become met (or not met), beside what holds now."""
    assert criterion.test is not None
    return _reach(criterion.test, facts, as_of, want=improves is not criterion.is_exclusion)


def _none(analysis: FlipAnalysis, guideline: Guideline) -> str:
    rows = analysis.modifiable
    if analysis.improves and rows:
        named = _list(row.title for row in rows)
        return f"{len(rows)} modifiable criteria of {guideline.label} would have to change together: {named}."
    return f"No criterion of {guideline.label} is marked modifiable here, so none is varied."


def _outcome(verdict: Verdict, guideline: Guideline) -> str:
    said = {
        Verdict.ELIGIBLE: f"Would be eligible under {guideline.label}",
        Verdict.ACTIVE_ROWS_MET: f"All active rows of {guideline.label} would be met",
        Verdict.GATE_MET: f"{guideline.label} would be met",
        Verdict.GATE_NOT_MET: f"{guideline.label} would be not met",
        Verdict.NOT_ELIGIBLE: f"Would be not eligible under {guideline.label}",
    }
    return said.get(verdict, f"{guideline.label} would say “{verdict.value.replace('_', ' ')}”")


def _blocked(rows: tuple[RowResult, ...], guideline: Guideline) -> str:
    adverse = [row for row in rows if row.state is not RowState.UNKNOWN]
    named = [*adverse, *(row for row in rows if row.state is RowState.UNKNOWN)]
    shown = [_row_words(row) for row in named[:_SHOWN_BLOCKING]]
    more = [f"{len(named) - _SHOWN_BLOCKING} more"] if len(named) > _SHOWN_BLOCKING else []
    verb = "blocks" if len(named) == 1 else "block"
    return f"No change of modifiable criteria would flip {guideline.label}: {_list([*shown, *more])} {verb}."


def _row_words(row: RowResult) -> str:
    is_short = 0 < len(row.value_text) <= _LONGEST_VALUE and row.state is not RowState.UNKNOWN
    return f"{row.title} ({row.state.value}{': ' + row.value_text if is_short else ''})"


def _list(items: Iterable[str]) -> str:
    found = list(items)
    return found[0] if len(found) == 1 else f"{', '.join(found[:-1])} and {found[-1]}"


def _reach(test: Test, facts: Facts, as_of: dt.date, *, want: bool) -> str:
    found = check(test, facts, as_of)
    if isinstance(test, Compound):
        open_parts = [part for part in test.parts if check(part, facts, as_of).truth is not want]
        said = [_reach(part, facts, as_of, want=want) for part in open_parts]
        return (" or " if test.is_any is want else " and ").join(dict.fromkeys(said))
    fact = facts.get(test.fact) or Fact()
    if test.quantifier is not None:
        return _lesion_phrase(test, fact, found, want=want)
    if test.comparator is Comparator.KNOWN:
        return f"{label_of(test.fact)} were {'' if want else 'not '}recorded ({_now(fact, found)})"
    if test.comparator is Comparator.IN:
        return _choice_phrase(test, fact, found, want=want)
    return _number_phrase(test, fact, found, want=want)


def _choice_phrase(test: Condition, fact: Fact, found: Finding, *, want: bool) -> str:
    verb = "were" if found.truth is not None else "were recorded and"
    return f"{label_of(test.fact)} {verb} {'' if want else 'not '}{choice_text(test.among)} ({_now(fact, found)})"


def _number_phrase(test: Condition, fact: Fact, found: Finding, *, want: bool) -> str:
    assert test.threshold is not None
    comparator = test.comparator if want else _OPPOSITE[test.comparator]
    limit = f"{SHOWN[comparator]} {number_text(test.threshold)} {test.unit}".rstrip()
    if found.truth is None and found.reasons != ("straddles",):
        return f"{label_of(test.fact)} were recorded and {limit} ({_now(fact, found)})"
    change = _change(test, fact, comparator)
    return f"{label_of(test.fact)} {limit} ({_now(fact, found)}{', ' + change if change else ''})"


def _now(fact: Fact, found: Finding) -> str:
    if found.truth is None and found.reasons != ("straddles",):
        return f"now: {found.reason_text or found.value_text}"
    value = fact.value
    if isinstance(value, Interval):
        return f"now {interval_text(value)}"
    return f"now {choice_text(value)}" if isinstance(value, frozenset) else f"now {found.value_text}"


def _change(test: Condition, fact: Fact, comparator: Comparator) -> str:
    """From the end that has to pass the limit; "" for an open end or zero."""
    assert test.threshold is not None
    if not isinstance(fact.value, Interval):
        return ""
    end = fact.value.low if comparator in (Comparator.GE, Comparator.GT) else fact.value.high
    if not end:
        return ""
    try:
        now = in_test_unit(end, fact, test.unit)
    except UnitRefused:
        return ""
    strict = "more than " if comparator in (Comparator.GT, Comparator.LT) else ""
    return f"{strict}{signed((test.threshold / now - 1) * HUNDRED)} %"


def _lesion_phrase(test: Condition, fact: Fact, found: Finding, *, want: bool) -> str:
    wanted = test.among if want else RELATIONS - test.among
    if not isinstance(fact.value, tuple) or not found.lesions:
        return f"on a scan that counts, every lesion were read as {relation_words(wanted)} ({_now(fact, found)})"
    assert test.quantifier is not None
    counted = [v for v in found.lesions if v.weight in COUNTING]
    against = [v for v in counted if v.truth is not want]
    if test.quantifier.is_any is want:
        nearest = min(against, key=lambda v: distance(v.lesion, wanted), default=None)
        return any_lesion_words(nearest.lesion, wanted) if nearest else _no_size(counted)
    return _each(against, wanted) if against else _no_size(counted)


def _each(verdicts: list[LesionVerdict], wanted: Choice) -> str:
    return " and ".join(lesion_words(v.lesion, wanted) for v in verdicts)


def _no_size(counted: list[LesionVerdict]) -> str:
    labels = _list(v.lesion.label for v in counted) if counted else "a lesion"
    return f"{labels} were recorded as 10 mm or more"
