"""Lesions of a scan with two opinions side by side: the computed proposal and the reader's score."""

from imaging import selectors
from imaging.models import LesionReading, Reading, Scan
from imaging.views.numbers import number


def lesions(scan: Scan, measured: list[selectors.CurrentMeasurement]) -> list[dict]:
    proposals = {p.lesion.pk: p for p in selectors.krenning_proposals(scan, measured=measured)}
    signed = selectors.signed_reading(scan)
    scores = {score.lesion_id: score for score in signed.lesions.all()} if signed else {}
    findings = {finding.lesion_id: finding for finding in scan.findings.all()}
    return [
        lesion_row(
            lesion,
            proposals.get(lesion.pk),
            scores.get(lesion.pk),
            findings.get(lesion.pk),
            measured,
            may_score=selectors.may_be_sstr(scan),
        )
        for lesion in scan.patient.lesion_rows.order_by("label")
    ]


def lesion_row(lesion, proposal, score, finding, measured, *, may_score: bool) -> dict:
    return {
        "lesion": lesion,
        "where": f"{lesion.organ} {lesion.segment}".strip(),
        "status": _size(finding),
        "note": lesion.note,
        "suv_max": number(_hottest(lesion, measured)),
        "relation": _relation(proposal),
        "relation_note": _liver(proposal),
        "proposal": proposed(proposal) if may_score else score_cell("–", "k-missing", "no score", "not an SSTR tracer"),
        "reader": read(score),
    }


def _size(finding) -> str:
    if finding is None:
        return "size not stated"
    size, mark = finding.size_text, ", size illustrative" if finding.is_illustrative else ""
    return f"{finding.get_status_display()}, {size} on CT{mark}" if size else finding.get_status_display()


def _hottest(lesion, measured) -> float | None:
    own = [item for item in measured if item.voi.lesion_id == lesion.pk]
    if not own or any(item.state != selectors.CURRENT for item in own):
        return None
    return max(item.measurement.suv_max for item in own)


def _relation(proposal) -> str:
    if proposal is None or proposal.proposal is None:
        return "–"
    return {"none": "no uptake", "equal": "equal to liver"}.get(
        proposal.proposal.relation, f"{proposal.proposal.relation} liver"
    )


def _liver(proposal) -> str:
    inputs = proposal.proposal.inputs if proposal and proposal.proposal else {}
    if not inputs.get("lesion") or not inputs.get("liver"):
        return ""
    return f"SUVpeak {float(inputs['lesion']):.2f}, liver SUVmean {float(inputs['liver']):.2f}"


def proposed(proposal) -> dict:
    if proposal is None:
        return score_cell("–", "k-missing", "not computed", "no volume of interest on this lesion")
    if proposal.proposal is None:
        return score_cell("–", "k-missing", "not computed", proposal.message)
    found = proposal.proposal
    notes = [f"{found.scale}, {found.method_version}"]
    if found.is_borderline:
        notes.insert(0, "borderline: another tolerance gives another answer")
    if proposal.is_provisional:
        notes.insert(0, "provisional SUV")
    return score_cell(found.text, css(found.score_low, found.score_high), "unsigned proposal", "; ".join(notes))


def read(score: LesionReading | None) -> dict:
    if score is None:
        return score_cell("–", "k-missing", "not read", "")
    reading = score.reading
    note = f"{reading.reader}, {reading.signed_at:%-d %b %Y}, {reading.scale_id} v{reading.version}"
    word = score.text or score.get_relation_to_liver_display() if score.relation_to_liver else score.text or "signed"
    if score.score_low is None:
        return score_cell("–", "k-missing", word, note)
    return score_cell(digits(score.score_low, score.score_high), css(score.score_low, score.score_high), word, note)


def score_cell(digits: str, css: str, word: str, note: str) -> dict:
    return {"digits": digits, "css": css, "word": word, "note": note}


def digits(low: int, high: int) -> str:
    if low == high:
        return str(low)
    if low == 0:
        return f"≤{high}"
    return f"≥{low}" if high == 4 else f"{low}–{high}"


def css(low: int, high: int) -> str:
    """The colour step of the score; of an interval the end that the words name."""
    return f"k{high if low == 0 else low}"


def reading_line(scan: Scan, user) -> dict:
    """The reading that counts, in words, and what this user may do next."""
    signed = selectors.signed_reading(scan)
    draft = Reading.objects.filter(scan=scan, state=Reading.State.DRAFT, reader=user).first()
    if signed:
        text = f"Signed by {signed.reader} on {signed.signed_at:%-d %b %Y}, {signed.scale_id} version {signed.version}"
    else:
        text = "No signed reading yet"
    if draft:
        return {"text": f"{text}; your draft is open", "action": "Go on reading", "open": draft}
    return {"text": text, "action": "Open the reading" if signed else "Start a reading", "open": signed}
