"""How firmly a rule set says what it says: margins of its rows, and what would change its verdict."""

import datetime as dt
from dataclasses import dataclass

from eligibility.domain.criteria import Comparator, Compound, Test
from eligibility.domain.facts import Facts
from eligibility.domain.flip import FlipAnalysis, analyse
from eligibility.domain.flip_words import sentences
from eligibility.domain.guideline import Guideline
from eligibility.domain.margin import Margin, margin_of
from eligibility.domain.rules import AssessmentResult
from eligibility.measurement_errors import stated_errors


@dataclass(frozen=True)
class Sensitivity:
    """``sentences``: one per minimal set, or why there is none."""

    analysis: FlipAnalysis
    sentences: tuple[str, ...]


def sensitivity(guideline: Guideline, result: AssessmentResult, facts: Facts) -> Sensitivity:
    unfailing = {c.id for c in guideline.criteria if c.test is not None and _never_fails(c.test)}
    analysis = analyse(result, never_fail=unfailing)
    return Sensitivity(analysis, sentences(analysis, guideline, facts, result.as_of))


def margins(guideline: Guideline, facts: Facts, as_of: dt.date) -> dict[str, Margin]:
    """By row id; rows without a margin are left out."""
    errors = stated_errors()
    found = {c.id: margin_of(c.test, facts, as_of, errors) for c in guideline.criteria if c.test is not None}
    return {row_id: margin for row_id, margin in found.items() if margin is not None}


def _never_fails(test: Test) -> bool:
    """Whether something is recorded: unknown where it is not, never "not met"."""
    if isinstance(test, Compound):
        return all(map(_never_fails, test.parts))
    return test.comparator is Comparator.KNOWN
