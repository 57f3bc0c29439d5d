"""Rows of the scan page: lesions with two opinions side by side, and volumes of interest with their numbers."""

from imaging import selectors
from imaging.domain import uptake
from imaging.models import LesionReading, Reading, Scan, UptakeMeasurement, Voi
from imaging.views.numbers import number

STATES = {
    selectors.RECOMPUTING: "recomputing: earlier values rest on other inputs",
    selectors.FAILED: "the computation failed",
    selectors.NOT_MEASURED: "not measured: no PET images",
}
NOTE = (
    "SUVbw in g/mL. SUVpeak: sphere of 1 mL, global (IBSI 0F91) and local at the hottest voxel (IBSI VJGA). "
    "Total SSTR expression: SUVmean x volume. Method "
)


def lesions(scan: Scan, measured: list[selectors.CurrentMeasurement]) -> list[dict]:
    proposals = {p.lesion.pk: p for p in selectors.krenning_proposals(scan, measured=measured)}
    signed = selectors.signed_reading(scan)
    scores = {score.lesion_id: score for score in signed.lesions.all()} if signed else {}
    findings = {finding.lesion_id: finding for finding in scan.findings.all()}
    return [
        _lesion_row(lesion, proposals.get(lesion.pk), scores.get(lesion.pk), findings.get(lesion.pk), measured)
        for lesion in scan.patient.lesion_rows.order_by("label")
    ]


def _lesion_row(lesion, proposal, score, finding, measured) -> dict:
    return {
        "lesion": lesion,
        "where": f"{lesion.organ} {lesion.segment}".strip(),
        "status": _size(finding),
        "note": lesion.note,
        "suv_max": number(_hottest(lesion, measured)),
        "relation": _relation(proposal),
        "relation_note": _liver(proposal),
        "proposal": _proposed(proposal),
        "reader": _read(score),
    }


def _size(finding) -> str:
    if finding is None:
        return "size not stated"
    axes = [axis for axis in (finding.long_axis_mm, finding.short_axis_mm, finding.third_axis_mm) if axis is not None]
    size = " x ".join(f"{axis:.0f}" for axis in axes)
    mark = ", size illustrative" if size and finding.is_illustrative else ""
    return f"{finding.get_status_display()}, {size} mm on CT{mark}" if size else finding.get_status_display()


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


def _proposed(proposal) -> dict:
    if proposal is None:
        return _score("–", "k-missing", "not computed", "no volume of interest on this lesion")
    if proposal.proposal is None:
        return _score("–", "k-missing", "not computed", proposal.message)
    found = proposal.proposal
    notes = [f"{found.scale}, {found.method_version}"]
    if found.is_borderline:
        notes.insert(0, "borderline: another tolerance gives another answer")
    if proposal.is_provisional:
        notes.insert(0, "provisional SUV")
    return _score(found.text, _css(found.score_low, found.score_high), "unsigned proposal", "; ".join(notes))


def _read(score: LesionReading | None) -> dict:
    if score is None:
        return _score("–", "k-missing", "not read", "")
    reading = score.reading
    note = f"{reading.reader}, {reading.signed_at:%-d %b %Y}, {reading.scale_id} v{reading.version}"
    word = score.text or score.get_relation_to_liver_display() if score.relation_to_liver else score.text or "signed"
    if score.score_low is None:
        return _score("–", "k-missing", word, note)
    return _score(_digits(score.score_low, score.score_high), _css(score.score_low, score.score_high), word, note)


def _score(digits: str, css: str, word: str, note: str) -> dict:
    return {"digits": digits, "css": css, "word": word, "note": note}


def _digits(low: int, high: int) -> str:
    if low == high:
        return str(low)
    if low == 0:
        return f"≤{high}"
    return f"≥{low}" if high == 4 else f"{low}–{high}"


def _css(low: int, high: int) -> str:
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


def measurements(measured: list[selectors.CurrentMeasurement]) -> list[dict]:
    return [_voi_row(item) for item in sorted(measured, key=_order)]


def _order(item) -> tuple:
    return (Voi.Role.values.index(item.voi.role), item.voi.lesion.label if item.voi.lesion else "")


def _voi_row(item: selectors.CurrentMeasurement) -> dict:
    voi, row = item.voi, item.measurement
    is_current = item.state == selectors.CURRENT
    return {
        "where": where(voi),
        "contour": _contour(voi),
        "centre": f"at {_centre(voi)} mm, radius {voi.radius_mm:.1f} mm",
        "note": _note(item),
        "values": _values(row) if is_current else None,
        "missing": row.refusal_message if row and row.refusal_code else STATES.get(item.state, item.state),
        "missing_code": row.refusal_code if row else "",
    }


def _centre(voi: Voi) -> str:
    return ", ".join(f"{value:.1f}" for value in (voi.centre_x_mm, voi.centre_y_mm, voi.centre_z_mm))


def _note(item: selectors.CurrentMeasurement) -> str:
    if item.state != selectors.CURRENT:
        return ""
    warned = [warning["message"] for warning in item.measurement.warnings]
    return " ".join((["Provisional SUV."] if item.is_provisional else []) + warned)


def _values(row: UptakeMeasurement) -> list[str]:
    numbers = (row.suv_max, row.suv_mean, row.suv_peak_global, row.suv_peak_local, row.volume_ml)
    return [*(number(value) for value in numbers), number(row.total_lesion_sstr_expression, 1)]


def where(voi: Voi) -> str:
    if voi.lesion:
        return f"{voi.lesion.label} {voi.lesion.organ} {voi.lesion.segment}".strip()
    return voi.get_role_display().capitalize()


def _contour(voi: Voi) -> str:
    if voi.method == Voi.Method.PERCENT_OF_MAX:
        return f"iso-contour, {voi.parameter:.0f} % of maximum"
    if voi.method == Voi.Method.FIXED_SUV:
        return f"iso-contour, SUV {voi.parameter:.1f}"
    return voi.get_method_display()


def older(scan: Scan, measured: list[selectors.CurrentMeasurement]) -> list[dict]:
    """Every value that no longer counts, newest first: what it was and when it was replaced."""
    shown = [item.measurement.pk for item in measured if item.measurement]
    rows = UptakeMeasurement.objects.filter(voi__scan=scan).exclude(pk__in=shown).select_related("voi__lesion")
    return [
        {
            "where": where(row.voi),
            "values": [number(v) for v in (row.suv_max, row.suv_mean, row.suv_peak_global, row.volume_ml)],
            "computed_at": row.computed_at,
            "superseded_at": row.superseded_at,
        }
        for row in rows.order_by("-computed_at")[:200]
    ]


def method_note() -> str:
    return NOTE + uptake.METHOD_VERSION + "."
