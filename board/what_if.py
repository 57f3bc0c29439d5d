"""The sandbox: values tried in place of facts, and what the rule sets would say then. Nothing is stored.

A tried value stands alone and counts as of today: a clearance is not computed again from a tried creatinine. An empty
field leaves the fact as it is. Lesions count as read on a scan of today only where every one of them is tried: one that
is tried makes the scan of the others no newer.
"""

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from board import words
from board.chart import Chart
from eligibility.domain.criteria import Condition, Test, fact_names
from eligibility.domain.facts import Fact, FactKind, Facts, LesionFact, choice_text, unknown
from eligibility.domain.guideline import Guideline
from eligibility.domain.rules import AssessmentResult, RowResult, evaluate
from eligibility.domain.vocabulary import FACTS, label_of
from eligibility.loader import guideline
from patients.domain.ki67 import Interval
from patients.domain.numbers import NumberRefused, decimal_of

UNKNOWN = "unknown"
RELATIONS = ("none", "below", "equal", "above")
LONGEST = 20
_NUMBER = r"([0-9]{1,7}(?:[.,][0-9]{1,4})?)"
_ONE = re.compile(rf"\s*(<|>|)\s*{_NUMBER}\s*")
_RANGE = re.compile(rf"\s*{_NUMBER}\s*(?:-|–|to)\s*{_NUMBER}\s*")
REFUSED = "Write a number such as 88, a range such as 7-8, a limit such as < 20, or the word unknown."


@dataclass(frozen=True)
class Field:
    """One value that may be tried; ``recorded`` is what is there, ``error`` a sentence about ``typed``."""

    name: str
    label: str
    recorded: str
    unit: str = ""
    options: tuple[tuple[str, str], ...] = ()
    typed: str = ""
    error: str = ""


@dataclass(frozen=True)
class RowChange:
    title: str
    before: RowResult
    after: RowResult


@dataclass(frozen=True)
class Outcome:
    """One rule set as recorded and with the tried values."""

    key: str
    before: AssessmentResult
    after: AssessmentResult
    rows: list[RowChange]


@dataclass(frozen=True)
class Sandbox:
    """``outcomes`` is empty while a typed value cannot be read."""

    fields: list[Field]
    outcomes: list[Outcome]
    tried: int

    @property
    def errors(self) -> list[Field]:
        return [field for field in self.fields if field.error]


def sandbox(chart: Chart, keys: list[str], typed: Mapping[str, str]) -> Sandbox:
    """``typed``: what the form holds, by field name."""
    facts, today = chart.facts_on(chart.today), chart.today
    sets = [guideline(key) for key in keys]
    fields = [field for name in _names(sets) for field in _fields(name, facts.get(name) or Fact(), sets, typed, today)]
    tried = sum(bool(field.typed) for field in fields)
    if any(field.error for field in fields):
        return Sandbox(fields, [], tried)
    changed = {**facts, **_overrides(fields, facts, sets, today)}
    before = chart.assessed_on(today)
    return Sandbox(fields, [_outcome(one, before[one.id], changed, today) for one in sets], tried)


def _names(sets: Iterable[Guideline]) -> list[str]:
    """Every fact that an active row of the sets reads, in their order."""
    tests = (c.test for one in sets for c in one.criteria if c.is_active and c.test is not None)
    return list(dict.fromkeys(name for test in tests for name in fact_names(test)))


def _fields(name: str, fact: Fact, sets: list[Guideline], typed: Mapping[str, str], today: dt.date) -> list[Field]:
    spec = FACTS[name]
    if spec.kind is FactKind.LESIONS:
        lesions = fact.value if isinstance(fact.value, tuple) else ()
        return [_lesion_field(lesion, typed) for lesion in lesions]
    label, key = words.typeset(words.sentence(label_of(name))), f"f-{name}"
    given = typed.get(key, "").strip()
    recorded = _recorded(fact, today)
    if spec.kind is FactKind.CHOICE:
        options = tuple((word, choice_text(frozenset({word}))) for word in sorted(spec.words))
        return [_checked(Field(key, label, recorded, options=(*options, (UNKNOWN, "unknown")), typed=given))]
    unit = _unit(name, fact, sets)
    return [Field(key, label, recorded, words.unit(unit), typed=given, error=_error(given))]


def _error(given: str) -> str:
    try:
        is_read = not given or (len(given) <= LONGEST and _read(given) is not None)
    except NumberRefused as refused:
        return str(refused)
    return "" if is_read else REFUSED


def _lesion_field(lesion: LesionFact, typed: Mapping[str, str]) -> Field:
    key = f"l-{lesion.label}"
    options = (*((word, f"{word} liver" if word != "none" else "none") for word in RELATIONS), (UNKNOWN, "unknown"))
    recorded = choice_text(lesion.relation) if lesion.relation else "not known"
    label = f"{lesion.label} {lesion.site}: uptake"
    return _checked(Field(key, label, recorded, options=options, typed=typed.get(key, "").strip()))


def _checked(field: Field) -> Field:
    is_known = not field.typed or field.typed in dict(field.options)
    return field if is_known else replace(field, error="Choose one of the words of the list.")


def _recorded(fact: Fact, today: dt.date) -> str:
    text = words.typeset(fact.value_text)
    if fact.value is None or fact.clinical_date is None or fact.is_timeless or fact.unit == "days":
        return text
    days = (today - fact.clinical_date).days
    return f"{text}, {days} day{'' if days == 1 else 's'} old"


def _unit(name: str, fact: Fact, sets: Iterable[Guideline]) -> str:
    """That of the recorded value, else of the first limit that names one."""
    if fact.value is not None and fact.unit:
        return fact.unit
    tests = (c.test for one in sets for c in one.criteria if c.test is not None)
    units = (part.unit for test in tests for part in _conditions(test) if part.fact == name and part.unit)
    return next(units, (*FACTS[name].units, "")[0])


def _conditions(test: Test) -> list[Condition]:
    return [test] if isinstance(test, Condition) else [one for part in test.parts for one in _conditions(part)]


def _read(text: str) -> Interval | str | None:
    """An interval, "unknown", or None for what is neither. Raises NumberRefused."""
    if text.casefold() == UNKNOWN:
        return UNKNOWN
    if found := _RANGE.fullmatch(text):
        low, high = decimal_of(found[1]), decimal_of(found[2])
        return Interval(low, high) if low <= high else None
    if not (found := _ONE.fullmatch(text)):
        return None
    number = decimal_of(found[2])
    return {
        "": Interval(number, number),
        "<": Interval(None, number, high_open=True),
        ">": Interval(number, None, low_open=True),
    }[found[1]]


def _overrides(fields: list[Field], facts: Facts, sets: list[Guideline], today: dt.date) -> dict[str, Fact]:
    found = {
        name: _tried(name, field.typed, _unit(name, facts.get(name) or Fact(), sets), today)
        for field in fields
        if field.typed and field.name.startswith("f-")
        for name in [field.name.removeprefix("f-")]
    }
    lesions = {field.name.removeprefix("l-"): field.typed for field in fields if field.typed and field.name[0] == "l"}
    return {**found, **_lesions(lesions, facts, today)}


def _tried(name: str, typed: str, unit: str, today: dt.date) -> Fact:
    if typed.casefold() == UNKNOWN:
        return unknown("recorded_unknown")
    if FACTS[name].kind is FactKind.CHOICE:
        return Fact(frozenset({typed}), clinical_date=today)
    value = _read(typed)
    assert isinstance(value, Interval)
    return Fact(value, unit=unit, clinical_date=today, analyte=FACTS[name].analyte)


def _lesions(tried: Mapping[str, str], facts: Facts, today: dt.date) -> dict[str, Fact]:
    if not tried:
        return {}
    return {name: _tried_lesions(fact, tried, today) for name, fact in facts.items() if isinstance(fact.value, tuple)}


def _tried_lesions(fact: Fact, tried: Mapping[str, str], today: dt.date) -> Fact:
    assert isinstance(fact.value, tuple)
    on = today if all(lesion.label in tried for lesion in fact.value) else fact.clinical_date
    return replace(fact, value=tuple(_as_tried(lesion, tried) for lesion in fact.value), clinical_date=on)


def _as_tried(lesion: LesionFact, tried: Mapping[str, str]) -> LesionFact:
    word = tried.get(lesion.label)
    if word is None:
        return lesion
    if word == UNKNOWN:
        return replace(lesion, relation=None, reason="not_stated", score_text="")
    return replace(lesion, relation=frozenset({word}), reason="", score_text="tried value")


def _outcome(one: Guideline, before: AssessmentResult, changed: Facts, today: dt.date) -> Outcome:
    after = evaluate(one, changed, today)
    pairs = zip(before.rows, after.rows, strict=True)
    rows = [
        RowChange(old.title, old, new)
        for old, new in pairs
        if (old.state, old.value_text) != (new.state, new.value_text)
    ]
    return Outcome(one.id, before, after, rows)
