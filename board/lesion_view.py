"""Lesions over time: the reader's score beside the computed proposal, uptake, size, and what changed."""

from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

from django.urls import reverse

from board import words
from board.chart import Chart, ScanView
from eligibility.lesion_facts import is_uptake_illustrative
from imaging.models import Lesion, LesionFinding
from imaging.selectors import CURRENT, FAILED, NOT_MEASURED, RECOMPUTING, REFUSED, CurrentMeasurement, ScoreProposal

MOST_SCANS = 4
_STATES = {
    RECOMPUTING: "being computed again",
    FAILED: "computation failed",
    NOT_MEASURED: "not measured",
}


@dataclass(frozen=True)
class Score:
    digits: str
    css: str
    words: str
    title: str = ""


@dataclass(frozen=True)
class Cell:
    reader: Score
    proposal: Score
    suv: str = ""
    is_suv_illustrative: bool = False
    suv_mean: str = ""
    ratio: str = ""
    is_borderline: bool = False
    size: str = ""
    is_size_illustrative: bool = False
    state: str = ""


@dataclass(frozen=True)
class Between:
    """What was given between two scans; drawn as a bar between their columns."""

    text: str
    treatment_class: str


@dataclass(frozen=True)
class Column:
    day: str
    tracer: str
    label: str
    href: str
    reading: str
    note: str
    between: Between | None = None

    @property
    def is_illustrative(self) -> bool:
        return "illustrative" in self.note.lower()


@dataclass(frozen=True)
class LesionLine:
    label: str
    where: str
    pairs: list[tuple[Column, Cell]]
    changes: list[str]
    is_size_illustrative: bool
    is_uptake_illustrative: bool


@dataclass(frozen=True)
class LesionTable:
    columns: list[Column]
    lines: list[LesionLine]
    left_out: int

    @property
    def notes(self) -> list[str]:
        """What is illustrative, each sentence once."""
        return list(dict.fromkeys(c.note for c in self.columns if c.is_illustrative))

    @property
    def has_illustrative_size(self) -> bool:
        return any(line.is_size_illustrative for line in self.lines)

    @property
    def has_illustrative_uptake(self) -> bool:
        return any(line.is_uptake_illustrative for line in self.lines)


def lesion_table(chart: Chart) -> LesionTable:
    """The first scan and the newest three; a scan without a date cannot stand in a sequence and is left out."""
    dated = [view for view in chart.scans if view.day]
    shown = dated if len(dated) <= MOST_SCANS else [dated[0], *dated[-(MOST_SCANS - 1) :]]
    columns = _columns(shown, chart)
    lines = [_line(lesion, shown, columns) for lesion in chart.lesions]
    return LesionTable(columns, lines, len(chart.scans) - len(shown))


def _columns(shown: list[ScanView], chart: Chart) -> list[Column]:
    between = [None, *(_between(a, b, chart) for a, b in pairwise(shown))]
    return [_column(view, gap) for view, gap in zip(shown, between, strict=False)]


def _column(view: ScanView, between: Between | None) -> Column:
    scan, reading = view.scan, view.reading
    return Column(
        day=words.row_day(scan),
        tracer=scan.tracer or "tracer not stated",
        label=scan.label,
        href=reverse("imaging:scan", args=[scan.pk]),
        reading=f"signed, {reading.scale_id}" if reading else "no signed reading",
        note=scan.note,
        between=between,
    )


def _between(a: ScanView, b: ScanView, chart: Chart) -> Between | None:
    for line in chart.lines:
        if line.clinical_date and a.day <= line.clinical_date < b.day:
            cycles = f" ×{line.cycles}" if line.cycles else ""
            return Between(f"{line.regimen}{cycles}", line.treatment_class)
    return None


def _line(lesion: Lesion, shown: list[ScanView], columns: list[Column]) -> LesionLine:
    findings = {f.scan_id: f for f in lesion.findings.all()}
    pairs = [(view, findings.get(view.scan.lineage)) for view in shown]
    return LesionLine(
        label=lesion.label,
        where=f"{lesion.organ.replace('_', ' ')} {lesion.segment}".strip(),
        pairs=[(column, _cell(lesion, view, finding)) for column, (view, finding) in zip(columns, pairs, strict=True)],
        changes=_changes(lesion, pairs),
        is_size_illustrative=any(f.is_illustrative for f in findings.values()),
        is_uptake_illustrative=is_uptake_illustrative(lesion),
    )


def _cell(lesion: Lesion, view: ScanView, finding: LesionFinding | None) -> Cell:
    if finding is not None and finding.status == LesionFinding.Status.RESOLVED:
        return Cell(Score("none", "k-absent", "resolved on CT"), _missing("not computed"))
    if finding is not None and finding.status == LesionFinding.Status.MERGED:
        return Cell(Score("–", "k-absent", "merged into another lesion"), _missing("not computed"))
    state, hottest = _uptake(lesion, view)
    row = hottest.measurement if hottest else None
    proposal = view.proposals.get(lesion.lineage)
    return Cell(
        reader=_reader(view.score_of(lesion), view),
        proposal=_proposal(proposal),
        suv="" if row is None else f"{row.suv_max:.2f}",
        is_suv_illustrative=is_uptake_illustrative(lesion),
        suv_mean="" if row is None else f"{row.suv_mean:.2f}",
        ratio="" if row is None else _ratio(proposal, view, lesion),
        is_borderline=bool(proposal and proposal.proposal and proposal.proposal.is_borderline),
        size=_size(finding),
        is_size_illustrative=finding is not None and finding.is_illustrative,
        state=state,
    )


def _uptake(lesion: Lesion, view: ScanView) -> tuple[str, CurrentMeasurement | None]:
    """Why there is no number, or the hottest of the lesion's regions; a provisional one says so."""
    own = [m for m in view.measured if m.voi.lesion_id == lesion.lineage]
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
    step = words.krenning_step(score.score_low, score.score_high)
    return Score(words.krenning(score.score_low, score.score_high), f"k{step}", "reader", by)


def _proposal(found: ScoreProposal | None) -> Score:
    if found is None:
        return _missing("not computed")
    if found.proposal is None:
        return Score("–", "k-missing", "not computed", found.message)
    p = found.proposal
    text = words.krenning(p.score_low, p.score_high)
    title = f"Unsigned proposal {p.text}, relation to liver: {p.relation}. {p.scale}, {p.method_version}"
    return Score(text, f"k{words.krenning_step(p.score_low, p.score_high)}", "computed", title)


def _missing(why: str) -> Score:
    return Score("–", "k-missing", why)


def _ratio(found: ScoreProposal | None, view: ScanView, lesion: Lesion) -> str:
    """What the proposal compared, by name and number: the ratio is one of SUVpeak, not of the SUVmax above it."""
    peaks = [m.measurement.suv_peak_local for m in view.measured if m.voi.lesion_id == lesion.lineage]
    inputs = found.proposal.inputs if found and found.proposal else {}
    if inputs.get("lesion") and inputs.get("liver"):
        compared, liver = Decimal(inputs["lesion"]), Decimal(inputs["liver"])
        name = "peak" if float(compared) in peaks else "max"
        return f"{name} {compared:.2f}, {compared / liver:.2f} × liver"
    known = [peak for peak in peaks if peak is not None]
    return f"peak {max(known):.2f}" if known else ""


def _size(finding: LesionFinding | None) -> str:
    if finding is None:
        return ""
    if finding.status == LesionFinding.Status.NOT_ASSESSABLE:
        return "not assessable"
    axes = [a for a in (finding.long_axis_mm, finding.short_axis_mm, finding.third_axis_mm) if a is not None]
    return f"{' × '.join(f'{a:.0f}' for a in axes)} mm" if axes else ""


def _changes(lesion: Lesion, pairs: list[tuple[ScanView, LesionFinding | None]]) -> list[str]:
    """The newest scan against the one before it, where both have the number and the tracer is the same."""
    if len(pairs) < 2:
        return []
    (before, old), (after, new) = pairs[-2:]
    said = []
    a, b = (_uptake(lesion, view)[1] for view in (before, after))
    if a and b and before.scan.tracer != after.scan.tracer:
        said.append("SUV not compared: tracers differ")
    elif a and b and a.measurement.suv_max and not (a.is_provisional or b.is_provisional):
        said.append(f"SUVmax {_percent(a.measurement.suv_max, b.measurement.suv_max)}")
    if old and new and old.long_axis_mm and new.long_axis_mm:
        said.append(f"long axis {_percent(float(old.long_axis_mm), float(new.long_axis_mm))}")
    return said


def _percent(before: float, after: float) -> str:
    change = 100 * (after - before) / before
    return f"{change:+.0f}\N{NO-BREAK SPACE}%".replace("-", "−")
