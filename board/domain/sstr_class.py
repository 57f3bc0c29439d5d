"""SSTR class of a scan from its signed reading (ENETS-style wording; the four classes are a local convention, D).

RICH: every assessable lesion above liver (Krenning 3 or 4). MIXED: some. POOR: none. What a reader left open is open
here too, so the answer is a set of classes; it is known where the set has one member.
"""

from collections.abc import Iterable
from enum import StrEnum

from eligibility.domain.facts import LesionFact
from eligibility.domain.lesions import SMALLEST_ASSESSABLE_MM


class SstrClass(StrEnum):
    RICH = "rich"
    MIXED = "mixed"
    POOR = "poor"


Classes = frozenset[SstrClass]
ANY: Classes = frozenset(SstrClass)


def possible_classes(lesions: Iterable[LesionFact]) -> Classes:
    """Classes that the readings of these lesions leave open; all three where nothing is assessable."""
    truths = [_is_above(lesion) for lesion in lesions if _is_assessable(lesion)]
    if not truths:
        return ANY
    found = set()
    if False not in truths:
        found.add(SstrClass.RICH)
    if True not in truths:
        found.add(SstrClass.POOR)
    if len(truths) > 1 and (None in truths or len(set(truths)) > 1):
        found.add(SstrClass.MIXED)
    return frozenset(found)


def class_words(classes: Classes) -> str:
    """ "SSTR-poor", "SSTR-mixed or poor", else "SSTR class unknown"."""
    if len(classes) == 1:
        return f"SSTR-{next(iter(classes)).value}"
    if SstrClass.RICH not in classes:
        return "SSTR-mixed or poor"
    return "SSTR class unknown"


def _is_assessable(lesion: LesionFact) -> bool:
    is_small = lesion.size_mm is not None and lesion.size_mm < SMALLEST_ASSESSABLE_MM
    return not is_small and lesion.reason != "not_assessable"


def _is_above(lesion: LesionFact) -> bool | None:
    if lesion.relation is None:
        return None
    if "above" not in lesion.relation:
        return False
    return True if len(lesion.relation) == 1 else None
