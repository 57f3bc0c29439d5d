"""The ``[[test]]`` cases inside a guideline file: facts in, expected verdict and rows out."""

import datetime as dt
from decimal import Decimal
from typing import Any

from eligibility.domain.facts import REASONS, Fact, FactKind, LesionFact, unknown
from eligibility.domain.guideline import Guideline
from eligibility.domain.rules import evaluate
from eligibility.domain.vocabulary import FACTS
from eligibility.schema import Block
from patients.domain.ki67 import Interval

KEYS = {"name", "as_of", "verdict"}
OPTIONAL = {"based_on", "facts", "rows"}
FACT_KEYS = {"is", "unknown", "value", "low", "high", "unit", "date", "lesions"}


def run(guideline: Guideline, blocks: list[Block]) -> None:
    """Raise GuidelineError at the first case that does not come out as written."""
    facts_by_name: dict[str, dict[str, Fact]] = {}
    for block in blocks:
        block.check_keys(KEYS, OPTIONAL)
        if type(block.values["as_of"]) is not dt.date:
            raise block.refuse("as_of is a date such as 2025-03-01, without quotes", "as_of")
        facts = _facts(block, facts_by_name)
        facts_by_name[block.values["name"]] = facts
        _compare(block, guideline, facts)


def _facts(block: Block, earlier: dict[str, dict[str, Fact]]) -> dict[str, Fact]:
    base = block.values.get("based_on")
    if base is not None and base not in earlier:
        raise block.refuse(f"based_on names no earlier test: “{base}”", "based_on")
    facts = dict(earlier.get(base, {}))
    for name, given in block.values.get("facts", {}).items():
        if name not in FACTS:
            raise block.refuse(f"“{name}” is not a known fact", name)
        try:
            facts[name] = read_fact(name, given, block.values["as_of"])
        except (KeyError, TypeError, ValueError, ArithmeticError) as error:
            raise block.refuse(f"fact “{name}” cannot be read: {error}", name) from error
    return facts


def _compare(block: Block, guideline: Guideline, facts: dict[str, Fact]) -> None:
    result = evaluate(guideline, facts, block.values["as_of"])
    title = block.values["name"]
    if result.verdict_code != block.values["verdict"]:
        raise block.refuse(f"test “{title}” expects {block.values['verdict']}, got {result.verdict_code}", "verdict")
    states = {row.id: row.state.value for row in result.rows}
    for row, expected in block.values.get("rows", {}).items():
        if states.get(row) != expected:
            raise block.refuse(f"test “{title}”: row {row} is {states.get(row)}, expected {expected}", row)


def read_fact(name: str, given: Any, as_of: dt.date) -> Fact:
    """A fact as written in a test case: a word, a list of words, or a table with value, unit and date."""
    spec = FACTS[name]
    if isinstance(given, str | list):
        given = {"is": given}
    if stray := set(given) - FACT_KEYS:
        raise ValueError(f"unknown key {sorted(stray)[0]}")
    if "unknown" in given:
        return unknown(given["unknown"] if given["unknown"] in REASONS else _no_reason(given["unknown"]))
    on = given.get("date", as_of)
    if spec.kind is FactKind.LESIONS:
        return Fact(tuple(_lesion(lesion) for lesion in given["lesions"]), clinical_date=on)
    if spec.kind is FactKind.CHOICE:
        words = frozenset([given["is"]] if isinstance(given["is"], str) else given["is"])
        if not words <= spec.words:
            raise ValueError(f"not among {', '.join(sorted(spec.words))}")
        return Fact(words, clinical_date=on)
    low, high = given.get("low", given.get("value")), given.get("high", given.get("value"))
    interval = Interval(Decimal(low) if low is not None else None, Decimal(high) if high is not None else None)
    return Fact(interval, unit=given["unit"], clinical_date=on, analyte=spec.analyte)


def _lesion(given: dict[str, Any]) -> LesionFact:
    size = given.get("size_mm")
    return LesionFact(
        label=given["label"],
        site=given["site"],
        is_visceral=given.get("visceral", True),
        is_target=given.get("target", False),
        relation=frozenset(given["relation"]) if "relation" in given else None,
        reason=given.get("reason", "not_stated"),
        size_mm=None if size is None else Decimal(size),
    )


def _no_reason(word: str) -> str:
    raise ValueError(f"“{word}” is not a known reason")
