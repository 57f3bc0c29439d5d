"""The vignette files: facts in, verdict and blocking rows out, one row of one rule set exercised by each."""

import datetime as dt
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path

from eligibility.domain.criteria import Compound, Condition, Test
from eligibility.domain.facts import Fact
from eligibility.domain.guideline import SAFETY_LEVELS, Criterion, Guideline
from eligibility.domain.vocabulary import FACTS
from eligibility.embedded_tests import read_fact
from eligibility.loader import PACKAGED, load_file
from patients.domain.ki67 import Interval
from patients.domain.units import convert

FOLDER = Path(__file__).parent / "vignettes"
FINE, ADVERSE = {"met", "clear"}, {"not met", "triggered"}
# What "just" below or above means: one step of what is counted, 2 % of what is measured.
STEPS = {"days": Decimal(1), "years": Decimal(1), "lines": Decimal(1), "lesions": Decimal(1), "": Decimal(1)}
KARNOFSKY_STEP, MEASURED_STEP = Decimal(10), Decimal("0.02")


@dataclass(frozen=True)
class Vignette:
    guideline: str
    row: str
    name: str
    as_of: dt.date
    facts: dict[str, Fact]
    state: str
    verdict: str
    blocking: tuple[str, ...]


@cache
def sets() -> dict[str, Guideline]:
    found = [load_file(path) for path in sorted(PACKAGED.glob("*.toml"))]
    return {one.id: one for one in found}


@cache
def vignettes() -> tuple[Vignette, ...]:
    return tuple(v for path in sorted(FOLDER.glob("*.toml")) for v in _read(path))


def _read(path: Path) -> Iterator[Vignette]:
    document = tomllib.loads(path.read_text(), parse_float=Decimal)
    as_of = document["as_of"]
    chart = {name: read_fact(name, given, as_of) for name, given in document["chart"].items()}
    for case in document["case"]:
        guideline, row = case["exercises"].split("/")
        assert guideline == document["guideline"]
        facts = chart | {name: read_fact(name, given, as_of) for name, given in case["facts"].items()}
        blocking = tuple(case["blocking"])
        yield Vignette(guideline, row, case["name"], as_of, facts, case["state"], case["verdict"], blocking)


def charts() -> dict[str, tuple[dt.date, dict[str, Fact], str]]:
    """By rule set: the day, the chart on which every active row is fine, and the verdict on it."""
    found = {}
    for path in sorted(FOLDER.glob("*.toml")):
        document = tomllib.loads(path.read_text(), parse_float=Decimal)
        as_of = document["as_of"]
        chart = {name: read_fact(name, given, as_of) for name, given in document["chart"].items()}
        found[document["guideline"]] = (as_of, chart, document["verdict"])
    return found


def active_rows(guideline: Guideline) -> list[Criterion]:
    return [c for c in guideline.criteria if c.is_active and c.test is not None]


def conditions(test: Test) -> list[Condition]:
    if isinstance(test, Compound):
        return [condition for part in test.parts for condition in conditions(part)]
    return [test]


def thresholds() -> list[tuple[Guideline, Criterion, Condition]]:
    return [
        (guideline, criterion, condition)
        for guideline in sets().values()
        for criterion in active_rows(guideline)
        for condition in conditions(criterion.test)
        if condition.threshold is not None
    ]


def number_for(vignette: Vignette, condition: Condition) -> Decimal | None:
    """The exact number a vignette gives for a condition, in the unit of its threshold."""
    fact = vignette.facts.get(condition.fact)
    if fact is None or not isinstance(fact.value, Interval) or fact.value.low != fact.value.high:
        return None
    if fact.unit == condition.unit or fact.value.low is None:
        return fact.value.low
    return convert(fact.value.low, fact.unit, condition.unit, FACTS[condition.fact].analyte)


def step(condition: Condition) -> Decimal:
    if condition.fact == "karnofsky":
        return KARNOFSKY_STEP
    return STEPS.get(condition.unit) or condition.threshold * MEASURED_STEP


def blocking_rows(result) -> set[str]:
    """Active rows of a safety level that are adverse or unknown: what stands between the chart and a good verdict."""
    return {r.id for r in result.rows if r.level in SAFETY_LEVELS and (r.is_adverse or r.is_open)}
