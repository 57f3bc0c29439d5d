"""Robust or fragile: how far a row's value lies from its limit, against the stated error of that measurement.

A number is fragile when its distance from the limit is at most the stated error (per cent of the limit, or absolute);
of an interval the end nearer to the limit counts. A compound follows the parts that decide it: where one part is
enough, it is fragile only if every such part is; where all are needed, if any is. A row about lesions is fragile when
the relations recomputed from measured ratios at 0, 10, 20 or 30 % tolerance would change it (KRENNING-PET/1.0, clinical
sheet 1.3 step 3); the reader's signed relation decides all the same. A row that is unknown has no margin.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal

from eligibility.domain.criteria import SHOWN, Comparator, Compound, Condition, Test, check
from eligibility.domain.facts import RATIO_REASONS, Fact, Facts, LesionFact, number_text
from eligibility.domain.lesions import LesionVerdict, Weight, judge
from eligibility.domain.stated_errors import STATED_ERRORS, StatedError, StatedErrors
from eligibility.domain.vocabulary import label_of
from imaging.domain.krenning import OTHER_TOLERANCES, relation_at
from patients.domain.ki67 import Interval
from patients.domain.units import UnitRefused, convert

HUNDRED = Decimal(100)
COUNTING = frozenset({Weight.COUNTS, Weight.MAY_COUNT})


@dataclass(frozen=True)
class Margin:
    """``is_fragile`` None: nothing to judge it by, and ``text`` says why. ``source``: where the error is from."""

    is_fragile: bool | None
    text: str
    source: str = ""

    @property
    def word(self) -> str:
        return {True: "fragile", False: "robust", None: ""}[self.is_fragile]


def margin_of(test: Test, facts: Facts, as_of: dt.date, errors: StatedErrors = STATED_ERRORS) -> Margin | None:
    """The margin of one row's test on ``as_of``; None for an unknown row and for one without a number or lesion."""
    if isinstance(test, Condition) and test.threshold is None and test.quantifier is None:
        return None
    found = check(test, facts, as_of)
    if found.truth is None:
        return None
    if isinstance(test, Compound):
        return _of_compound(test, facts, as_of, errors, truth=found.truth)
    if found.lesions:
        return _of_lesions(test, found.lesions, truth=found.truth)
    fact = facts.get(test.fact) or Fact()
    if test.threshold is None or not isinstance(fact.value, Interval):
        return None
    return _of_number(test, fact, errors.get(test.fact))


def signed(number: Decimal, places: str = "0.1") -> str:
    """+4.0, −3.8: with its sign, a true minus, and one place."""
    rounded = number.quantize(Decimal(places))
    return f"{rounded:+f}".replace("-", "−")


def in_test_unit(number: Decimal, fact: Fact, unit: str) -> Decimal:
    """``number`` of ``fact`` in ``unit``. Raises UnitRefused."""
    return number if fact.unit == unit else convert(number, fact.unit, unit, fact.analyte)


def _of_compound(test: Compound, facts: Facts, as_of: dt.date, errors: StatedErrors, *, truth: bool) -> Margin | None:
    deciding = [part for part in test.parts if check(part, facts, as_of).truth is truth]
    found = [(part, margin_of(part, facts, as_of, errors)) for part in deciding]
    known = [(part, margin) for part, margin in found if margin is not None]
    if not known:
        return None
    one_is_enough = test.is_any is truth
    if one_is_enough and len(known) < len(found):
        return Margin(False, "robust: decided by a part that is no measurement")
    fragile = [pair for pair in known if pair[1].is_fragile]
    is_fragile = len(fragile) == len(known) if one_is_enough else bool(fragile)
    if not is_fragile and all(margin.is_fragile is None for _, margin in known):
        return Margin(None, _named(known))
    shown = [pair for pair in known if bool(pair[1].is_fragile) is is_fragile]
    return Margin(is_fragile, _named(shown), _sources(margin for _, margin in shown))


def _named(pairs: list[tuple[Test, Margin]]) -> str:
    return "; ".join(
        f"{label_of(part.fact)}: {margin.text}" if isinstance(part, Condition) else margin.text
        for part, margin in pairs
    )


def _sources(margins: Iterable[Margin]) -> str:
    return "; ".join(dict.fromkeys(margin.source for margin in margins if margin.source))


def _of_number(test: Condition, fact: Fact, error: StatedError | None) -> Margin | None:
    assert test.threshold is not None and isinstance(fact.value, Interval)
    end = nearer_end(fact.value, test.comparator, fact, test)
    if end is None:
        return None
    distance = end - test.threshold
    if error is None:
        return Margin(None, f"{_distance(end, distance, test, None)}, no error of measurement stated")
    allowed = _allowed(error, fact, test)
    said = _distance(end, distance, test, error)
    if not error.size:
        return Margin(False, f"robust: {said}, counted and not measured", error.source)
    is_fragile = abs(distance) <= allowed
    word = "fragile" if is_fragile else "robust"
    return Margin(is_fragile, f"{word}: {said}, stated error ±{_size(error)}", error.source)


def nearer_end(value: Interval, comparator: Comparator, fact: Fact, test: Condition) -> Decimal | None:
    """The end of a decided value nearest to the limit, in the unit of the test; None where it has none."""
    assert test.threshold is not None
    ends = [in_test_unit(end, fact, test.unit) for end in (value.low, value.high) if end is not None]
    return min(ends, key=lambda end: abs(end - (test.threshold or 0)), default=None)


def _allowed(error: StatedError, fact: Fact, test: Condition) -> Decimal:
    assert test.threshold is not None
    if error.is_relative:
        return abs(test.threshold) * error.size / HUNDRED
    if not fact.analyte or error.unit == test.unit:
        return error.size
    try:
        return convert(error.size, error.unit, test.unit, fact.analyte)
    except UnitRefused:
        return error.size


def _distance(end: Decimal, distance: Decimal, test: Condition, error: StatedError | None) -> str:
    assert test.threshold is not None
    limit = f"{SHOWN[test.comparator]} {number_text(test.threshold)}"
    if test.threshold and (error is None or error.is_relative):
        away = f"{signed(distance / abs(test.threshold) * HUNDRED)} %"
    else:
        unit = error.unit if error else test.unit
        away = f"{'−' if distance < 0 else '+'}{number_text(abs(distance))} {unit}".rstrip()
    return f"{number_text(end)} is {away} from {limit}"


def _size(error: StatedError) -> str:
    return f"{number_text(error.size)} {error.unit or '%'}"


def _of_lesions(test: Condition, verdicts: tuple[LesionVerdict, ...], *, truth: bool) -> Margin:
    counted = [v.lesion for v in verdicts if v.weight in COUNTING]
    measured = [lesion for lesion in counted if is_measured(lesion)]
    if not measured:
        why = ", ".join(dict.fromkeys(RATIO_REASONS[lesion.ratio_reason] for lesion in counted if lesion.ratio_reason))
        return Margin(None, why or "no lesion counts")
    lesions = tuple(v.lesion for v in verdicts)
    changed = [t for t in OTHER_TOLERANCES if _truth_at(test, lesions, t) is not truth]
    source = "KRENNING-PET/1.0 recomputed at 0, 10, 20 and 30 %; the signed relation decides"
    if changed:
        moved = "; ".join(_moves(lesion) for lesion in measured if _moves(lesion))
        return Margin(True, f"fragile: another answer at {_percents(changed)} tolerance ({moved})", source)
    coldest = min(measured, key=lambda lesion: lesion.ratio or 0)
    text = f"robust: the same at 0, 10, 20 and 30 % tolerance; coldest measured {coldest.label} {ratio_text(coldest)}"
    missing = len(counted) - len(measured)
    return Margin(False, f"{text}, {missing} not measured" if missing else text, source)


def is_measured(lesion: LesionFact) -> bool:
    """Whether a ratio says something about this lesion's relation: not where the reader sees no uptake."""
    return lesion.ratio is not None and lesion.relation is not None and lesion.relation != frozenset({"none"})


def ratio_text(lesion: LesionFact) -> str:
    assert lesion.ratio is not None
    return f"{lesion.ratio.quantize(Decimal('0.01')):f} × liver"


def _truth_at(test: Condition, lesions: tuple[LesionFact, ...], tolerance: Decimal) -> bool | None:
    assert test.quantifier is not None
    again = tuple(_read_at(lesion, tolerance) for lesion in lesions)
    truth, _, _ = judge(again, test.quantifier, lambda found: _holds(found, test.among))
    return truth


def _holds(found: frozenset[str], among: frozenset[str]) -> bool | None:
    return True if found <= among else (None if found & among else False)


def _read_at(lesion: LesionFact, tolerance: Decimal) -> LesionFact:
    if not is_measured(lesion) or lesion.ratio is None:
        return lesion
    return replace(lesion, relation=frozenset({relation_at(lesion.ratio, tolerance)}))


def _moves(lesion: LesionFact) -> str:
    """ "L04 0.95 × liver: below at 0 %, equal at 10, 20 and 30 %"; "" where the band is nothing to it."""
    assert lesion.ratio is not None and lesion.relation is not None
    by_relation: dict[str, list[Decimal]] = {}
    for tolerance in OTHER_TOLERANCES:
        by_relation.setdefault(relation_at(lesion.ratio, tolerance), []).append(tolerance)
    if len(by_relation) == 1 and lesion.relation == frozenset(by_relation):
        return ""
    said = ", ".join(f"{relation} at {_percents(found)}" for relation, found in by_relation.items())
    return f"{lesion.label} {ratio_text(lesion)}: {said}"


def _percents(tolerances: list[Decimal]) -> str:
    numbers = [f"{tolerance * HUNDRED:.0f}" for tolerance in tolerances]
    words = numbers[0] if len(numbers) == 1 else f"{', '.join(numbers[:-1])} and {numbers[-1]}"
    return f"{words} %"
