"""What stands beside each lesion while it is graded: computed score with its reason, numbers, the score before."""

from imaging import selectors
from imaging.domain.agreement import differs
from imaging.domain.krenning import SCALES, KrenningProposal
from imaging.models import LesionReading, Reading, Scan, Voi
from imaging.reading_forms import NOT_STATED, SCORES
from imaging.reading_gaps import lesions_to_read
from imaging.scan_numbers import scan_numbers, values_of
from imaging.services.reading_lock import token_of_score
from imaging.views import scan_rows
from imaging.views.numbers import number
from imaging.views.voi_rows import STATES

ORGANS = ((Voi.Role.LIVER, "Liver"), (Voi.Role.SPLEEN, "Spleen"), (Voi.Role.BLOOD_POOL, "Blood pool"))
RELATION = {"none": "no uptake", "below": "below liver", "equal": "equal to liver", "above": "above liver"}


def blocks(scan: Scan, reading: Reading | None, measured: list, previous: Scan | None, numbers=None) -> list[dict]:
    """One per lesion that this scan has to answer for, and per lesion that the reading scores besides."""
    scores = {score.lesion_id: score for score in reading.lesions.select_related("lesion")} if reading else {}
    scale = reading.scale_id if reading and reading.scale_id in SCALES else None
    proposals = {p.lesion.pk: p for p in selectors.krenning_proposals(scan, scale=scale, measured=measured)}
    before = selectors.signed_reading(previous) if previous else None
    old = {score.lesion_id: score for score in before.lesions.all()} if before else {}
    burden = (numbers or scan_numbers(scan, measured)).burden
    ratios = burden.ratios if burden else {}
    wanted = lesions_to_read(scan)
    known = {lesion.pk for lesion in wanted}
    lesions = sorted([*wanted, *(s.lesion for pk, s in scores.items() if pk not in known)], key=lambda x: x.label)
    return [
        _block(lesion, scores.get(lesion.pk), proposals.get(lesion.pk), old.get(lesion.pk), ratios)
        | {"measured": _uptake([m for m in measured if m.voi.lesion_id == lesion.pk])}
        for lesion in lesions
    ]


def _block(lesion, score: LesionReading | None, proposal, before: LesionReading | None, ratios) -> dict:
    computed = proposal.proposal if proposal else None
    is_different = score is not None and differs(score.score_low, score.score_high, computed)
    return {
        "lesion": lesion,
        "where": f"{lesion.organ} {lesion.segment}".strip(),
        "score": score,
        "seen": token_of_score(score),
        "chosen": chosen(score),
        "cell": _cell(score),
        "options": _options(score),
        "is_read": score is not None and score.is_read,
        "computed": _cell(computed),
        "low": None if computed is None else computed.score_low,
        "high": None if computed is None else computed.score_high,
        "reason": _reason(proposal),
        "is_borderline": computed is not None and computed.is_borderline,
        "borderline": _borderline(computed),
        "is_provisional": proposal is not None and proposal.is_provisional,
        "is_different": is_different,
        "before": scan_rows.read(before),
        "ratios": [_ratio(ratios, lesion.label, organ) for organ in ("liver", "spleen")],
    }


def chosen(score: LesionReading | None) -> str:
    """The value of the radio button that stands for a stored score."""
    if score is None:
        return ""
    return NOT_STATED if score.score_low is None else f"{score.score_low}-{score.score_high}"


def _cell(score: LesionReading | KrenningProposal | None) -> dict:
    """The coloured digit of a read or computed score."""
    if score is None or score.score_low is None:
        return {"digits": "–", "css": "k-missing"}
    ends = score.score_low, score.score_high
    return {"digits": scan_rows.digits(*ends), "css": scan_rows.css(*ends)}


def _options(score: LesionReading | None) -> list[dict]:
    """Single scores, the two usual ranges, and a range stored otherwise."""
    usual = dict(SCORES)
    if score is not None and score.score_low is not None and chosen(score) not in usual:
        usual[chosen(score)] = scan_rows.digits(score.score_low, score.score_high)
    made = [{"value": value, "digits": digits, "is_single": value[0] == value[2]} for value, digits in usual.items()]
    return [option | {"css": scan_rows.css(int(option["value"][0]), int(option["value"][2]))} for option in made]


def _reason(proposal) -> str:
    """Why the computed score is what it is, or why there is none."""
    if proposal is None:
        return "No region marks this lesion, so nothing is computed."
    if proposal.proposal is None:
        return proposal.message.removesuffix(".")
    found = proposal.proposal
    given = found.inputs
    if not given.get("lesion") or not given.get("liver"):
        return RELATION[found.relation]
    band = f"±{100 * float(given['tolerance']):.0f} %"
    said = f"{RELATION[found.relation]}: {float(given['lesion']):.2f} against {float(given['liver']):.2f} {band}"
    return f"{said}; spleen {float(given['spleen']):.2f}" if given.get("spleen") else f"{said}; no spleen reference"


def _borderline(computed) -> str:
    if computed is None or not computed.is_borderline:
        return ""
    tried = computed.by_tolerance.items()
    other = [f"{100 * float(t):.0f} %: {RELATION[r]}" for t, r in tried if r != computed.relation]
    return f"Borderline. With another tolerance {', '.join(other)}."


def _uptake(items: list) -> dict:
    """SUVpeak and SUVmax of the hottest region, or the state that keeps them back."""
    if not items:
        return {"peak": "–", "max": "–", "state": ""}
    found = [values_of(item) for item in items]
    missing = next((item for item in items if item.state != selectors.CURRENT), None)
    if missing is not None:
        row = missing.measurement
        said = row.refusal_message if row and row.refusal_code else STATES.get(missing.state, missing.state)
        return {"peak": "–", "max": "–", "state": said}
    _, highest, _, peak = max(found, key=lambda values: values[1])
    return {"peak": number(peak), "max": number(highest), "state": ""}


def _ratio(ratios, label: str, organ: str) -> str:
    found = ratios.get((label, organ))
    return "–" if found is None else f"{found.low:.2f}"


def references(measured: list, previous: Scan | None) -> list[dict]:
    """Means of the reference organs on the scan before and on this one, each with its spread and state."""
    old = selectors.measurements(previous) if previous else []
    return [{"organ": name, "old": _reference(old, role), "new": _reference(measured, role)} for role, name in ORGANS]


def _reference(measured: list, role: str) -> dict:
    newest = selectors.placed_last(measured, role)
    if newest is None:
        return {"mean": "–", "cov": "", "state": "not placed"}
    row = newest.measurement
    if newest.state != selectors.CURRENT:
        said = row.refusal_message if row and row.refusal_code else STATES.get(newest.state, newest.state)
        return {"mean": "–", "cov": "", "state": said}
    cov = f"{100 * row.suv_sd / row.suv_mean:.0f} %" if row.suv_mean and row.suv_sd is not None else ""
    return {"mean": number(row.suv_mean), "cov": cov, "state": "provisional" if newest.is_provisional else "measured"}
