"""How close a measured value stands to what would change a row, and which limit on the safe side lies nearest.

``flip`` varies modifiable REQUIRED rows alone. A platelet count just above a contraindication is no such row, and
still the first thing a board asks about: here each row with one measured number is put beyond its limit, by itself.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal

from eligibility.domain.criteria import Comparator, Condition
from eligibility.domain.facts import Choice, Fact, Facts, LesionFact, number_text
from eligibility.domain.guideline import Criterion, Guideline, Level
from eligibility.domain.margin import in_test_unit, nearer_end
from eligibility.domain.rules import AssessmentResult, RowResult, RowState, Verdict, verdict_of
from eligibility.domain.stated_errors import StatedErrors
from patients.domain.ki67 import Interval

FAR = Decimal("Infinity")
_BEYOND = {RowState.MET: RowState.NOT_MET, RowState.CLEAR: RowState.TRIGGERED}


@dataclass(frozen=True)
class NearLimit:
    """``share``: the distance as a part of the limit; ``verdict``: what the set would say beyond it."""

    row: RowResult
    fact: str
    now: str
    limit: str
    is_above: bool
    share: Decimal
    verdict: Verdict


def near_limits(guideline: Guideline, result: AssessmentResult, errors: StatedErrors) -> tuple[NearLimit, ...]:
    """Active rows that hold by one measured number and would change the verdict without it, the nearest first.

    Measured: a number with a stated error of its own; days and doses that are counted are left out.
    """
    tests = {criterion.id: criterion for criterion in guideline.criteria}
    found = [
        near
        for row in result.rows
        if row.is_active and row.state in _BEYOND and row.id in tests
        if (near := _near(tests[row.id], row, result, errors)) is not None
    ]
    return tuple(sorted((one for one in found if one.verdict is not result.verdict), key=lambda one: one.share))


def share_to_limit(test: Condition, facts: Facts) -> Decimal:
    """Distance of a number from its limit as a part of the limit; FAR without a number or at a limit of zero."""
    fact = facts.get(test.fact) or Fact()
    if not test.threshold or not isinstance(fact.value, Interval):
        return FAR
    end = nearer_end(fact.value, test.comparator, fact, test)
    return FAR if end is None else abs(end - test.threshold) / abs(test.threshold)


def share_to_edge(lesion: LesionFact, wanted: Choice) -> Decimal:
    """Distance of a ratio from the edge of the scale behind which ``wanted`` begins; FAR without a ratio."""
    if lesion.ratio is None or lesion.tolerance is None:
        return FAR
    is_upper = ("above" in wanted) is not ("equal" in wanted)
    edge = 1 + lesion.tolerance if is_upper else 1 - lesion.tolerance
    return abs(lesion.ratio - edge) / edge


def _near(criterion: Criterion, row: RowResult, result: AssessmentResult, errors: StatedErrors) -> NearLimit | None:
    test = criterion.test
    if not isinstance(test, Condition) or test.fact not in errors or not errors[test.fact].size:
        return None
    share = share_to_limit(test, result.facts)
    if share == FAR or test.threshold is None:
        return None
    fact = result.facts[test.fact]
    is_above = (test.comparator in (Comparator.GE, Comparator.GT)) is _holds(criterion)
    verdict = verdict_of(result.guideline_kind, _beyond(result.rows, row))
    return NearLimit(row, test.fact, _now(test, fact), number_text(test.threshold), is_above, share, verdict)


def _holds(criterion: Criterion) -> bool:
    """Whether a row that is met or clear got there by its test holding."""
    return criterion.level is Level.REQUIRED and not criterion.is_exclusion


def _now(test: Condition, fact: Fact) -> str:
    assert isinstance(fact.value, Interval)
    ends = dict.fromkeys(end for end in (fact.value.low, fact.value.high) if end is not None)
    return "–".join(number_text(in_test_unit(end, fact, test.unit)) for end in ends)


def _beyond(rows: Iterable[RowResult], row: RowResult) -> list[RowResult]:
    return [replace(one, state=_BEYOND[one.state]) if one is row else one for one in rows]
