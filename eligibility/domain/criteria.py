"""One condition against one fact, in three values, keeping the published comparator.

``True`` holds, ``False`` does not, ``None`` unknown. Compounds follow Kleene: an "any" with one part that
holds holds whatever the unknown parts are; an "all" with one part that fails fails.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum

from eligibility.domain.facts import (
    REASONS,
    Choice,
    Fact,
    Facts,
    LesionFact,
    Source,
    choice_text,
    interval_text,
    lesion_text,
    number_text,
)
from eligibility.domain.lesions import QUANTIFIER_TEXT, LesionVerdict, OpenReason, Quantifier, judge
from eligibility.domain.vocabulary import label_of
from patients.domain.ki67 import Interval
from patients.domain.units import UnitRefused, convert


class Comparator(StrEnum):
    LT = "<"
    LE = "<="
    GE = ">="
    GT = ">"
    IN = "in"
    KNOWN = "known"


SHOWN = {Comparator.LT: "<", Comparator.LE: "≤", Comparator.GE: "≥", Comparator.GT: ">"}


@dataclass(frozen=True)
class Condition:
    """``fact comparator threshold``; ``among`` is the threshold of "in", ``quantifier`` only for lesion facts."""

    fact: str
    comparator: Comparator
    threshold: Decimal | None = None
    among: Choice = frozenset()
    unit: str = ""
    max_age_days: int | None = None
    quantifier: Quantifier | None = None


@dataclass(frozen=True)
class Compound:
    """``any`` or ``all`` of its parts."""

    is_any: bool
    parts: tuple["Condition | Compound", ...]


Test = Condition | Compound


@dataclass(frozen=True)
class Finding:
    """What a condition said: its truth, and everything a person needs to check it."""

    truth: bool | None
    value_text: str
    reasons: tuple[str, ...] = ()
    reason_text: str = ""
    fact_names: tuple[str, ...] = ()
    clinical_date: dt.date | None = None
    sources: tuple[Source, ...] = ()
    lesions: tuple[LesionVerdict, ...] = ()


def check(test: Test, facts: Facts, as_of: dt.date) -> Finding:
    """Evaluate ``test`` on ``as_of``; a fact absent from ``facts`` is missing."""
    if isinstance(test, Compound):
        return _check_compound(test, facts, as_of)
    fact = facts.get(test.fact) or Fact()
    found = _check_one(test, fact, as_of)
    return Finding(
        truth=found.truth,
        value_text=found.value_text,
        reasons=found.reasons,
        reason_text=found.reason_text,
        fact_names=(test.fact,),
        clinical_date=fact.clinical_date,
        sources=fact.sources,
        lesions=found.lesions,
    )


def truth_of(test: Test, facts: Facts, as_of: dt.date) -> bool | None:
    """The truth that ``check`` finds, without a word of explanation: several times cheaper."""
    if isinstance(test, Compound):
        return _kleene(test, [truth_of(part, facts, as_of) for part in test.parts])
    fact = facts.get(test.fact)
    return None if fact is None or fact.value is None or _staleness(test, fact, as_of) else _truth_of_value(test, fact)


def threshold_text(test: Test) -> str:
    """The comparator and threshold as printed, e.g. "< 30 mL/min"; compounds in words."""
    if isinstance(test, Compound):
        if not test.is_any and all(_is_known(part) for part in test.parts):
            return ", ".join(["recorded, each of them", *_common_window(test)])
        return (" or " if test.is_any else " and ").join(_part_text(part) for part in test.parts)
    if test.comparator is Comparator.KNOWN:
        return "recorded"
    if test.comparator is Comparator.IN:
        return choice_text(test.among)
    assert test.threshold is not None
    return f"{SHOWN[test.comparator]} {number_text(test.threshold)} {test.unit}".rstrip()


def words_of(test: Test | None) -> tuple[str, ...]:
    """The words that a row about one of some words names, as printed; none of another row."""
    if not isinstance(test, Condition) or test.comparator is not Comparator.IN:
        return ()
    return tuple(choice_text(frozenset({word})) for word in sorted(test.among))


def fact_names(test: Test) -> tuple[str, ...]:
    """Every fact a test reads, in order."""
    if isinstance(test, Condition):
        return (test.fact,)
    return tuple(name for part in test.parts for name in fact_names(part))


def _common_window(test: Compound) -> list[str]:
    found = [window_texts(part) for part in test.parts if isinstance(part, Condition)]
    return found[0] if all(one == found[0] for one in found) else []


def _is_known(test: Test) -> bool:
    return isinstance(test, Condition) and test.comparator is Comparator.KNOWN


def _part_text(test: Test) -> str:
    text = threshold_text(test)
    if isinstance(test, Compound):
        return f"({text})"
    more = "; ".join([*([QUANTIFIER_TEXT[test.quantifier]] if test.quantifier else []), *window_texts(test)])
    return f"{label_of(test.fact)} {text}" + (f" ({more})" if more else "")


def window_texts(test: Condition) -> list[str]:
    return [f"at most {test.max_age_days} days old"] if test.max_age_days else []


def _check_compound(test: Compound, facts: Facts, as_of: dt.date) -> Finding:
    found = [check(part, facts, as_of) for part in test.parts]
    truth = _kleene(test, [f.truth for f in found])
    pairs = list(zip(test.parts, found, strict=True))
    dates = [f.clinical_date for f in found if f.clinical_date]
    return Finding(
        truth=truth,
        value_text="; ".join(_prefixed(part, f.value_text) for part, f in pairs),
        reasons=_unique(r for f in found for r in f.reasons) if truth is None else (),
        reason_text="; ".join(_prefixed(part, f.reason_text) for part, f in pairs if truth is None and f.truth is None),
        fact_names=tuple(n for f in found for n in f.fact_names),
        clinical_date=min(dates, default=None),
        sources=tuple(dict.fromkeys(s for f in found for s in f.sources)),
    )


def _kleene(test: Compound, truths: list[bool | None]) -> bool | None:
    decisive = test.is_any
    return decisive if decisive in truths else (None if None in truths else not decisive)


def _prefixed(part: Test, text: str) -> str:
    return f"{label_of(part.fact)}: {text}" if isinstance(part, Condition) else text


def _check_one(test: Condition, fact: Fact, as_of: dt.date) -> Finding:
    if fact.value is None:
        return _unknown(fact.reason, fact.detail, value_text=fact.value_text)
    text = fact.value_text
    if stale := _staleness(test, fact, as_of):
        return _unknown(*stale, value_text=text)
    if isinstance(fact.value, tuple):
        return _check_lesions(test, fact.value)
    if test.comparator is Comparator.KNOWN:
        return Finding(True, text)
    if isinstance(fact.value, Interval):
        return _check_number(test, fact, fact.value, text)
    return _decide(_all_none_or_unknown(fact.value, test.among), text)


def _truth_of_value(test: Condition, fact: Fact) -> bool | None:
    if isinstance(fact.value, tuple):
        return _judged(test, fact.value)[0]
    if test.comparator is Comparator.KNOWN:
        return True
    if not isinstance(fact.value, Interval):
        return None if fact.value is None else _all_none_or_unknown(fact.value, test.among)
    try:
        return _compared(test, _in_unit_of(test, fact, fact.value))
    except UnitRefused:
        return None


def _staleness(test: Condition, fact: Fact, as_of: dt.date) -> tuple[str, str] | None:
    if fact.clinical_date is not None and fact.clinical_date > as_of:
        return "dated_later", fact.clinical_date.isoformat()
    if test.max_age_days is None or fact.is_timeless:
        return None
    if fact.clinical_date is None:
        return "undated", f"the rule asks for a value of the last {test.max_age_days} days"
    age = (as_of - fact.clinical_date).days
    if age <= test.max_age_days:
        return None
    return "out_of_date", f"{age} days old, at most {test.max_age_days}"


def _check_number(test: Condition, fact: Fact, value: Interval, text: str) -> Finding:
    try:
        value = _in_unit_of(test, fact, value)
    except UnitRefused:
        return _unknown("unit_not_convertible", f"{fact.unit} to {test.unit}", value_text=text)
    if fact.unit != test.unit:
        text = f"{text} = {interval_text(value)} {test.unit}"
    return _decide(_compared(test, value), text)


def _compared(test: Condition, value: Interval) -> bool | None:
    assert test.threshold is not None
    return value.compare(test.comparator.value, test.threshold)


def _in_unit_of(test: Condition, fact: Fact, value: Interval) -> Interval:
    return value if fact.unit == test.unit else _converted(value, fact, test.unit)


def _converted(value: Interval, fact: Fact, unit: str) -> Interval:
    def to(number: Decimal | None) -> Decimal | None:
        return None if number is None else convert(number, fact.unit, unit, fact.analyte)

    return replace(value, low=to(value.low), high=to(value.high), text="")


def _check_lesions(test: Condition, lesions: tuple[LesionFact, ...]) -> Finding:
    truth, open_reasons, verdicts = _judged(test, lesions)
    text = "; ".join(lesion_text(v.lesion) + (f" [{v.note}]" if v.note else "") for v in verdicts)
    if truth is not None:
        return Finding(truth, text, lesions=verdicts)
    said = "; ".join(_sentence(found.code, ", ".join(found.labels)) for found in open_reasons)
    codes = tuple(found.code for found in open_reasons)
    return Finding(None, text, reasons=codes, reason_text=said, lesions=verdicts)


def _judged(
    test: Condition, lesions: tuple[LesionFact, ...]
) -> tuple[bool | None, tuple[OpenReason, ...], tuple[LesionVerdict, ...]]:
    assert test.quantifier is not None
    return judge(lesions, test.quantifier, lambda r: _all_none_or_unknown(r, test.among))


def _all_none_or_unknown(value: Choice, among: Choice) -> bool | None:
    if value <= among:
        return True
    return None if value & among else False


def _decide(truth: bool | None, text: str) -> Finding:
    return Finding(truth, text) if truth is not None else _unknown("straddles", text, value_text=text)


def _unknown(reason: str, detail: str, *, value_text: str) -> Finding:
    return Finding(None, value_text, reasons=(reason,), reason_text=_sentence(reason, detail))


def _sentence(reason: str, detail: str) -> str:
    return REASONS[reason] + (f": {detail}" if detail else "")


def _unique(items: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(items))
