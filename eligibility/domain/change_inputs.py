"""What is compared when two scans of one patient are: frozen records, every missing value as None with its reason.

Units are in the names: minutes, MBq, kg, mm, mL, days. Uptake is SUVbw in g/mL. What was drawn for a demonstration
("illustrative") is unknown here: the caller gives None and says so in ``reasons``.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from eligibility.domain.lesions import SMALLEST_ASSESSABLE_MM
from eligibility.domain.three import Truth, all_of, negated

Number = Decimal | None
Relations = frozenset[str]
NOT_RECORDED = "not recorded"
SMALLEST_RISE = Decimal("0.10")


@dataclass(frozen=True)
class ScanRecord:
    """One SSTR scan. ``ssa``: "on", "none" or "" for unknown; ``extravasation``: "none", "suspected", "seen" or "".

    ``quality``: "good", "limited", "non_diagnostic" or ""; ``reader``: who signed, "" for nobody. ``reasons``: by
    field, why it is unknown where that is more than "not recorded".
    """

    id: str
    day: dt.date
    tracer: str = ""
    scanner: str = ""
    reconstruction: str = ""
    uses_psf: Truth = None
    uses_tof: Truth = None
    uptake_min: Number = None
    injected_mbq: Number = None
    weight_kg: Number = None
    peptide_ug: Number = None
    ssa: str = ""
    ssa_drug: str = ""
    ssa_dose_mg: Number = None
    days_since_ssa: int | None = None
    extravasation: str = ""
    high_dose_steroid: Truth = None
    inflammation: Truth = None
    liver_suv: Number = None
    spleen_suv: Number = None
    blood_pool_suv: Number = None
    tumour_volume_ml: Number = None
    volume_method: str = ""
    reader: str = ""
    quality: str = ""
    cold_lesions_assessed: Truth = None
    days_since_chemo: int | None = None
    netpet: str = ""
    reasons: Mapping[str, str] = field(default_factory=dict)

    def why(self, name: str) -> str:
        return self.reasons.get(name, NOT_RECORDED)


class Status(StrEnum):
    MATCHED = "matched"
    LOST = "lost"
    NEW = "new"
    MERGED = "merged"
    SPLIT = "split"
    NOT_ASSESSABLE = "not assessable"
    OPEN = "open"


@dataclass(frozen=True)
class Seen:
    """A lesion on one scan. ``relation``: the relations to liver the signed reading leaves open, None for not stated.

    A score with one end open is 0 to high, or low to 4; with both empty it was not stated.
    """

    size_mm: Number = None
    suv_max: Number = None
    ratio: Number = None
    volume_ml: Number = None
    scale: str = ""
    score_low: int | None = None
    score_high: int | None = None
    relation: Relations | None = None
    text: str = ""
    size_reason: str = NOT_RECORDED
    suv_reason: str = NOT_RECORDED

    @property
    def is_above(self) -> Truth:
        """Score 3 or more and relation above liver; either alone if the other is not stated; None if they differ."""
        said = set(self._statements)
        return said.pop() if len(said) == 1 else None

    @property
    def is_scored(self) -> bool:
        return bool(self._statements)

    @property
    def _statements(self) -> tuple[Truth, ...]:
        """What the score says and what the relation says, of those that were stated; None straddles the liver."""
        said: list[Truth] = []
        if self.score_low is not None or self.score_high is not None:
            low, high = self.score_low or 0, 4 if self.score_high is None else self.score_high
            said.append(True if low >= 3 else (False if high <= 2 else None))
        if self.relation:
            said.append(True if self.relation == {"above"} else (None if "above" in self.relation else False))
        return tuple(said)


NOT_SEEN = Seen()


@dataclass(frozen=True)
class LesionPair:
    """One tracked lesion on both scans. ``other``: the lesion it merged into or was split from."""

    id: str
    label: str
    organ: str
    is_visceral: bool
    status: Status
    before: Seen = NOT_SEEN
    after: Seen = NOT_SEEN
    is_target: bool = False
    other: str = ""

    @property
    def is_matched(self) -> bool:
        return self.status is Status.MATCHED

    @property
    def is_open(self) -> bool:
        """Known of one scan and not marked on the other; one known to be under 10 mm has nothing to answer for."""
        sizes = (self.before.size_mm, self.after.size_mm)
        return self.status is Status.OPEN and not any(
            size is not None and size < SMALLEST_ASSESSABLE_MM for size in sizes
        )

    @property
    def is_contradictory(self) -> bool:
        """Stated as lost or new, and yet the scores of both scans say that it was there and may have moved."""
        is_scored_twice = self.before.is_scored and self.after.is_scored
        is_still = self.rose is False and self.fell is False
        return self.status in (Status.LOST, Status.NEW) and is_scored_twice and not is_still

    @property
    def has_one_scale(self) -> bool:
        return self.before.scale == self.after.scale

    @property
    def rose(self) -> Truth:
        """From 2 or less (not above liver) to 3 or more (above), by readers on one scale."""
        return self._on_one_scale(all_of([negated(self.before.is_above), self.after.is_above]))

    @property
    def fell(self) -> Truth:
        """From above liver to not above. A lesion that neither reading scored says nothing."""
        if not (self.before.is_scored or self.after.is_scored):
            return False
        return self._on_one_scale(all_of([self.before.is_above, negated(self.after.is_above)]))

    def _on_one_scale(self, truth: Truth) -> Truth:
        """That a lesion moved is never said across two scales; that it did not is the same on each of them."""
        return truth if self.has_one_scale or truth is False else None

    @property
    def suv_change(self) -> Number:
        return relative(self.before.suv_max, self.after.suv_max)

    @property
    def ratio_change(self) -> Number:
        return relative(self.before.ratio, self.after.ratio)

    @property
    def size_change(self) -> Number:
        return relative(self.before.size_mm, self.after.size_mm)


@dataclass(frozen=True)
class Course:
    """A treatment, or a PRRT cycle. ``is_between``: begun after the first scan and before the second."""

    name: str
    kind: str  # a treatment class of the chart: chemo, ssa, prrt, local, ebrt ...
    is_between: Truth
    cycles: int | None = None
    drugs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Between:
    """The tumour, and what happened between the scans.

    ``is_well_differentiated`` and ``grades`` (all that are possible) describe the tumour. ``sstr2_before`` and
    ``sstr2_after``: IHC of SSTR2A on specimens around the interval. ``has_specimen``: a biopsy since the first scan;
    ``specimen_agrees``: of the same grade. ``has_second_reader``: a different reader has confirmed without seeing the
    first verdict; it is no part of the digest.
    """

    is_well_differentiated: Truth = None
    grades: frozenset[str] | None = None
    population_text: str = ""
    courses: tuple[Course, ...] = ()
    sstr2_before: str = ""
    sstr2_after: str = ""
    has_specimen: bool = False
    specimen_agrees: Truth = None
    specimen_text: str = ""
    was_blinded: Truth = None
    has_second_reader: bool = False


def relative(before: Number, after: Number) -> Number:
    """(after - before) / before; None where one is missing or there is nothing to divide by."""
    if before is None or after is None or before <= 0:
        return None
    return (after - before) / before


def has_risen(change: Number) -> Truth:
    """Whether a relative change of SUV is a rise (D): within 10 % it is none, as within 10 % of liver is equal."""
    return None if change is None else change > SMALLEST_RISE
