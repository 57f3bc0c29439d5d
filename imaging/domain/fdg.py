"""FDG beside SSTR, lesion by lesion: the discordance flag and the NETPET class, ``dual-tracer/1.0``.

Both are proposed from what the reader sees and confirmed by the reader. SUVs of two tracers are never compared as
numbers: everything here takes visual categories, and a number is a TypeError. NETPET: Chan DLH et al., Theranostics
2017;7:1149; table as in Cancer Imaging 2022, s40644-022-00465-3, where a is one or two lesions of the pattern and b
three or more. An answer that is not known is the set of what is possible, and stays one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from imaging.domain.errors import Caution, MeasurementRefused, caution
from imaging.domain.lesion_places import SMALLEST_ASSESSABLE_MM
from imaging.domain.lesion_uptake import RELATIONS, Completeness

METHOD_VERSION = "dual-tracer/1.0"
MANY_LESIONS = 3

PARAMETERS: Mapping[str, float] = {"smallest_assessable_mm": SMALLEST_ASSESSABLE_MM, "many_lesions": MANY_LESIONS}


class FdgSeen(StrEnum):
    """What the reader sees on FDG, beside the same lesion on SSTR."""

    NEGATIVE = "negative"
    LESS = "positive, less than SSTR"
    EQUAL = "positive, equal to SSTR"
    MORE = "positive, more than SSTR"


class SstrSeen(StrEnum):
    """Positive: above background (modified Krenning 2 to 4)."""

    NEGATIVE = "negative"
    POSITIVE = "positive"


FDG_POSITIVE = frozenset({FdgSeen.LESS, FdgSeen.EQUAL, FdgSeen.MORE})
ANY_FDG = frozenset(FdgSeen)
ANY_SSTR = frozenset(SstrSeen)


@dataclass(frozen=True)
class DualSeen:
    """One lesion on both tracers, in visual categories. A set holds what is possible; None: not read.

    ``relation``: to liver on SSTR, a subset of none, below, equal, above; ``is_above_background``: the reader's own
    word on SSTR, needed where the relation is below (modified Krenning 1 is not above background, 2 is).
    """

    label: str
    relation: frozenset[str] | None
    fdg: frozenset[FdgSeen] | None
    long_axis_mm: float | None = None
    is_above_background: bool | None = None

    def __post_init__(self) -> None:
        _only_words(self.relation, str, RELATIONS)
        _only_words(self.fdg, FdgSeen, ANY_FDG)
        if self.is_above_background not in (None, True, False) or type(self.is_above_background) in (int, float):
            raise TypeError("above background is yes, no or not known")

    @property
    def sstr_seen(self) -> frozenset[SstrSeen]:
        if self.relation is None:
            return _background(self.is_above_background)
        seen: set[SstrSeen] = set()
        for relation in self.relation:
            seen |= {"none": {SstrSeen.NEGATIVE}, "below": _background(self.is_above_background)}.get(
                relation, {SstrSeen.POSITIVE}
            )
        return frozenset(seen)

    @property
    def fdg_seen(self) -> frozenset[FdgSeen]:
        return ANY_FDG if self.fdg is None else self.fdg


@dataclass(frozen=True)
class Discordance:
    """``is_discordant``: FDG positive where SSTR is below liver or absent, in a lesion of 10 mm or more."""

    label: str
    is_discordant: bool | None
    reason: str


@dataclass(frozen=True)
class Proposed:
    """``possible``: every NETPET class that what is known leaves open, in order; the reader confirms one."""

    possible: tuple[str, ...]
    by_lesion: Mapping[str, tuple[str, ...]]
    reason: str
    cautions: tuple[Caution, ...] = ()
    parameters: Mapping[str, float] = field(default_factory=lambda: dict(PARAMETERS))
    method_version: str = METHOD_VERSION
    needs_confirmation: bool = True

    @property
    def netpet(self) -> str:
        """The class, where only one is possible. Raises ``MeasurementRefused`` otherwise."""
        if len(self.possible) != 1:
            raise MeasurementRefused("netpet_open", found=", ".join(self.possible))
        return self.possible[0]


def discordance(lesion: DualSeen) -> Discordance:
    """The flag of one lesion: True, False, or None where what is not known could make it True."""
    if lesion.long_axis_mm is not None and lesion.long_axis_mm < SMALLEST_ASSESSABLE_MM:
        return Discordance(lesion.label, False, "under 10 mm, not assessable")
    relation = RELATIONS if lesion.relation is None else lesion.relation
    if not lesion.fdg_seen & FDG_POSITIVE:
        return Discordance(lesion.label, False, "FDG negative")
    if not relation & {"below", "none"}:
        return Discordance(lesion.label, False, "SSTR uptake not below liver")
    open_ones = [
        *(["size"] if lesion.long_axis_mm is None else []),
        *([] if lesion.fdg_seen <= FDG_POSITIVE else ["FDG uptake"]),
        *([] if relation <= {"below", "none"} else ["relation to liver"]),
    ]
    if open_ones:
        return Discordance(lesion.label, None, f"not known: {', '.join(open_ones)}")
    return Discordance(lesion.label, True, "FDG positive, SSTR uptake below liver or absent")


def has_discordance(lesions: Sequence[DualSeen], *, completeness: Completeness) -> bool | None:
    """Any lesion discordant? False only if lesions without SSTR uptake were looked for."""
    flags = [discordance(lesion).is_discordant for lesion in lesions]
    if any(flags):
        return True
    return None if None in flags or completeness is Completeness.NOT_ASSESSED else False


def netpet(lesions: Sequence[DualSeen], *, completeness: Completeness) -> Proposed:
    """The class of the scan pair: the highest of its lesions, P2 to P4 with a (1-2 lesions of it) or b (3 or more).

    Raises ``MeasurementRefused`` without lesions.
    """
    if not lesions:
        raise MeasurementRefused("no_lesions")
    ordered = sorted(lesions, key=lambda lesion: lesion.label)
    by_lesion = {lesion.label: _classes(lesion) for lesion in ordered}
    least = max(min(classes) for classes in by_lesion.values())
    top = set().union(*by_lesion.values())
    grades = [grade for grade in range(least, 6) if grade in top or completeness is Completeness.NOT_ASSESSED]
    possible = [name for grade in grades for name in _with_suffix(grade, list(by_lesion.values()), completeness)]
    named = {label: tuple(f"P{grade}" for grade in sorted(classes)) for label, classes in by_lesion.items()}
    open_ones = [label for label, classes in named.items() if len(classes) > 1]
    cautions = (caution("lesions_not_complete"),) if completeness is Completeness.NOT_ASSESSED else ()
    return Proposed(tuple(possible), named, _reason(possible, named, open_ones), cautions)


def _classes(lesion: DualSeen) -> frozenset[int]:
    return frozenset(_class(sstr, fdg) for sstr in lesion.sstr_seen for fdg in lesion.fdg_seen)


def _class(sstr: SstrSeen, fdg: FdgSeen) -> int:
    if sstr is SstrSeen.NEGATIVE:
        return 0 if fdg is FdgSeen.NEGATIVE else 5
    return {FdgSeen.NEGATIVE: 1, FdgSeen.LESS: 2, FdgSeen.EQUAL: 3, FdgSeen.MORE: 4}[fdg]


def _with_suffix(grade: int, classes: Sequence[frozenset[int]], completeness: Completeness) -> list[str]:
    """a, b or both: by how few and how many lesions can show the pattern if no lesion shows a higher one."""
    if grade not in (2, 3, 4):
        return [f"P{grade}"]
    allowed = [{c for c in found if c <= grade} for found in classes]
    least = max(1, sum(found == {grade} for found in allowed))
    most = sum(grade in found for found in allowed)
    few, many = least < MANY_LESIONS, most >= MANY_LESIONS or completeness is Completeness.NOT_ASSESSED
    return [f"P{grade}{suffix}" for suffix, fits in (("a", few), ("b", many)) if fits]


def _reason(possible: Sequence[str], named: Mapping[str, tuple[str, ...]], open_ones: Sequence[str]) -> str:
    if len(possible) > 1:
        left = f"; not fully read: {', '.join(open_ones)}" if open_ones else ""
        return f"Possible: {', '.join(possible)}{left}."
    of_it = [label for label, classes in named.items() if classes == (possible[0][:2],)]
    return f"{possible[0]} by {', '.join(of_it) or 'the lesions together'}; the reader confirms the class."


def _background(is_above: bool | None) -> frozenset[SstrSeen]:
    if is_above is None:
        return ANY_SSTR
    return frozenset({SstrSeen.POSITIVE if is_above else SstrSeen.NEGATIVE})


def _only_words(found: frozenset[Any] | None, kind: type, allowed: frozenset[Any]) -> None:
    """A number here would be an SUV, and SUVs of two tracers are never compared."""
    if found is None:
        return
    if not isinstance(found, frozenset) or not all(isinstance(word, kind) for word in found):
        raise TypeError("two tracers are compared in visual categories, never as numbers")
    if not found or not found <= allowed:
        raise ValueError(f"must be some of {sorted(allowed)}")
