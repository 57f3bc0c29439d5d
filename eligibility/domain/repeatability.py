"""How far two SUVs of an unchanged lesion may lie apart: 95 % limits from the within-subject coefficient of variation.

``exp(+/- 1.96 * sqrt(2) * sqrt(ln(1 + w^2))) - 1`` (lognormal model; clinical.md 4.4, C). No test-retest figure of
68Ga-DOTATATE could be verified; until a site enters its own w, 12 % is used and said to be borrowed: it reproduces the
limits of FDG SUVmax of QIBA, -28 % and +39 % (MH). Fractions, not per cent, in Decimal.
"""

from dataclasses import dataclass
from decimal import Decimal

BORROWED_CV = Decimal("0.12")
LARGEST_CV = Decimal(1)
BANNER = (
    "Repeatability limits are borrowed from FDG (within-subject CV 12 %): no test-retest figure of this tracer is "
    "entered for this site."
)
_Z = Decimal("1.96")


class RepeatabilityInvalid(ValueError):
    """The within-subject CV is not a number above 0 and at most 1."""


@dataclass(frozen=True)
class Limits:
    """``lower`` and ``upper``: relative changes (-0.282 is -28.2 %) that repeat measurements stay within, 95 %."""

    lower: Decimal
    upper: Decimal
    within_subject_cv: Decimal
    is_borrowed: bool

    @property
    def banner(self) -> str:
        return BANNER if self.is_borrowed else ""


def limits(within_subject_cv: Decimal | None = None) -> Limits:
    """The limits of a site's own CV (a fraction), or the borrowed ones. Raises ``RepeatabilityInvalid``."""
    w = BORROWED_CV if within_subject_cv is None else within_subject_cv
    if not w.is_finite() or not 0 < w <= LARGEST_CV:
        raise RepeatabilityInvalid(f"within-subject CV {w} is not above 0 and at most 1")
    spread = _Z * Decimal(2).sqrt() * (1 + w * w).ln().sqrt()
    return Limits((-spread).exp() - 1, spread.exp() - 1, w, is_borrowed=within_subject_cv is None)
