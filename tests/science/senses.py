"""In which sense each rule set reads each fact, and what "no worse" means."""

from collections import defaultdict
from dataclasses import replace
from decimal import Decimal

from eligibility.domain.criteria import Comparator, Compound, Condition
from eligibility.domain.facts import Choice, Fact, FactKind
from eligibility.domain.guideline import Guideline, Level
from eligibility.domain.rules import RowState, Verdict, evaluate
from eligibility.domain.vocabulary import FACTS
from patients.domain.ki67 import Interval
from tests.science.strategies import AS_OF

RANK = {
    **{Verdict.CONTRAINDICATED: 0, Verdict.NOT_ELIGIBLE: 1, Verdict.NOT_RECOMMENDED: 2, Verdict.CANNOT_DETERMINE: 3},
    **{Verdict.ACTIVE_ROWS_MET: 4, Verdict.ELIGIBLE: 4},
    **{Verdict.GATE_NOT_MET: 0, Verdict.GATE_UNKNOWN: 1, Verdict.GATE_MET: 2},
}
ROW_RANK = {RowState.NOT_MET: 0, RowState.TRIGGERED: 0, RowState.UNKNOWN: 1, RowState.MET: 2, RowState.CLEAR: 2}


def wants(guideline: Guideline) -> tuple[dict[str, int], dict[str, Choice]]:
    """Facts that all rows of a set read in one sense: +1 higher is better, -1 lower; and the words that suit all.

    A fact read in both senses (Ki-67 from 10 to 55 %) is left out: there the rule itself says that more may be worse.
    """
    signs: dict[str, set[int]] = defaultdict(set)
    words: dict[str, Choice] = {}
    for c in guideline.criteria:
        must = c.level is Level.REQUIRED and not c.is_exclusion
        for part in conditions(c.test):
            if part.threshold is not None:
                up = part.comparator in (Comparator.GE, Comparator.GT)
                signs[part.fact].add(1 if up is must else -1)
            elif part.among and FACTS[part.fact].kind is FactKind.CHOICE:
                good = part.among if must else FACTS[part.fact].words - part.among
                words[part.fact] = words.get(part.fact, FACTS[part.fact].words) & good
    return {name: sign.pop() for name, sign in signs.items() if len(sign) == 1}, {n: w for n, w in words.items() if w}


def conditions(test) -> list[Condition]:
    if test is None:
        return []
    return [c for part in test.parts for c in conditions(part)] if isinstance(test, Compound) else [test]


def moved(fact: Fact, by: Decimal) -> Fact:
    ends = fact.value
    low, high = (None if end is None else end + by for end in (ends.low, ends.high))
    return replace(fact, value=Interval(low, high, ends.low_open, ends.high_open))


def assert_no_worse(guideline, before_chart, after_chart):
    before, after = (evaluate(guideline, chart, AS_OF) for chart in (before_chart, after_chart))
    assert RANK[after.verdict] >= RANK[before.verdict]
    for row_before, row_after in zip(before.rows, after.rows, strict=True):
        if row_before.state is not RowState.INFORMATION:
            assert ROW_RANK[row_after.state] >= ROW_RANK[row_before.state], row_before.id
