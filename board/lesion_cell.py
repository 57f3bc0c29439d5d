"""One lesion on one scan: the reader's score beside the computed proposal, uptake, size, or why there is no number."""

from dataclasses import dataclass
from decimal import Decimal

from django.urls import reverse

from board import words
from board.chart import Chart, ScanView
from eligibility.lesion_facts import is_uptake_illustrative
from imaging.models import Lesion, LesionFinding
from imaging.selectors import CURRENT, FAILED, NOT_MEASURED, RECOMPUTING, REFUSED, CurrentMeasurement, ScoreProposal

_STATES = {
    RECOMPUTING: "being computed again",
    FAILED: "computation failed",
    NOT_MEASURED: "not computed yet",
}


@dataclass(frozen=True)
class Score:
    """``digits`` on a tile of the Krenning step ``css``; ``low`` and ``high`` as stated."""

    digits: str
    css: str
    words: str
    title: str = ""
    low: int | None = None
    high: int | None = None

    @property
    def is_stated(self) -> bool:
        return self.low is not None or self.high is not None


@dataclass(frozen=True)
class Cell:
    reader: Score
    proposal: Score
    suv: str = ""
    is_suv_illustrative: bool = False
    peak: str = ""
    ratio: str = ""
    ratio_value: float | None = None
    is_borderline: bool = False
    size: str = ""
    is_size_illustrative: bool = False
    state: str = ""
    href: str = ""


def source_href(chart: Chart, lesion: Lesion, view: ScanView) -> str:
    """Where the numbers of one cell are traced back to the files."""
    path = reverse("board:source", args=[chart.patient.case_number])
    return f"{path}?lesion={lesion.lineage}&scan={view.scan.lineage}"


def cell(lesion: Lesion, view: ScanView, finding: LesionFinding | None, chart: Chart) -> Cell:
    href = source_href(chart, lesion, view)
    if finding is not None and finding.status == LesionFinding.Status.RESOLVED:
        return Cell(Score("none", "k-absent", "resolved on CT"), _missing("not computed"), href=href)
    if finding is not None and finding.status == LesionFinding.Status.MERGED:
        return Cell(Score("–", "k-absent", "merged into another lesion"), _missing("not computed"), href=href)
    state, hottest = uptake(lesion, view)
    row = hottest.measurement if hottest else None
    proposal = view.proposals.get(lesion.lineage)
    ratio, value = ("", None) if row is None else _ratio(proposal, view, lesion)
    return Cell(
        reader=_reader(view.score_of(lesion), view),
        proposal=_proposal(proposal),
        suv="" if row is None else f"{row.suv_max:.2f}",
        is_suv_illustrative=is_uptake_illustrative(lesion),
        peak="" if row is None else _peak(view, lesion),
        ratio=ratio,
        ratio_value=value,
        is_borderline=bool(proposal and proposal.proposal and proposal.proposal.is_borderline),
        size=_size(finding),
        is_size_illustrative=finding is not None and finding.is_illustrative,
        state=state,
        href=href,
    )


def regions_of(lesion: Lesion, view: ScanView) -> list[CurrentMeasurement]:
    return [m for m in view.measured if m.voi.lesion_id == lesion.lineage]


def uptake(lesion: Lesion, view: ScanView) -> tuple[str, CurrentMeasurement | None]:
    """Why there is no number, or the hottest of the lesion's regions; a provisional one says so."""
    own = regions_of(lesion, view)
    if not own:
        return "no region drawn", None
    if view.suv.state == REFUSED:
        return f"no SUV: {view.suv.message or view.suv.code.replace('_', ' ')}", None
    for item in own:
        if item.state != CURRENT:
            refused = item.measurement.refusal_message if item.measurement else view.suv.message
            return _STATES.get(item.state, refused or item.state), None
    hottest = max(own, key=lambda m: m.measurement.suv_max)
    return "provisional SUV, not used as a fact" if hottest.is_provisional else "", hottest


def _reader(score, view: ScanView) -> Score:
    if view.reading is None:
        return _missing("not read")
    if score is None:
        return _missing("not scored")
    by = f"Signed reading, {view.reading.scale_id}"
    if score.score_low is None and score.score_high is None:
        said = score.text or score.get_relation_to_liver_display()
        return Score("–", "k-missing", said if score.text or score.relation_to_liver else "not stated", by)
    return _tile(score.score_low, score.score_high, "reader", by)


def _proposal(found: ScoreProposal | None) -> Score:
    if found is None:
        return _missing("not computed")
    if found.proposal is None:
        return Score("–", "k-missing", "not computed", found.message)
    p = found.proposal
    title = f"Unsigned proposal {p.text}, relation to liver: {p.relation}. {p.scale}, {p.method_version}"
    return _tile(p.score_low, p.score_high, "computed", title)


def _tile(low: int | None, high: int | None, said: str, title: str) -> Score:
    return Score(words.krenning(low, high), f"k{words.krenning_step(low, high)}", said, title, low, high)


def _missing(why: str) -> Score:
    return Score("–", "k-missing", why)


def _ratio(found: ScoreProposal | None, view: ScanView, lesion: Lesion) -> tuple[str, float | None]:
    """What the proposal compared, by its name: the ratio is one of SUVpeak, not of the SUVmax below it."""
    inputs = found.proposal.inputs if found and found.proposal else {}
    if not (inputs.get("lesion") and inputs.get("liver")):
        return "", None
    peaks = [m.measurement.suv_peak_local for m in regions_of(lesion, view)]
    compared, liver = Decimal(inputs["lesion"]), Decimal(inputs["liver"])
    name = "peak" if float(compared) in peaks else "max"
    return f"{name} {compared / liver:.2f} × liver", float(compared / liver)


def _peak(view: ScanView, lesion: Lesion) -> str:
    known = [m.measurement.suv_peak_local for m in regions_of(lesion, view)]
    return f"{max(peaks):.2f}" if (peaks := [peak for peak in known if peak is not None]) else ""


def _size(finding: LesionFinding | None) -> str:
    if finding is None:
        return ""
    if finding.status == LesionFinding.Status.NOT_ASSESSABLE:
        return "not assessable"
    return finding.size_text
