"""What a fact says, as codes and values: two facts that say the same differ in words at most."""

from decimal import Decimal
from typing import Any

from eligibility.domain.facts import Fact, LesionFact
from patients.domain.ki67 import Interval


def said(fact: Fact) -> list[Any]:
    """For comparing and digests; JSON in, JSON out."""
    if fact.value is None:
        return [fact.reason, *fact.seen]
    if isinstance(fact.value, tuple):
        return [_lesion(lesion) for lesion in fact.value]
    if isinstance(fact.value, Interval):
        ends = fact.value
        return [fact.unit, _plain(ends.low), _plain(ends.high), ends.low_open, ends.high_open]
    return sorted(fact.value)


def _lesion(lesion: LesionFact) -> list[Any]:
    return [
        lesion.label,
        lesion.site,
        lesion.is_visceral,
        lesion.is_target,
        sorted(lesion.relation) if lesion.relation else lesion.reason,
        lesion.size_reason if lesion.size_mm is None else _plain(lesion.size_mm),
        lesion.score_text,
        lesion.uptake,
    ]


def _plain(number: Decimal | None) -> str | None:
    """88.0000 and 88 are one value."""
    return None if number is None else f"{number.normalize():f}"
