"""Report: each lesion by region, computed beside read, and the reference organs they were compared with."""

from itertools import groupby

from imaging import selectors
from imaging.domain.agreement import differs
from imaging.domain.krenning import SCALES
from imaging.models import Lesion, LesionFinding, LesionReading, Voi
from imaging.scan_numbers import ScanNumbers, method_of, scan_numbers
from patients.selectors import rows

ORGANS = ((Voi.Role.LIVER, "Liver"), (Voi.Role.SPLEEN, "Spleen"), (Voi.Role.BLOOD_POOL, "Blood pool"))


def findings(basis) -> list[str]:
    scores = list(basis.reading.lesions.select_related("lesion"))
    then = {row.lineage: row for row in rows(Lesion, basis.scan.patient, known_at=basis.known_at)}
    named = [(then.get(score.lesion_id, score.lesion), score) for score in scores]
    named.sort(key=lambda pair: (pair[0].organ, pair[0].label))
    if not scores:
        return ["No lesion with uptake above physiologic was found.", *_cold(basis)]
    numbers = scan_numbers(basis.reading.scan, basis.measured)
    lines = [] if basis.is_fdg else ["SUVmax and SUVpeak (sphere of 1 mL at the hottest voxel) in g/mL"]
    for organ, of_organ in groupby(named, key=lambda pair: pair[0].organ):
        lines.append(f"{organ[0].upper()}{organ[1:]}:")
        lines += [f"- {_lesion(basis, lesion, score, numbers)}" for lesion, score in of_organ]
    return [*lines, *_cold(basis), *_total(numbers)]


def _lesion(basis, lesion: Lesion, score: LesionReading, numbers: ScanNumbers) -> str:
    """``lesion`` as it stood then; its numbers are found by the identity it has kept."""
    finding = rows(LesionFinding, lesion.patient, known_at=basis.known_at).filter(
        lesion_id=score.lesion_id, scan_id=basis.reading.scan_id
    )
    said = [
        _read(basis, score),
        *_uptake(basis, score.lesion, numbers),
        *_size(finding.first()),
        *([] if basis.is_fdg else [_computed(basis, score)]),
        *_before(basis, score.lesion),
        *([f"note: {lesion.note}"] if lesion.note else []),
    ]
    return f"{' '.join(w for w in (lesion.label, lesion.segment) if w)}: {'; '.join(said)}"


def _read(basis, score: LesionReading) -> str:
    if basis.is_fdg:
        return score.get_fdg_relation_display()
    words = [f"read Krenning {score.score_text}"]
    words += [score.get_relation_to_liver_display()] if score.relation_to_liver else []
    words += [f'"{score.text}"'] if score.text else []
    words += [f"{score.rads_version} category {score.rads}"] if score.rads else []
    return ", ".join(words)


def _uptake(basis, lesion, numbers: ScanNumbers) -> list[str]:
    own = [item for item in basis.measured if item.voi.lesion_id == lesion.pk]
    if not own or any(item.state != selectors.CURRENT for item in own):
        return ["no number: not measured" if not own else "no number: withheld"] + _ratios(numbers, lesion)
    hottest = max((item.measurement for item in own), key=lambda row: row.suv_max)
    peak = [] if hottest.suv_peak_local is None else [f"SUVpeak {hottest.suv_peak_local:.2f}"]
    volume = sum(item.measurement.volume_ml for item in own)
    outlined = ", ".join(sorted({method_of(item.voi) for item in own}))
    return [f"SUVmax {hottest.suv_max:.2f}", *peak, *_ratios(numbers, lesion), f"{volume:.2f} mL ({outlined})"]


def _ratios(numbers: ScanNumbers, lesion) -> list[str]:
    found = numbers.burden.ratios if numbers.burden else {}
    wanted = [(lesion.label, organ) for organ in ("liver", "spleen")]
    return [f"{found[key].low:.2f} × {key[1]}" for key in wanted if key in found]


def _size(finding: LesionFinding | None) -> list[str]:
    if finding is None:
        return []
    mark = " (illustrative)" if finding.is_illustrative else ""
    return [finding.get_status_display(), *([f"{size} on CT{mark}"] if (size := finding.size_text) else [])]


def _computed(basis, score: LesionReading) -> str:
    scale = basis.reading.scale_id if basis.reading.scale_id in SCALES else None
    found = selectors.krenning_proposals(basis.scan, scale=scale, measured=basis.measured)
    mine = next((item for item in found if item.lesion.pk == score.lesion_id), None)
    if mine is None or mine.proposal is None:
        return "not computed" + (f": {mine.message}" if mine else "")
    computed = mine.proposal
    said = f"computed {computed.text}{', borderline' if computed.is_borderline else ''} ({computed.method_version})"
    if differs(score.score_low, score.score_high, computed):
        said += f", differs from the reader: {score.difference_reason or 'no reason given'}"
    return said


def _before(basis, lesion) -> list[str]:
    """The score of the scan before; scores of two scales are not put side by side."""
    if basis.before is None or basis.before.scale_id != basis.reading.scale_id:
        return []
    old = next((score for score in basis.before.lesions.all() if score.lesion_id == lesion.pk), None)
    return [f"before: {_before_words(basis, old)}"] if old else ["not scored before"]


def _before_words(basis, old: LesionReading) -> str:
    if basis.is_fdg:
        return old.get_fdg_relation_display()
    return f"Krenning {old.score_text}" if old.score_low is not None else old.text or "not stated"


def _cold(basis) -> list[str]:
    said = basis.reading.get_cold_lesions_display() or "not stated"
    return [] if basis.is_fdg else [f"Lesions on CT, FDG or the previous scan without uptake: {said}"]


def _total(numbers: ScanNumbers) -> list[str]:
    found = numbers.burden.numbers.get("sstr_tumour_volume") if numbers.burden else None
    if found is None or not found.is_known:
        return []
    return [f"SSTR tumour volume: {found.low:.2f} mL ({found.method})"]


def references(basis) -> list[str]:
    lines = [f"{name}: {_mean(basis.measured, role)}{_earlier(basis, role)}" for role, name in ORGANS]
    return ["SUVmean in g/mL", *lines]


def _earlier(basis, role: str) -> str:
    return f"; before {_mean(basis.measured_before, role)}" if basis.previous else ""


def _mean(measured: list, role: str) -> str:
    newest = selectors.placed_last(measured, role)
    if newest is None:
        return "not measured"
    if newest.state != selectors.CURRENT:
        return "withheld"
    row = newest.measurement
    return f"{row.suv_mean:.2f}" + (f" (SD {row.suv_sd:.2f})" if row.suv_sd is not None else "")
