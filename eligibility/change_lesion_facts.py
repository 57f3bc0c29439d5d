"""Each lesion on the two scans that are compared: matched, lost, new, merged, split; its size, uptake and score."""

from decimal import Decimal

from eligibility.case_rows import CaseRows
from eligibility.change_scan_facts import ILLUSTRATIVE, heads_of, is_number, is_outlined
from eligibility.domain.change_inputs import NOT_RECORDED, LesionPair, Number, Seen, Status
from eligibility.lesion_facts import NOT_VISCERAL, is_uptake_illustrative, measured_on, one_relation
from imaging.domain.krenning import exact
from imaging.models import Lesion, LesionFinding, LesionReading, Reading, Scan
from imaging.selectors import CurrentMeasurement

_S = LesionFinding.Status
_STATED = {
    _S.RESOLVED: Status.LOST,
    _S.MERGED: Status.MERGED,
    _S.SPLIT: Status.SPLIT,
    _S.NEW: Status.NEW,
    _S.NOT_ASSESSABLE: Status.NOT_ASSESSABLE,
}
_CONTRADICTORY = frozenset({"above", "below"})


class View:
    """One scan with its signed readings and measurements."""

    def __init__(self, case: CaseRows, scan: Scan, liver: Number):
        self.scan, self.liver = scan, liver
        self.heads = heads_of(case, scan)
        self.measured = measured_on(scan)

    def finding(self, lesion: Lesion) -> LesionFinding | None:
        return next((f for f in lesion.findings.all() if f.scan_id == self.scan.lineage), None)

    def scores(self, lesion: Lesion) -> list[tuple[Reading, LesionReading]]:
        return [(r, s) for r in self.heads for s in r.lesions.all() if s.lesion_id == lesion.lineage]

    def regions(self, lesion: Lesion) -> list[CurrentMeasurement]:
        return [item for item in self.measured if item.voi.lesion_id == lesion.lineage]

    def is_there(self, lesion: Lesion) -> bool:
        finding = self.finding(lesion)
        if finding is not None and finding.status in (_S.RESOLVED, _S.MERGED):
            return False
        is_found = finding is not None and finding.status in (_S.PRESENT, _S.NEW, _S.SPLIT)
        return is_found or bool(self.scores(lesion) or self.regions(lesion))


def lesion_pairs(case: CaseRows, before: Scan, after: Scan, livers: tuple[Number, Number]) -> tuple[LesionPair, ...]:
    """Lesions that either scan knows of. ``livers``: SUVmean of the liver on each, None where it is no fact."""
    views = View(case, before, livers[0]), View(case, after, livers[1])
    lesions = sorted(case.of(Lesion), key=lambda lesion: lesion.label)
    labels = {lesion.lineage: lesion.label for lesion in lesions}
    found = (_pair(lesion, *views, labels) for lesion in lesions)
    return tuple(pair for pair in found if pair is not None)


def _pair(lesion: Lesion, before: View, after: View, labels: dict) -> LesionPair | None:
    status = _status(lesion, before, after)
    if status is None:
        return None
    finding = after.finding(lesion)
    other = labels.get(finding.related_lesion_id, "") if finding and status in (Status.MERGED, Status.SPLIT) else ""
    return LesionPair(
        id=str(lesion.lineage),
        label=lesion.label,
        organ=lesion.organ,
        is_visceral=lesion.organ.casefold().replace(" ", "_") not in NOT_VISCERAL,
        is_target=lesion.is_target,
        status=status,
        before=seen_on(lesion, before),
        after=seen_on(lesion, after),
        other=other,
    )


def _status(lesion: Lesion, before: View, after: View) -> Status | None:
    """What is stated comes first; what nobody marked or said stays open. None: neither scan knows the lesion."""
    first, second = before.is_there(lesion), after.is_there(lesion)
    finding = after.finding(lesion)
    if finding is not None and finding.status in _STATED:
        is_old_news = finding.status in (_S.RESOLVED, _S.MERGED) and not first
        return None if is_old_news else _STATED[finding.status]
    earlier = before.finding(lesion)
    if earlier is not None and earlier.status == _S.NOT_ASSESSABLE:
        return Status.NOT_ASSESSABLE
    if first and second:
        return Status.MATCHED
    return Status.OPEN if first or second else None


def seen_on(lesion: Lesion, view: View) -> Seen:
    size, size_reason = _size(view.finding(lesion))
    suv, suv_reason = _suv(lesion, view)
    own = view.regions(lesion)
    has_volume = own and not view.scan.is_illustrative and all(is_outlined(item) for item in own)
    return Seen(
        size_mm=size,
        size_reason=size_reason,
        suv_max=suv,
        suv_reason=suv_reason,
        ratio=suv / view.liver if suv is not None and view.liver else None,
        volume_ml=sum((exact(item.measurement.volume_ml) for item in own), Decimal(0)) if has_volume else None,
        **_score(view.scores(lesion)),
    )


def _size(finding: LesionFinding | None) -> tuple[Number, str]:
    if finding is None or finding.long_axis_mm is None:
        return None, NOT_RECORDED
    return (None, ILLUSTRATIVE) if finding.is_illustrative else (finding.long_axis_mm, "")


def _suv(lesion: Lesion, view: View) -> tuple[Number, str]:
    """SUVmax of the hottest region. A published SUVmax stands for a lesion of which nothing is said to be drawn."""
    own = view.regions(lesion)
    if not own:
        return None, "no region drawn"
    if is_uptake_illustrative(lesion):
        return None, ILLUSTRATIVE
    if not all(is_number(item) and item.measurement.suv_max is not None for item in own):
        return None, "no current SUV"
    return max(exact(item.measurement.suv_max) for item in own), ""


def _score(scores: list[tuple[Reading, LesionReading]]) -> dict:
    """Two readers of one scan both stand: the score and the relation are all that either leaves open."""
    if not scores:
        return {}
    stated = [s for _, s in scores if s.score_low is not None or s.score_high is not None]
    found = [one_relation(reading.scale_id, score) for reading, score in scores]
    relations: frozenset[str] = frozenset().union(*(relation for relation, _ in found if relation))
    if any(reason == "contradictory" for _, reason in found):
        relations = _CONTRADICTORY
    return {
        "scale": "/".join(sorted({reading.scale_id for reading, _ in scores})),
        "score_low": min((s.score_low or 0 for s in stated), default=None),
        "score_high": max((4 if s.score_high is None else s.score_high for s in stated), default=None),
        "relation": relations or None,
        "text": "; ".join(dict.fromkeys(s.text or s.score_text for _, s in scores)),
    }
