"""The SSTR class of one scan from its signed reading: RICH, MIXED, POOR or UNKNOWN (features E1; local convention, D).

RICH: every assessable lesion above liver (score 3 or more). MIXED, most: at least half of the lesions, and of their
volume where all volumes are known. MIXED, few: fewer. POOR: none. Assessable: not known to be under 10 mm. RICH is
only said where the reader has looked for lesions without uptake, since uptake cannot find them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from eligibility.domain.change_inputs import Seen
from eligibility.domain.lesions import SMALLEST_ASSESSABLE_MM
from eligibility.domain.three import Truth


class ScanClass(StrEnum):
    RICH = "RICH"
    MIXED = "MIXED"
    POOR = "POOR"
    UNKNOWN = "UNKNOWN"


RANK = {ScanClass.POOR: 0, ScanClass.MIXED: 1, ScanClass.RICH: 2}


@dataclass(frozen=True)
class ClassOfScan:
    """``share``: "all", "most", "few", "none", or "" where unknown; ``text`` gives the counts."""

    name: ScanClass
    share: str
    text: str

    @property
    def label(self) -> str:
        return f"{self.name}, {self.share}" if self.name is ScanClass.MIXED else str(self.name)


def class_of(lesions: Sequence[Seen], *, is_diagnostic: Truth, cold_lesions_assessed: Truth) -> ClassOfScan:
    """``is_diagnostic``: False where the signed reading calls the images non-diagnostic, None where nobody signed."""
    if is_diagnostic is not True:
        return _unknown("images non-diagnostic" if is_diagnostic is False else "no signed reading")
    return _by_lesions(lesions, cold_lesions_assessed)


def _by_lesions(lesions: Sequence[Seen], cold_lesions_assessed: Truth) -> ClassOfScan:
    found = [lesion for lesion in lesions if lesion.size_mm is None or lesion.size_mm >= SMALLEST_ASSESSABLE_MM]
    if not found:
        return _unknown("no assessable lesion")
    above = [lesion for lesion in found if lesion.is_above is True]
    unsure = [lesion for lesion in found if lesion.is_above is None]
    counts = f"{len(above)} of {len(found)} lesions above liver{_sizes(found)}"
    if not above:
        return (
            _unknown(f"{counts}, {len(unsure)} not scored") if unsure else ClassOfScan(ScanClass.POOR, "none", counts)
        )
    if len(above) + len(unsure) < len(found):
        return _mixed(found, above, unsure, counts)
    if unsure:
        return _unknown(f"{counts}, {len(unsure)} not scored")
    if cold_lesions_assessed is not True:
        return _unknown(f"{counts}; the reader has not looked for lesions without uptake")
    return ClassOfScan(ScanClass.RICH, "all", counts)


def _mixed(found: list[Seen], above: list[Seen], unsure: list[Seen], counts: str) -> ClassOfScan:
    said = f"{counts}, {len(unsure)} not scored" if unsure else counts
    return ClassOfScan(ScanClass.MIXED, "most" if _is_most(found, above) else "few", said)


def _is_most(found: list[Seen], above: list[Seen]) -> bool:
    if 2 * len(above) < len(found):
        return False
    volumes = [lesion.volume_ml for lesion in found if lesion.volume_ml is not None]
    if len(volumes) < len(found):
        return True
    return 2 * sum(v for lesion in above if (v := lesion.volume_ml) is not None) >= sum(volumes)


def _sizes(found: list[Seen]) -> str:
    missing = sum(lesion.size_mm is None for lesion in found)
    return f" (size of {missing} not known)" if missing else ""


def _unknown(why: str) -> ClassOfScan:
    return ClassOfScan(ScanClass.UNKNOWN, "", why)
