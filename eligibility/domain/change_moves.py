"""Whether a lesion fell or rose for the table of classes, and which values would settle what is open (D).

Stricter than the scores alone: what nobody marked on one of the scans, or a stated status contradicts, is unknown.
"""

from collections.abc import Sequence

from eligibility.domain.change_criteria import Criterion, asked_for_extent
from eligibility.domain.change_inputs import SMALLEST_RISE, LesionPair
from eligibility.domain.check_types import Check, Missing, Pair
from eligibility.domain.confounders_scan import LARGE_CHANGE, liver_change
from eligibility.domain.lesions import SMALLEST_ASSESSABLE_MM
from eligibility.domain.three import Truth, all_of


def fell(pair: Pair, lesion: LesionPair) -> Truth:
    """A lesion that shrank below 10 mm reads low by partial volume: that is no loss."""
    if lesion.is_open:
        return lesion.fell if _is_scored(lesion) else None
    if not lesion.is_matched:
        return None if lesion.is_contradictory and lesion.fell is not False else False
    size = lesion.after.size_mm
    truth = all_of([lesion.fell, None if size is None else size >= SMALLEST_ASSESSABLE_MM])
    return None if truth and is_by_reference(pair, lesion) else truth


def rose(lesion: LesionPair) -> Truth:
    """A lesion that neither reading scored says nothing, unless one scan does not even know it."""
    if lesion.is_open:
        return lesion.rose if _is_scored(lesion) else None
    if not lesion.is_matched:
        return None if lesion.is_contradictory and lesion.rose is not False else False
    return lesion.rose if _is_scored(lesion) else False


def is_by_reference(pair: Pair, lesion: LesionPair) -> bool:
    """Its score fell while the liver rose by more than 20 % and its own SUV did not fall by more than 10 %."""
    liver, own = liver_change(pair), lesion.suv_change
    return liver is not None and own is not None and liver > LARGE_CHANGE and own >= -SMALLEST_RISE


def missing_items(pair: Pair, checks: Sequence[Check], criteria: dict[str, Criterion]) -> tuple[Missing, ...]:
    """What has to be entered before PROBABLE can be said; each value once, in the order of the checks."""
    blocking = [item for check in checks if check.blocks for item in check.missing]
    asked = [item for letter in "ABCDE" for item in criteria[letter].missing]
    own = [*_unmarked(pair), *_unscored(pair, criteria)]
    return tuple({item.key: item for item in [*blocking, *asked, *own]}.values())


def _unmarked(pair: Pair) -> list[Missing]:
    day = pair.after.day
    found = []
    for lesion in pair.lesions:
        if lesion.is_open:
            text = f"Say whether {lesion.label} is lost, new or still there on {day}: it is known of one scan only"
            found.append(Missing("status", "after", text, lesion.label))
        elif lesion.is_contradictory:
            text = f"Status of {lesion.label} on {day}: {lesion.status} as stated, which the scores contradict"
            found.append(Missing("status", "after", text, lesion.label))
    return found


def _unscored(pair: Pair, criteria: dict[str, Criterion]) -> list[Missing]:
    """Scores without which C, D or the search for a loss stay open. For C sizes come first: they choose the lesions."""
    found = []
    extent = {lesion.id for lesion in asked_for_extent(pair)}
    is_by_score = criteria["C"].truth is None and not pair.index.open
    index = {lesion.id for lesion in pair.index.chosen} if is_by_score else set()
    for lesion in pair.lesions:
        if not (lesion.is_matched or lesion.id in extent) or lesion.is_open:
            continue
        is_needed = lesion.id in index or fell(pair, lesion) is None
        if not lesion.before.is_scored and lesion.is_matched and is_needed:
            found.append(_score(lesion, "before", pair))
        if not lesion.after.is_scored and (is_needed or lesion.id in extent):
            found.append(_score(lesion, "after", pair))
    return found


def _score(lesion: LesionPair, side: str, pair: Pair) -> Missing:
    day = (pair.before if side == "before" else pair.after).day
    text = f"Score of {lesion.label} on the scan of {day}: no signed reading has one"
    return Missing("score", side, text, lesion.label)


def _is_scored(lesion: LesionPair) -> bool:
    return lesion.before.is_scored or lesion.after.is_scored
