"""Has SSTR uptake really changed between two scans? TA-SSTR-UP/1.0 (clinical.md 4.2 to 4.4; a local convention, D).

Uptake is not histology, and a class here is no diagnosis: it never changes eligibility by itself. No consensus
definition of a treatment-associated increase exists, and the clinical literature on it is at the level of cases.
"""

import dataclasses
import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cached_property
from typing import Any

from eligibility.domain.change_classes import LABELS, ChangeClass, Row, Signs, classify
from eligibility.domain.change_criteria import Criterion, Ground, judge
from eligibility.domain.change_inputs import Between, LesionPair, Number, ScanRecord, Status, has_risen
from eligibility.domain.change_moves import fell, is_by_reference, missing_items, rose
from eligibility.domain.change_words import sentence
from eligibility.domain.check_types import Check, Missing, Pair, State
from eligibility.domain.confounders import check_all
from eligibility.domain.confounders_course import receptor_grew
from eligibility.domain.confounders_scan import LARGE_CHANGE, liver_change
from eligibility.domain.index_lesions import choose
from eligibility.domain.repeatability import Limits, limits
from eligibility.domain.scan_class import RANK, ClassOfScan, ScanClass, class_of
from eligibility.domain.three import Truth, all_of, any_of

METHOD_VERSION = "TA-SSTR-UP/1.0"
INCREASE = frozenset({ChangeClass.CONFIRMED, ChangeClass.PROBABLE})
PRESENT = frozenset({Status.MATCHED, Status.OPEN, Status.SPLIT, Status.NOT_ASSESSABLE})


@dataclass(frozen=True)
class ChangeAssessment:
    """One class, the row of the table that gave it, and everything it rests on. ``digest``: of inputs and method."""

    before: ScanRecord
    after: ScanRecord
    lesions: tuple[LesionPair, ...]
    index: tuple[str, ...]
    name: ChangeClass
    row: Row
    sentence: str
    checks: tuple[Check, ...]
    criteria: dict[str, Criterion]
    class_before: ClassOfScan
    class_after: ClassOfScan
    limits: Limits
    patterns: tuple[str, ...]
    missing: tuple[Missing, ...]
    between: Between = field(repr=False)
    method_version: str = METHOD_VERSION

    @cached_property
    def digest(self) -> str:
        return _digest(self.before, self.after, self.lesions, self.between, self.limits)

    @property
    def label(self) -> str:
        return LABELS[self.name]

    @property
    def counts(self) -> dict[str, int]:
        found = Counter(lesion.status.value for lesion in self.lesions)
        return {status.value: found[status.value] for status in Status if found[status.value] or status in _COUNTED}

    @property
    def has_one_tracer(self) -> bool:
        return bool(self.before.tracer) and self.before.tracer == self.after.tracer

    def suv_change(self, lesion: LesionPair) -> Number:
        """Relative change of SUVmax; None where the tracers differ."""
        return lesion.suv_change if self.has_one_tracer else None

    def ratio_change(self, lesion: LesionPair) -> Number:
        return lesion.ratio_change if self.has_one_tracer else None

    @property
    def asks_for_reader(self) -> bool:
        """A category moved, so a reader has to say what of it."""
        moved = any(lesion.rose or lesion.fell for lesion in self.lesions if lesion.is_matched)
        return moved or bool(self.patterns) or is_class_lower(self.class_before, self.class_after)


_COUNTED = (Status.MATCHED, Status.LOST, Status.NEW)


def assess_change(
    before: ScanRecord,
    after: ScanRecord,
    lesions: Sequence[LesionPair],
    between: Between,
    *,
    within_subject_cv: Decimal | None = None,
) -> ChangeAssessment:
    """Compare two SSTR scans. ``within_subject_cv``: the site's own, as a fraction; None borrows that of FDG.

    Raises ``RepeatabilityInvalid`` for an impossible coefficient and ValueError for scans in the wrong order.
    """
    if after.day < before.day:
        raise ValueError("the second scan lies before the first")
    pair = _pair(before, after, tuple(lesions), between)
    bounds = limits(within_subject_cv)
    checks = check_all(pair)
    ground = Ground(pair, checks)
    criteria = judge(ground)
    classes = _class(pair, "before"), _class(pair, "after")
    signs = _signs(ground, criteria, classes, bounds)
    row = classify(signs)
    found = ChangeAssessment(
        before=before,
        after=after,
        lesions=tuple(lesions),
        index=tuple(lesion.label for lesion in pair.index.chosen),
        name=row.name,
        row=row,
        sentence="",
        checks=checks,
        criteria=criteria,
        class_before=classes[0],
        class_after=classes[1],
        limits=bounds,
        patterns=_patterns(ground, signs),
        missing=() if row.name in INCREASE else missing_items(pair, checks, criteria),
        between=between,
    )
    return replace(found, sentence=sentence(found, ground))


def _pair(before: ScanRecord, after: ScanRecord, lesions: tuple[LesionPair, ...], between: Between) -> Pair:
    """SUVs of two tracers are never compared: where they differ, those of the second scan are left out."""
    if before.tracer and before.tracer == after.tracer:
        return Pair(before, after, lesions, between, choose(lesions))
    why = dict.fromkeys(("liver_suv", "tumour_volume_ml"), "not compared, tracers differ")
    after = replace(after, liver_suv=None, tumour_volume_ml=None, reasons={**after.reasons, **why})
    lesions = tuple(replace(x, after=replace(x.after, suv_max=None, ratio=None)) for x in lesions)
    return Pair(before, after, lesions, between, choose(lesions))


def _class(pair: Pair, side: str) -> ClassOfScan:
    scan: ScanRecord = getattr(pair, side)
    gone = Status.NEW if side == "before" else Status.LOST
    shown = [x for x in pair.lesions if x.status not in (gone, Status.NOT_ASSESSABLE) and not _is_merged(x, side)]
    is_diagnostic: Truth = None if not scan.quality else scan.quality != "non_diagnostic"
    seen = [getattr(lesion, side) for lesion in shown]
    return class_of(seen, is_diagnostic=is_diagnostic, cold_lesions_assessed=scan.cold_lesions_assessed)


def _is_merged(lesion: LesionPair, side: str) -> bool:
    """What merged into another lesion is answered for by that one; what split off was not there before."""
    return lesion.status is (Status.MERGED if side == "after" else Status.SPLIT)


def _signs(
    ground: Ground, criteria: dict[str, Criterion], classes: tuple[ClassOfScan, ClassOfScan], bounds: Limits
) -> Signs:
    pair, between = ground.pair, ground.pair.between
    change = liver_change(pair)
    return Signs(
        criteria={letter: found.truth for letter, found in criteria.items()},
        has_hard=any(check.state is State.HARD for check in ground.checks),
        has_unknown_hard=any(check.blocks for check in ground.checks),
        fell=any_of(fell(pair, lesion) for lesion in pair.lesions),
        rose_anywhere=any_of(rose(lesion) for lesion in pair.lesions),
        suv_rose=any_of(has_risen(lesion.suv_change) for lesion in ground.risen),
        liver_fell=None if change is None else change < -LARGE_CHANGE,
        is_beyond_noise=any_of(_beyond(lesion.suv_change, bounds) for lesion in ground.risen),
        has_ihc=receptor_grew(between.sstr2_before, between.sstr2_after),
        has_second_reader=between.has_second_reader,
        cold_vanished=_cold_vanished(pair, classes),
        class_fell=is_class_lower(*classes),
    )


def _beyond(change: Number, bounds: Limits) -> Truth:
    return None if change is None else change > bounds.upper


def _cold_vanished(pair: Pair, classes: tuple[ClassOfScan, ClassOfScan]) -> Truth:
    """Among the lost lesions one was not above liver, and what is left is a class, or a coldest score, higher."""
    lost = [lesion for lesion in pair.lesions if lesion.status is Status.LOST]
    is_cold = any_of(None if (above := lesion.before.is_above) is None else not above for lesion in lost)
    is_higher = any_of([_is_class_higher(*classes), _is_coldest_higher(pair)])
    return all_of([is_cold, is_higher])


def _is_class_higher(before: ClassOfScan, after: ClassOfScan) -> Truth:
    if ScanClass.UNKNOWN in (before.name, after.name):
        return None
    share = {"few": 0, "most": 1}
    return (RANK[after.name], share.get(after.share, 0)) > (RANK[before.name], share.get(before.share, 0))


def is_class_lower(before: ClassOfScan, after: ClassOfScan) -> bool:
    """Of two known classes; that one is unknown is said by other rows."""
    return ScanClass.UNKNOWN not in (before.name, after.name) and RANK[after.name] < RANK[before.name]


def _is_coldest_higher(pair: Pair) -> Truth:
    """The lowest reader score of what was there, lost lesions among it, against that of what is there now."""
    first = [x.before for x in pair.lesions if x.status in PRESENT | {Status.LOST, Status.MERGED}]
    second = [x.after for x in pair.lesions if x.status in PRESENT | {Status.NEW}]
    if not first or not second:
        return None
    stated = [s for s in first if s.score_high is not None]
    if not stated or any(s.score_low is None for s in second):
        return None
    return min(s.score_high or 0 for s in stated) < min(s.score_low or 0 for s in second)


def _patterns(ground: Ground, signs: Signs) -> tuple[str, ...]:
    """Pseudo-conversions by name, said whatever the class is."""
    any_risen = [lesion for lesion in ground.pair.lesions if lesion.is_matched and lesion.rose]
    found = []
    if any_risen and signs.liver_fell and all(has_risen(lesion.suv_change) is False for lesion in any_risen):
        found.append("reference-driven")
    fallen = [lesion for lesion in ground.pair.lesions if lesion.is_matched and lesion.fell]
    if fallen and all(is_by_reference(ground.pair, lesion) for lesion in fallen):
        found.append("reference-driven loss")
    if signs.cold_vanished and signs.rose_anywhere is False:
        found.append("lesion loss")
    return tuple(found)


def _digest(
    before: ScanRecord, after: ScanRecord, lesions: Sequence[LesionPair], between: Between, bounds: Limits
) -> str:
    """The verdicts of readers are answers to an assessment, so they are no part of what it is known by."""
    seen = [
        METHOD_VERSION,
        before,
        after,
        sorted(lesions, key=lambda x: x.id),
        replace(between, has_second_reader=False),
    ]
    # The digest of a borrowed coefficient is as it was, so that verdicts given on it stand.
    coefficient = f"{bounds.within_subject_cv}{'' if bounds.is_borrowed else ' of the site'}"
    text = json.dumps([_plain(part) for part in seen] + [coefficient], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, Decimal):
        return f"{value.normalize():f}" if value.is_finite() else str(value)
    return value if value is None or isinstance(value, bool | int | str) else str(value)
