"""Which lesions a criterion speaks about, and what they say together.

A lesion known to be under 10 mm reads low by partial volume: target or not, it never fails a criterion, and it never
carries one.
A lesion whose size is not known might be one of those, or might not: if it fails, the row is unknown,
and if it passes it does not count as the assessable lesion that every row needs.
"""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from eligibility.domain.facts import Choice, LesionFact

SMALLEST_ASSESSABLE_MM = Decimal(10)


class Quantifier(StrEnum):
    """all_*: every lesion of the group must; any_*: one lesion of the group is enough."""

    ALL_TARGET_AND_VISCERAL = "all_target_and_visceral_10mm"
    ANY_VISCERAL = "any_visceral_10mm"
    ANY_TARGET_OR_VISCERAL = "any_target_or_visceral_10mm"
    ALL_READ = "all_read"

    @property
    def is_any(self) -> bool:
        return self in (Quantifier.ANY_VISCERAL, Quantifier.ANY_TARGET_OR_VISCERAL)


QUANTIFIER_TEXT = {
    Quantifier.ALL_TARGET_AND_VISCERAL: "all target lesions and every visceral lesion of 10 mm or more",
    Quantifier.ANY_VISCERAL: "any visceral lesion of 10 mm or more",
    Quantifier.ANY_TARGET_OR_VISCERAL: "any target lesion or visceral lesion of 10 mm or more",
    Quantifier.ALL_READ: "every lesion the reader scored that is not known to be under 10 mm",
}


class Weight(StrEnum):
    COUNTS = "counts"
    MAY_COUNT = "may count"
    TOO_SMALL = "not assessable, under 10 mm"
    OUTSIDE = "not in the group"


@dataclass(frozen=True)
class LesionVerdict:
    """One lesion's part in a row: whether it counts, what it says, and why it is unknown if it is."""

    lesion: LesionFact
    weight: Weight
    truth: bool | None
    reason: str = ""

    @property
    def note(self) -> str:
        return self.weight.value if self.weight is Weight.TOO_SMALL else ""


@dataclass(frozen=True)
class OpenReason:
    """Why a row is unknown, and for which lesions."""

    code: str
    labels: tuple[str, ...] = ()


def judge(
    lesions: tuple[LesionFact, ...], quantifier: Quantifier, holds: Callable[[Choice], bool | None]
) -> tuple[bool | None, tuple[OpenReason, ...], tuple[LesionVerdict, ...]]:
    """Truth over the quantifier's group, every reason for an unknown, and each lesion's part.

    ``holds`` says of a set of possible relations whether all (True), none (False) or some (None) satisfy.
    """
    verdicts = tuple(_verdict(lesion, quantifier, holds) for lesion in lesions)
    group = [v for v in verdicts if v.weight in (Weight.COUNTS, Weight.MAY_COUNT)]
    decisive = quantifier.is_any
    if any(v.weight is Weight.COUNTS and v.truth is decisive for v in group):
        return decisive, (), verdicts
    if open_ones := [(v.reason, v) for v in group if v.reason]:
        return None, _by_reason(open_ones), verdicts
    if any(v.weight is Weight.COUNTS for v in group) or _is_known_absent(verdicts, quantifier):
        return not decisive, (), verdicts
    sizes = _by_reason([(v.lesion.size_reason, v) for v in group])
    return None, sizes or (OpenReason("nothing_assessable"),), verdicts


def _by_reason(found: list[tuple[str, LesionVerdict]]) -> tuple[OpenReason, ...]:
    codes = dict.fromkeys(code for code, _ in found)
    return tuple(OpenReason(code, tuple(v.lesion.label for c, v in found if c == code)) for code in codes)


def _is_known_absent(verdicts: tuple[LesionVerdict, ...], quantifier: Quantifier) -> bool:
    """The scan was read and every lesion on it lies outside the group. An exemption is not lifted by that."""
    return (
        quantifier is Quantifier.ANY_VISCERAL and bool(verdicts) and all(v.weight is Weight.OUTSIDE for v in verdicts)
    )


def _verdict(lesion: LesionFact, quantifier: Quantifier, holds: Callable[[Choice], bool | None]) -> LesionVerdict:
    weight = _weight(lesion, quantifier)
    truth = None if lesion.relation is None else holds(lesion.relation)
    return LesionVerdict(lesion, weight, truth, _reason(lesion, weight, truth, quantifier.is_any))


def _reason(lesion: LesionFact, weight: Weight, truth: bool | None, decisive: bool) -> str:
    if weight is Weight.MAY_COUNT and truth is decisive:
        return lesion.size_reason
    if truth is None:
        return "straddles" if lesion.relation is not None else lesion.reason
    return ""


def _weight(lesion: LesionFact, quantifier: Quantifier) -> Weight:
    if quantifier is Quantifier.ANY_VISCERAL and not lesion.is_visceral:
        return Weight.OUTSIDE
    is_whole_reading = quantifier is Quantifier.ALL_READ
    if not (is_whole_reading or lesion.is_target or lesion.is_visceral):
        return Weight.OUTSIDE
    if lesion.size_mm is not None:
        return Weight.TOO_SMALL if lesion.size_mm < SMALLEST_ASSESSABLE_MM else Weight.COUNTS
    return Weight.COUNTS if is_whole_reading or lesion.is_target else Weight.MAY_COUNT
