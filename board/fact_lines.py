"""Every fact that a rule set reads: value with unit, clinical date and age, source rows, and how many rows use it."""

import datetime as dt
from dataclasses import dataclass

from board import words
from board.chart import Chart
from board.criteria_view import SourceLink, Text, folded, source_link
from eligibility.domain.criteria import fact_names
from eligibility.domain.facts import Fact
from eligibility.domain.vocabulary import label_of
from eligibility.loader import guidelines


@dataclass(frozen=True)
class FactLine:
    """``day`` "" for a fact without a date; ``uses`` counts active rows over all sets."""

    name: str
    label: str
    is_known: bool
    value: Text
    day: str
    age: str
    links: list[SourceLink]
    uses: int


def fact_lines(chart: Chart, as_of: dt.date) -> list[FactLine]:
    """Unknown first, in the order in which the sets name them."""
    facts = chart.facts_on(as_of)
    used = _uses()
    lines = [_line(name, facts.get(name) or Fact(), used[name], as_of) for name in used]
    return sorted(lines, key=lambda line: line.is_known)


def _uses() -> dict[str, int]:
    found: dict[str, int] = {}
    for guideline in guidelines().values():
        for criterion in guideline.criteria:
            for name in dict.fromkeys(fact_names(criterion.test)) if criterion.test else ():
                found[name] = found.get(name, 0) + criterion.is_active
    return found


def _line(name: str, fact: Fact, uses: int, as_of: dt.date) -> FactLine:
    on = fact.clinical_date
    return FactLine(
        name=name,
        label=words.typeset(words.sentence(label_of(name))),
        is_known=fact.value is not None,
        value=folded(words.typeset(fact.value_text)),
        day=words.day_words((on, on)) if on else "",
        age=age_words(fact, as_of),
        links=[source_link(source) for source in fact.sources],
        uses=uses,
    )


def age_words(fact: Fact, as_of: dt.date) -> str:
    """ "12 days"; "does not age" for a date of birth; "" without a date."""
    if fact.is_timeless and fact.value is not None:
        return "does not age"
    if fact.clinical_date is None:
        return ""
    days = (as_of - fact.clinical_date).days
    return f"{days} day{'' if days == 1 else 's'}"
