"""What became of a lesion between the newest two scans: matched, lost, new, merged, split; and by how much."""

from collections import Counter
from collections.abc import Sequence
from statistics import median

from board.chart import Chart, ScanView
from board.lesion_cell import Cell, regions_of, uptake
from imaging.models import Lesion, LesionFinding

MATCHED, LOST, NEW = "matched", "lost", "new"
_COUNTED = (MATCHED, LOST, NEW)
_S = LesionFinding.Status
_GONE = frozenset({_S.RESOLVED, _S.MERGED})
_STATED = {
    _S.RESOLVED: (LOST, "gone on CT"),
    _S.MERGED: ("merged", "into"),
    _S.SPLIT: ("split", "from"),
    _S.NEW: (NEW, ""),
    _S.NOT_ASSESSABLE: ("not assessable", "on the newest scan"),
}
Pair = tuple[ScanView, LesionFinding | None]


def status(lesion: Lesion, pairs: Sequence[Pair], chart: Chart) -> tuple[str, str]:
    """The word, and its explanation. What nobody marked or said stays open: it is neither lost nor new."""
    if len(pairs) < 2:
        return "", ""
    last = next((pair for pair in reversed(pairs) if pair[1] or _is_marked(lesion, pair[0])), pairs[-1])[1]
    stated = last if last and (last.status in _GONE or last is pairs[-1][1]) else None
    if stated and stated.status in _STATED:
        word, note = _STATED[stated.status]
        return word, f"{note} {_label(stated.related_lesion_id, chart)}" if note in {"into", "from"} else note
    before, after = (_is_there(lesion, *pair) for pair in pairs[-2:])
    if before and after:
        return MATCHED, ""
    return "open", "not marked on the newest scan" if before else "not marked on the scan before"


def counts(found: Sequence[str]) -> str:
    """ "4 matched, 1 lost, 0 new", and whatever else there is."""
    seen = Counter(word for word in found if word)
    others = [word for word in seen if word not in _COUNTED]
    return ", ".join(f"{seen[word]} {word}" for word in (*_COUNTED, *others)) if seen else ""


def changes(lesion: Lesion, pairs: Sequence[Pair], cells: Sequence[Cell]) -> list[str]:
    """The newest scan against the one before it, where both have the number and the tracer is the same."""
    if len(pairs) < 2:
        return []
    (_, old), (_, new) = pairs[-2:]
    said = [_grades(pairs[-2][0], pairs[-1][0], *cells[-2:])]
    said.append(_uptake_words(lesion, pairs))
    if old and new and old.long_axis_mm and new.long_axis_mm:
        said.append(f"long axis {_percent(float(old.long_axis_mm), float(new.long_axis_mm))}")
    return [text for text in said if text]


def factor(lesion: Lesion, pairs: Sequence[Pair]) -> float | None:
    """SUVmax now over SUVmax before; None where one is missing or provisional, or the tracers differ."""
    if len(pairs) < 2:
        return None
    before, after = pairs[-2][0], pairs[-1][0]
    a, b = (uptake(lesion, view)[1] for view in (before, after))
    if not (a and b) or _differ_in_tracer(before, after) or a.is_provisional or b.is_provisional:
        return None
    return b.measurement.suv_max / a.measurement.suv_max if a.measurement.suv_max else None


def median_words(factors: Sequence[float | None], matched: int) -> str:
    known = [f for f in factors if f is not None]
    return f"within-lesion median SUVmax × {median(known):.1f} ({len(known)} of {matched} matched)" if known else ""


def _uptake_words(lesion: Lesion, pairs: Sequence[Pair]) -> str:
    before, after = pairs[-2][0], pairs[-1][0]
    if (found := factor(lesion, pairs)) is not None:
        return f"SUVmax {_percent(1.0, found)}"
    both = all(uptake(lesion, view)[1] for view in (before, after))
    return "SUV not compared: tracers differ" if both and _differ_in_tracer(before, after) else ""


def _differ_in_tracer(before: ScanView, after: ScanView) -> bool:
    """Uptake of one tracer is no measure for that of another."""
    return before.scan.tracer != after.scan.tracer


def _grades(before: ScanView, after: ScanView, old: Cell, new: Cell) -> str:
    """ "Krenning up 2", or "up 2 to 3" where a score is a range; only on one scale and with one tracer."""
    is_one_scale = before.reading and after.reading and before.reading.scale_id == after.reading.scale_id
    if _differ_in_tracer(before, after) or not (is_one_scale and old.reader.is_stated and new.reader.is_stated):
        return ""
    least = (new.reader.low or 0) - _top(old.reader.high)
    most = _top(new.reader.high) - (old.reader.low or 0)
    if least == most == 0:
        return "Krenning unchanged"
    if least > 0:
        return f"Krenning up {_range(least, most)}"
    return f"Krenning down {_range(-most, -least)}" if most < 0 else ""


def _top(high: int | None) -> int:
    return 4 if high is None else high


def _range(low: int, high: int) -> str:
    return str(low) if low == high else f"{low} to {high}"


def _is_there(lesion: Lesion, view: ScanView, finding: LesionFinding | None) -> bool:
    is_found = finding is not None and finding.status in {_S.PRESENT, _S.NEW, _S.SPLIT}
    return is_found or _is_marked(lesion, view)


def _is_marked(lesion: Lesion, view: ScanView) -> bool:
    return bool(regions_of(lesion, view)) or view.score_of(lesion) is not None


def _label(lineage, chart: Chart) -> str:
    return next((row.label for row in chart.lesions if row.lineage == lineage), "another lesion")


def _percent(before: float, after: float) -> str:
    change = 100 * (after - before) / before
    return f"{change:+.0f}\N{NO-BREAK SPACE}%".replace("-", "−")
