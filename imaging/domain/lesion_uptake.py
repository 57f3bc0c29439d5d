"""What one scan says about one lesion, and a number that may be known only between two ends."""

from dataclasses import dataclass
from enum import StrEnum
from math import isfinite

from imaging.domain.errors import Caution, MeasurementRefused
from imaging.domain.lesion_places import is_assessable
from imaging.domain.voi import Mask

RELATIONS = frozenset({"none", "below", "equal", "above"})


class Measure(StrEnum):
    PEAK = "SUVpeak"
    MAX = "SUVmax"


class Completeness(StrEnum):
    """The reader's answer about lesions on CT, FDG or the previous scan without uptake."""

    NONE = "none"
    LISTED = "listed"
    NOT_ASSESSED = "not assessed"


@dataclass(frozen=True, eq=False)
class LesionUptake:
    """One lesion on one scan. ``maximum``, ``mean``, ``peak`` in ``unit``; None where not measured.

    ``relation``: the relations to liver that are possible, a subset of none, below, equal, above; None: not known.
    ``volume_method`` names outline and parameter ("45 % of maximum"). ``mask``: its voxels on the scan's grid.
    Raises ``MeasurementRefused`` for a value that is negative or not a number.
    """

    label: str
    scan: str
    unit: str
    maximum: float | None = None
    mean: float | None = None
    peak: float | None = None
    volume_ml: float | None = None
    volume_method: str = ""
    long_axis_mm: float | None = None
    relation: frozenset[str] | None = None
    mask: Mask | None = None

    def __post_init__(self) -> None:
        if self.relation is not None and not (self.relation and self.relation <= RELATIONS):
            raise ValueError(f"relation to liver must be some of {sorted(RELATIONS)}")
        numbers = (self.maximum, self.mean, self.peak, self.volume_ml, self.long_axis_mm)
        if any(n is not None and not (isfinite(n) and n >= 0) for n in numbers):
            raise MeasurementRefused("uptake_not_finite")

    @property
    def is_above(self) -> bool | None:
        """Above liver: None where the relation is not known or leaves it open."""
        if self.relation is None or (len(self.relation) > 1 and "above" in self.relation):
            return None
        return "above" in self.relation

    @property
    def has_no_uptake(self) -> bool:
        return self.relation == frozenset({"none"})

    @property
    def is_assessable(self) -> bool | None:
        return is_assessable(self.long_axis_mm, self.volume_ml)

    @property
    def best_measure(self) -> Measure | None:
        """Peak where there is one, else the maximum."""
        if self.peak is not None:
            return Measure.PEAK
        return None if self.maximum is None else Measure.MAX

    def by(self, measure: Measure) -> float | None:
        return self.peak if measure is Measure.PEAK else self.maximum


@dataclass(frozen=True)
class Quantity:
    """``low`` to ``high`` (None: open end) in ``unit``, over ``labels``; ``unknown``: lesions that leave it open."""

    low: float
    high: float | None
    unit: str
    method: str
    labels: tuple[str, ...]
    unknown: tuple[str, ...] = ()
    cautions: tuple[Caution, ...] = ()

    @property
    def is_known(self) -> bool:
        return self.low == self.high

    @property
    def value(self) -> float:
        """The number, where both ends agree. Raises ``MeasurementRefused`` where they do not."""
        if not self.is_known:
            raise MeasurementRefused("quantity_not_known")
        return self.low
