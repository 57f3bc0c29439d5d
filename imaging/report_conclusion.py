"""Report: what the reader concludes, and what the report cannot say. A rise is never called more than possible."""

from imaging import selectors
from imaging.models import Reading
from patients.models import TreatmentLine
from patients.selectors import counted_rows

RISE = "possible treatment-associated increase in SSTR uptake"
RISE_ALONE = "possible increase in SSTR uptake"
NOT_WEIGHED = "Analogue, tracer, scanner and uptake time are not weighed in this sentence; tissue was not examined."


def conclusion(basis) -> list[str]:
    lines = [] if basis.is_fdg else [_counted(basis.reading), *_change(basis)]
    comment = basis.reading.comment.strip()
    return [*lines, *([f"Reader's comment: {comment}"] if comment else [])] or ["No comment."]


def _counted(reading: Reading) -> str:
    scored = [score for score in reading.lesions.all() if score.score_low is not None]
    above = sum(score.score_low >= 3 for score in scored)
    open_ones = sum(score.score_low < 3 <= score.score_high for score in scored)
    unscored = len(reading.lesions.all()) - len(scored)
    said = f"Krenning 3 or more in {above} of {len(scored)} scored lesions ({reading.scale_id})"
    said += f", open in {open_ones}" if open_ones else ""
    return said + (f"; {unscored} read without a number." if unscored else ".")


def _change(basis) -> list[str]:
    """Within lesions scored on both scans, on one scale and with one tracer."""
    before = basis.before
    if before is None or before.scale_id != basis.reading.scale_id or before.scan.tracer != basis.scan.tracer:
        return []
    old, new = (_numbered(reading) for reading in (before, basis.reading))
    both = [(old[pk], new[pk]) for pk in old.keys() & new.keys()]
    if not both:
        return []
    rose = sum(now.score_low > was.score_high for was, now in both)
    fell = sum(now.score_high < was.score_low for was, now in both)
    said = f"Of {len(both)} lesions scored on both scans the Krenning score rose in {rose} and fell in {fell}"
    if not rose:
        return [f"{said}."]
    return [f"{said}: {RISE if _was_treated(basis) else RISE_ALONE}. {NOT_WEIGHED}"]


def _numbered(reading: Reading) -> dict:
    return {score.lesion_id: score for score in reading.lesions.all() if score.score_low is not None}


def _was_treated(basis) -> bool:
    """A treatment line that was surely under way between the two scans."""
    first, last = basis.previous.clinical_date, basis.scan.clinical_date
    if first is None or last is None:
        return False
    lines = counted_rows(TreatmentLine, basis.scan.patient, known_at=basis.known_at)
    begun = [line for line in lines if line.clinical_date and line.clinical_date < last and not line.doubts]
    return any(line.stop_date is None or line.stop_date > first for line in begun)


def limits(basis) -> list[str]:
    reading = basis.reading
    said = ["Computed scores are proposals beside the reader's and do not replace them."]
    if reading.ssa in ("", Reading.Ssa.UNKNOWN) and not basis.is_fdg:
        said.append("Somatostatin analogue unknown: it lowers liver uptake and raises ratios to liver.")
    if reading.cold_lesions in ("", Reading.ColdLesions.NOT_ASSESSED) and not basis.is_fdg:
        said.append("Lesions without uptake were not looked for: the list may not be complete.")
    if reading.extravasation in (Reading.Extravasation.SUSPECTED, Reading.Extravasation.SEEN):
        said.append("Extravasation lowers every SUV; ratios to liver are less affected.")
    if any(item.is_provisional for item in basis.measured):
        said.append("The SUV is provisional: inputs wait for a person's confirmation.")
    if any(item.state != selectors.CURRENT for item in basis.measured):
        said.append("Some regions have no number; it is not shown.")
    return [*said, *([f"Note with the scan: {basis.scan.note}"] if basis.scan.note else [])]
