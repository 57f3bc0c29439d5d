"""Facts as the rules see them: a value with unit, date and source, or the reason why there is none.

Uncertain values are sets of what they may be: an ``Interval`` of numbers, a ``Choice`` of named states.
A rule holds if it holds for all of the set, fails if it fails for all of it, and is unknown otherwise.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import cache, cached_property

from patients.domain.ki67 import Interval

Choice = frozenset[str]

REASONS: dict[str, str] = {
    "missing": "not recorded",
    "undated": "recorded without a usable date",
    "out_of_date": "out of date",
    "dated_later": "dated after the day of the assessment",
    "recorded_unknown": "recorded as unknown",
    "not_stated": "not stated by the source",
    "contradictory": "two records of the same day, or a score and its relation, contradict each other",
    "straddles": "part of the possible values meets the rule and part does not",
    "unit_not_convertible": "unit cannot be converted",
    "reference_limit_missing": "the laboratory's reference limit is not recorded",
    "input_missing": "an input of the formula is missing",
    "progression_before_treatment": "found before a systemic treatment that was given since",
    "specimens_disagree": "specimens disagree",
    "no_scan": "no SSTR scan recorded",
    "no_fdg_scan": "no FDG scan recorded",
    "fdg_pair_not_usable": "the FDG scan cannot be read with an SSTR scan (too far apart, or chemotherapy between)",
    "no_reading": "scan not read yet",
    "unsigned_proposal": "unsigned proposal",
    "recomputing": "being computed again",
    "images_non_diagnostic": "the signed reading says that the images are non-diagnostic",
    "not_scored": "lesion not scored in this reading",
    "cold_lesions_not_assessed": "the reader has not looked for lesions without uptake (CT, FDG, the scan before)",
    "not_assessable": "lesion not assessable on this scan",
    "size_unknown": "lesion size not recorded, so whether the lesion counts is unknown",
    "size_illustrative": "lesion size is illustrative, not a clinical fact, so whether the lesion counts is unknown",
    "nothing_assessable": "no lesion large enough to be assessed",
    "not_in_force": "the rule set is not in force on this date",
}


RATIO_REASONS: dict[str, str] = {
    "not_measured": "ratio to liver not measured",
    "recomputing": "ratio to liver being computed again",
    "provisional": "ratio to liver provisional",
    "illustrative": "uptake illustrative, not a measurement",
    "refused": "ratio to liver refused",
}


class FactKind(StrEnum):
    NUMBER = "number"
    CHOICE = "choice"
    LESIONS = "lesions"


@dataclass(frozen=True)
class Source:
    """Where a value came from: model label, the row's lasting id, and words for a person."""

    model: str
    id: str
    label: str


@dataclass(frozen=True)
class LesionFact:
    """One lesion on one scan, as read.

    ``relation``: possible relations to liver (none, below, equal, above), or None with ``reason``.
    ``size_mm``: long axis on CT in mm, or None with ``size_reason``. ``uptake``: the number or state that
    ``uptake_text`` puts into words. ``ratio``: measured uptake over the liver's mean, without unit, or None with
    ``ratio_reason``; ``tolerance``: the band around the liver it is compared with. Ratio and tolerance say how near
    an edge a relation lies; no rule reads them, and they are no part of a digest.
    """

    label: str
    site: str
    is_visceral: bool
    is_target: bool
    relation: Choice | None
    size_mm: Decimal | None = None
    reason: str = "missing"
    size_reason: str = "size_unknown"
    score_text: str = ""
    uptake: str = ""
    uptake_text: str = ""
    source: Source | None = None
    ratio: Decimal | None = None
    ratio_reason: str = "not_measured"
    tolerance: Decimal | None = None

    def __post_init__(self) -> None:
        _refuse_empty(self.relation)


@dataclass(frozen=True)
class Fact:
    """``value`` None means unknown for ``reason`` (a key of REASONS); ``detail`` is shown beside either.

    ``unit`` is UCUM-like text; ``analyte`` names the laboratory analyte when units may be converted.
    ``seen``: what was recorded where no value could be made of it: compared, while ``detail`` is only shown.
    ``is_timeless``: never out of date (a date of birth, not a blood count).
    """

    value: Interval | Choice | tuple[LesionFact, ...] | None = None
    unit: str = ""
    clinical_date: dt.date | None = None
    sources: tuple[Source, ...] = ()
    reason: str = "missing"
    detail: str = ""
    seen: tuple[str, ...] = ()
    analyte: str = ""
    is_timeless: bool = False

    def __post_init__(self) -> None:
        if isinstance(self.value, frozenset):
            _refuse_empty(self.value)

    @cached_property
    def value_text(self) -> str:
        """The value in its own unit, with the detail behind it; put into words once for all rows that read it."""
        if self.value is None:
            return self.detail or REASONS[self.reason]
        if isinstance(self.value, tuple):
            return "; ".join(map(lesion_text, self.value))
        plain = interval_text(self.value) if isinstance(self.value, Interval) else choice_text(self.value)
        text = f"{plain} {self.unit}".rstrip()
        return f"{text} ({self.detail})" if self.detail else text


def lesion_text(lesion: LesionFact) -> str:
    relation = choice_text(lesion.relation) if lesion.relation else REASONS[lesion.reason]
    shown = [lesion.score_text, relation if relation != lesion.score_text else "", lesion.uptake_text]
    return f"{lesion.label} {lesion.site}: " + ", ".join(part for part in shown if part)


def _refuse_empty(choice: Choice | None) -> None:
    """An empty set of possibilities would satisfy every rule at once: contradiction is a reason, not a value."""
    if choice is not None and not choice:
        raise ValueError("a known state needs at least one possible value")


Facts = Mapping[str, Fact]


def unknown(
    reason: str,
    detail: str = "",
    sources: tuple[Source, ...] = (),
    on: dt.date | None = None,
    seen: tuple[str, ...] = (),
) -> Fact:
    """A fact without a value. ``reason`` must be a key of REASONS (KeyError otherwise)."""
    if not (detail or sources or on or seen):
        return _bare(reason)
    REASONS[reason]
    return Fact(value=None, reason=reason, detail=detail, sources=sources, clinical_date=on, seen=seen)


@cache
def _bare(reason: str) -> Fact:
    """Most facts of a chart are missing, and say so in the same words."""
    REASONS[reason]
    return Fact(value=None, reason=reason)


def exactly(number: Decimal) -> Interval:
    """The interval that holds one number."""
    return Interval(low=number, high=number)


def hull(intervals: list[Interval]) -> Interval:
    """The smallest interval that holds all of ``intervals`` (at least one; ValueError otherwise)."""
    if len(intervals) == 1:
        return intervals[0]
    lows = [(i.low is not None, i.low or Decimal(0), i.low_open) for i in intervals]
    highs = [(i.high is None, i.high or Decimal(0), not i.high_open) for i in intervals]
    has_low, low, low_open = min(lows)
    no_high, high, high_closed = max(highs)
    return Interval(
        low=low if has_low else None,
        high=None if no_high else high,
        low_open=low_open if has_low else False,
        high_open=not high_closed if not no_high else False,
    )


def number_text(number: Decimal) -> str:
    """Plain decimal without trailing zeros: 88.0000 -> 88, 4.50 -> 4.5. Rules never round; only this text does.

    A computed number is cut to two places, or to four where two would print it as a whole number it is not.
    """
    exponent = number.as_tuple().exponent
    if isinstance(exponent, int) and exponent < -4:
        short = number.quantize(Decimal("0.01"))
        number = short if short % 1 else number.quantize(Decimal("0.0001"))
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def interval_text(interval: Interval) -> str:
    """7–8, < 30, ≥ 20, 88."""
    low, high = interval.low, interval.high
    if low is None and high is None:
        return "any"
    if low is None and high is not None:
        return f"{'<' if interval.high_open else '≤'} {number_text(high)}"
    if high is None and low is not None:
        return f"{'>' if interval.low_open else '≥'} {number_text(low)}"
    assert low is not None and high is not None
    if interval.is_about:
        return f"about {number_text(low)}"
    return number_text(low) if low == high else f"{number_text(low)}–{number_text(high)}"


def choice_text(choice: Choice) -> str:
    return " or ".join(sorted(word.replace("_", " ") for word in choice))
