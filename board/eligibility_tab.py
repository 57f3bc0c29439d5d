"""The Eligibility tab: every rule set, and below it any in full, two or all side by side, or the facts behind them."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from board.chart import Chart
from board.criteria_view import RuleSetPanel, all_keys, counts, matrix, moments, own_keys, panels
from board.fact_lines import fact_lines
from board.guarded import guarded
from board.ledger import ledger
from board.vanderbilt_panel import vanderbilt_panel
from eligibility.domain.alignment import AlignedLine, align
from eligibility.domain.rules import AssessmentResult
from eligibility.loader import guidelines

EVERY = "all"
CRITERIA, COMPARE, FACTS = "criteria", "compare", "facts"
VIEWS = {CRITERIA: "Criteria", COMPARE: "Side by side", FACTS: "Facts"}


@dataclass(frozen=True)
class Choice:
    """What the address asks for: a view, the set ``shown`` in full, ``a`` and ``b`` side by side. "" is the site's."""

    shown: str = ""
    a: str = ""
    b: str = ""
    view: str = CRITERIA

    @classmethod
    def of(cls, query: Mapping[str, str]) -> "Choice":
        a, b, view = query.get("a", ""), query.get("b", ""), query.get("view", "")
        return cls(query.get("set", ""), a, b, view if view in VIEWS else COMPARE if a or b else CRITERIA)


NO_CHOICE = Choice()


@dataclass(frozen=True)
class OtherSet:
    """A set that is not the site's own choice, on one line."""

    key: str
    result: AssessmentResult
    counts: str
    changed: str = ""

    @property
    def label(self) -> str:
        return f"{self.key} v{self.result.guideline_version}"


@dataclass(frozen=True)
class Comparison:
    """``a`` and ``b`` as chosen; ``sets`` are the columns of ``lines``."""

    a: str
    b: str
    sets: list[OtherSet]
    lines: list[AlignedLine]

    @property
    def differing(self) -> int:
        return sum(line.stands_out for line in self.lines)

    @property
    def shared(self) -> list[AlignedLine]:
        """Asked by two sets or more: here they can differ."""
        return [line for line in self.lines if line.only_in is None]

    @property
    def groups(self) -> list[tuple[str, list[AlignedLine]]]:
        """What is shared, then under a heading each what one set alone asks."""
        alone = [
            (f"Only in {one.label}", [line for line in self.lines if line.only_in == place])
            for place, one in enumerate(self.sets)
        ]
        return [("", self.shared), *((heading, lines) for heading, lines in alone if lines)]


def other_sets(chart: Chart, as_of: dt.date, keys: list[str], changed: Mapping[str, str]) -> list[OtherSet]:
    results = chart.assessed_on(as_of)
    return [OtherSet(key, results[key], counts(results[key]), changed.get(key, "")) for key in keys]


def eligibility_tab(chart: Chart, as_of: dt.date, choice: Choice) -> dict[str, Any]:
    found = guarded("eligibility", _assessed, chart, as_of, choice)
    sets = found if isinstance(found, dict) else {"eligibility": found, "view": CRITERIA}
    beside = _beside(chart, as_of) if sets["view"] == CRITERIA else {}
    return sets | beside | {"views": VIEWS}


def _beside(chart: Chart, as_of: dt.date) -> dict[str, Any]:
    return {
        "ledger": guarded("ledger", ledger, chart),
        "vanderbilt": guarded("vanderbilt", vanderbilt_panel, chart, as_of),
    }


def _assessed(chart: Chart, as_of: dt.date, choice: Choice) -> dict[str, Any]:
    keys, days, sets = all_keys(), moments(chart, as_of), guidelines()
    return {
        "moments": days,
        "chosen": next(moment for moment in days if moment.is_chosen),
        "matrix": matrix(chart, days, keys),
        "sets": [sets[key] for key in keys],
        "shown": choice.shown if choice.shown in [*keys, EVERY] else "",
        "view": choice.view,
        **_view(chart, as_of, keys, choice),
    }


def _view(chart: Chart, as_of: dt.date, keys: list[str], choice: Choice) -> dict[str, Any]:
    if choice.view == COMPARE:
        return {"comparison": _comparison(chart, as_of, keys, choice)}
    if choice.view == FACTS:
        return {"facts": fact_lines(chart, as_of)}
    return {"rule_sets": _shown(chart, as_of, keys, choice)}


def _shown(chart: Chart, as_of: dt.date, keys: list[str], choice: Choice) -> list[RuleSetPanel]:
    if choice.shown == EVERY:
        return panels(chart, as_of, keys)
    return panels(chart, as_of, [choice.shown] if choice.shown in keys else own_keys())


def _comparison(chart: Chart, as_of: dt.date, keys: list[str], choice: Choice) -> Comparison:
    results = chart.assessed_on(as_of)
    a, b = _pair(keys, own_keys(), choice)
    columns = keys if EVERY in (a, b) else list(dict.fromkeys([a, b]))
    sets = guidelines()
    lines = align([(sets[key], results[key]) for key in columns])
    return Comparison(a, b, other_sets(chart, as_of, columns, {}), lines)


def _pair(keys: list[str], own: list[str], choice: Choice) -> tuple[str, str]:
    """As chosen; else the site's last own set (a full one where it has one) beside another."""
    allowed = [*keys, EVERY]
    a = choice.a if choice.a in allowed else own[-1]
    others = [key for key in [*reversed(keys), *own] if key != a]
    b = choice.b if choice.b in allowed else (others or [a])[0]
    return a, b
