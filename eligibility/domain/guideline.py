"""A rule set as data: what a guideline file says, after validation."""

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from eligibility.domain.criteria import Condition, Test, threshold_text
from eligibility.domain.lesions import QUANTIFIER_TEXT


class Level(StrEnum):
    REQUIRED = "REQUIRED"
    ABS_CI = "ABS_CI"
    REL_CI = "REL_CI"
    CAUTION = "CAUTION"
    INFO = "INFO"


SAFETY_LEVELS = frozenset({Level.REQUIRED, Level.ABS_CI, Level.REL_CI})


class GuidelineKind(StrEnum):
    GATE = "gate"
    FULL = "full"


@dataclass(frozen=True)
class Criterion:
    """One row. For REQUIRED ``test`` is what must hold; for every other level it is what must not.

    ``is_exclusion``: a REQUIRED row written as its source publishes it ("excluded if < 75"): met when the test fails.
    ``is_indication``: a row of a product label that, when adverse, makes the use off-label.
    ``is_modifiable``: the flip analysis may ask what another value would change; never a contraindication.

    ``evidence`` is the tag of the facts sheet (R[S6], MH, MM, D). An inactive row is shown and never
    decides; ``verify_before_release`` marks a row whose source nobody has read in full yet.
    """

    id: str
    level: Level
    title: str
    text: str
    citation: str
    evidence: str
    test: Test | None = None
    is_active: bool = True
    verify_before_release: bool = False
    is_exclusion: bool = False
    is_modifiable: bool = False
    is_indication: bool = False

    @cached_property
    def limit_text(self) -> str:
        """The comparator and threshold as printed; the same for every patient, so put into words once."""
        return "" if self.test is None else threshold_text(self.test)

    @cached_property
    def quantifier_text(self) -> str:
        quantifier = self.test.quantifier if isinstance(self.test, Condition) else None
        return QUANTIFIER_TEXT[quantifier] if quantifier else ""

    @property
    def is_unverified_safety(self) -> bool:
        return self.level in SAFETY_LEVELS and (not self.is_active or self.verify_before_release)


@dataclass(frozen=True)
class Guideline:
    """A rule set of one version; ``sha256`` is the hash of the file's bytes."""

    id: str
    version: str
    title: str
    kind: GuidelineKind
    jurisdiction: str
    citation: str
    criteria: tuple[Criterion, ...]
    sha256: str
    text: str = ""
    is_product_label: bool = False
    valid_from: dt.date | None = None
    valid_to: dt.date | None = None

    @property
    def label(self) -> str:
        return f"{self.id} v{self.version}"

    def is_in_force(self, day: dt.date) -> bool:
        starts, ends = self.valid_from or dt.date.min, self.valid_to or dt.date.max
        return starts <= day <= ends
