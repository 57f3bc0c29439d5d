"""Small rule sets written in code, and lesions with a measured ratio, for margins and flips."""

from decimal import Decimal

from eligibility.domain.criteria import Comparator, Condition
from eligibility.domain.facts import Fact, LesionFact
from eligibility.domain.guideline import Criterion, Guideline, GuidelineKind, Level
from eligibility.domain.lesions import Quantifier
from patients.domain.ki67 import Interval
from tests.science.strategies import AS_OF

RELATION = "sstr_relation_to_liver"


def number(value, unit, analyte="", *, high=None, on=AS_OF) -> Fact:
    low = Decimal(str(value))
    return Fact(Interval(low, low if high is None else Decimal(str(high))), unit, on, analyte=analyte)


def platelets(value, **more) -> Fact:
    return number(value, "10^9/L", "platelets", **more)


def at_least(fact, limit, unit) -> Condition:
    return Condition(fact, Comparator.GE, Decimal(str(limit)), unit=unit)


def among(fact, *words) -> Condition:
    return Condition(fact, Comparator.IN, among=frozenset(words))


def uptake(*relations, quantifier=Quantifier.ALL_TARGET_AND_VISCERAL) -> Condition:
    return Condition(RELATION, Comparator.IN, among=frozenset(relations), quantifier=quantifier)


def row(row_id, test, *, level=Level.REQUIRED, modifiable=True, **more) -> Criterion:
    return Criterion(row_id, level, f"Title of {row_id}", "", "citation", "D", test, is_modifiable=modifiable, **more)


def a_set(*rows, kind=GuidelineKind.FULL, name="site-set") -> Guideline:
    return Guideline(name, "1", "A set", kind, "", "citation", tuple(rows), "0" * 64)


def lesion(label, ratio, relation, *, tolerance="0.10", size=20, **more) -> LesionFact:
    return LesionFact(
        label,
        "liver",
        True,
        False,
        frozenset({relation}) if isinstance(relation, str) else relation,
        size_mm=None if size is None else Decimal(size),
        reason="" if relation else "not_scored",
        ratio=None if ratio is None else Decimal(ratio),
        ratio_reason="" if ratio is not None else "not_measured",
        tolerance=None if ratio is None else Decimal(tolerance),
        **more,
    )


def seen(*lesions) -> dict[str, Fact]:
    return {RELATION: Fact(tuple(lesions), clinical_date=AS_OF)}
