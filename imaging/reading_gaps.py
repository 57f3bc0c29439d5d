"""What a draft still lacks before it can be signed, all of it at once, each with its sentence."""

from collections.abc import Iterable
from dataclasses import dataclass

from imaging import selectors
from imaging.domain.agreement import differs
from imaging.models import Lesion, LesionFinding, Reading, Scan, Voi
from imaging.refused import sentence
from patients.selectors import rows

FDG_SCALE = "FDG"  # by eye, beside SSTR; there is no Krenning score of an FDG scan
LEFT_OUT = frozenset({LesionFinding.Status.RESOLVED, LesionFinding.Status.MERGED})


@dataclass(frozen=True)
class Gap:
    code: str
    message: str
    lesions: tuple = ()


def gaps(reading: Reading, measured: list[selectors.CurrentMeasurement] | None = None) -> list[Gap]:
    """Nothing left out: an empty list may be signed."""
    measured = selectors.measurements(reading.scan) if measured is None else measured
    found = [*_of_lesions(reading, measured), *_of_numbers(reading.scan, measured), *_of_quality(reading)]
    if reading.scale_id != FDG_SCALE:
        found += _of_analogue(reading)
    if not reading.extravasation:
        found.append(_gap("extravasation_missing"))
    if reading.scale_id != FDG_SCALE and not reading.cold_lesions:
        found.append(_gap("cold_lesions_not_answered"))
    return found


def _of_lesions(reading: Reading, measured) -> list[Gap]:
    scores = {score.lesion_id: score for score in reading.lesions.select_related("lesion")}
    wanted = [] if reading.scale_id == FDG_SCALE else lesions_to_read(reading.scan)
    unread = [lesion for lesion in wanted if lesion.pk not in scores or not scores[lesion.pk].is_read]
    if not scores and not wanted and (reading.scale_id == FDG_SCALE or _has_open_foci(reading)):
        return [_gap("reading_empty")]
    unlike = [score.lesion for score in differing(reading, measured) if not score.difference_reason.strip()]
    return [
        *([_gap("lesions_unread", unread)] if unread else []),
        *([_gap("difference_reason_missing", unlike)] if unlike else []),
    ]


def _of_numbers(scan: Scan, measured) -> list[Gap]:
    """A number that is not there yet can neither be shown nor differ from a score."""
    if all(item.state != selectors.RECOMPUTING for item in measured):
        return []
    return [_gap("numbers_given_up" if selectors.measuring_without_result(scan) else "numbers_computing")]


def _has_open_foci(reading: Reading) -> bool:
    """Nothing scored is a result only where nothing waits to be judged."""
    foci, _ = selectors.open_decisions(Scan.objects.filter(pk=reading.scan_id)).get(reading.scan_id, (0, 0))
    return foci > 0


def differing(reading: Reading, measured=None) -> list:
    """Scores that no computed score agrees with."""
    if reading.scale_id == FDG_SCALE:
        return []
    found = selectors.krenning_proposals(reading.scan, scale=reading.scale_id, measured=measured)
    computed = {item.lesion.pk: item.proposal for item in found}
    scores = reading.lesions.select_related("lesion").order_by("lesion__label")
    return [s for s in scores if differs(s.score_low, s.score_high, computed.get(s.lesion_id))]


def lesions_to_read(scan: Scan) -> list[Lesion]:
    """Lesions this scan has to answer for: marked or found on it or before, not gone, and none first seen later."""
    findings: dict = {}
    for finding in rows(LesionFinding, scan.patient).select_related("scan"):
        findings.setdefault(finding.lesion_id, []).append(finding)
    marked = set(Voi.objects.filter(scan=scan, lesion__isnull=False).values_list("lesion_id", flat=True))
    lesions = rows(Lesion, scan.patient).order_by("label")
    return [lesion for lesion in lesions if _belongs(lesion, scan, findings.get(lesion.pk, []), lesion.pk in marked)]


def _belongs(lesion: Lesion, scan: Scan, findings: list[LesionFinding], is_marked: bool) -> bool:
    before = [f for f in findings if _is_by(f.scan, scan)]
    here = next((f for f in before if f.scan_id == scan.pk), None)
    if here is not None and here.status == LesionFinding.Status.NOT_ASSESSABLE:
        return False
    last = max(before, key=lambda f: (f.scan.clinical_date is not None, f.scan.clinical_date), default=None)
    if last is not None and last.status in LEFT_OUT:
        return False
    if is_marked or before:
        return True
    is_known_by_then = (
        lesion.clinical_date is None or not scan.clinical_date or lesion.clinical_date <= scan.clinical_date
    )
    return not findings and is_known_by_then


def _is_by(earlier: Scan, scan: Scan) -> bool:
    if earlier.pk == scan.pk:
        return True
    return bool(earlier.clinical_date and scan.clinical_date and earlier.clinical_date <= scan.clinical_date)


def _of_quality(reading: Reading) -> list[Gap]:
    if not reading.quality:
        return [_gap("quality_missing")]
    is_bare = reading.quality != Reading.Quality.GOOD and not reading.quality_note.strip()
    return [_gap("quality_note_missing")] if is_bare else []


def _of_analogue(reading: Reading) -> list[Gap]:
    if not reading.ssa:
        return [_gap("ssa_missing")]
    is_bare = reading.ssa == Reading.Ssa.GIVEN and reading.ssa_injection_id is None
    return [_gap("ssa_injection_missing")] if is_bare else []


def _gap(code: str, lesions: Iterable[Lesion] = ()) -> Gap:
    lesions = tuple(lesions)
    return Gap(code, sentence(code).format(labels=", ".join(lesion.label for lesion in lesions)), lesions)
