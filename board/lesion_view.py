"""Lesions over time: rows by organ, columns by scan with the treatment between, a total for each scan."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from django.urls import reverse

from board import words
from board.chart import Chart, ScanView
from board.lesion_cell import Cell, cell
from board.lesion_change import MATCHED, changes, counts, factor, median_words, status
from board.lesion_totals import DAGGER, Total, totals
from eligibility.lesion_facts import is_uptake_illustrative
from imaging.models import Lesion

MOST_SCANS = 4
FOLD_FROM = 40
SORTS = {"organ": "organ", "coldest": "coldest", "change": "change"}


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
    organ: str
    pairs: list[tuple[Column, Cell]]
    changes: list[str]
    is_size_illustrative: bool
    is_uptake_illustrative: bool
    status: str = ""
    status_note: str = ""
    factor: float | None = None

    @property
    def newest(self) -> Cell:
        return self.pairs[-1][1]

    @property
    def coldness(self) -> tuple:
        """The reader's score first, then the ratio; what has neither comes last."""
        score, ratio = self.newest.reader, self.newest.ratio_value
        return (not score.is_stated, score.low or 0, 4 if score.high is None else score.high, ratio is None, ratio or 0)


@dataclass(frozen=True)
class Group:
    """Lesions of one organ; ``summary`` has one entry per scan: the coldest and the median ratio."""

    organ: str
    lines: list[LesionLine]
    summary: list[tuple[Column, str]]

    @property
    def alone(self) -> list["Group"]:
        """The same lesions as a table of their own, without a heading row."""
        return [Group("", self.lines, [])]


@dataclass(frozen=True)
class LesionTable:
    columns: list[Column]
    groups: list[Group]
    left_out: int
    sort: str = "organ"
    counts: str = ""
    median: str = ""
    coldest: str = ""
    totals: tuple[Total, ...] = ()

    @property
    def lines(self) -> list[LesionLine]:
        return [line for group in self.groups for line in group.lines]

    @property
    def is_folded(self) -> bool:
        """Too many to look at one by one: organs first, their lesions on demand."""
        return len(self.lines) > FOLD_FROM

    @property
    def row_count(self) -> int:
        """Rows the bar of a treatment runs along."""
        return len(self.lines) + sum(bool(group.organ) for group in self.groups)

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


def lesion_table(chart: Chart, sort: str = "organ", *, scans: list[ScanView] | None = None) -> LesionTable:
    """The first scan and the newest three, or ``scans``; one without a date can stand in no sequence."""
    dated = [view for view in chart.scans if view.day]
    shown = dated if len(dated) <= MOST_SCANS else [dated[0], *dated[-(MOST_SCANS - 1) :]]
    shown = shown if scans is None else scans
    columns = _columns(shown, chart)
    lines = [_line(lesion, shown, columns, chart) for lesion in chart.lesions] if columns else []
    matched = [line for line in lines if line.status == MATCHED]
    by = sort if sort in SORTS else "organ"
    return LesionTable(
        columns=columns,
        groups=_groups(lines, columns, by),
        left_out=len(chart.scans) - len(shown),
        sort=by,
        counts=counts([line.status for line in lines]),
        median=median_words([line.factor for line in matched], len(matched)) + _dagger(matched),
        coldest=_coldest(lines),
        totals=totals(shown) if lines else (),
    )


def _dagger(matched: Sequence[LesionLine]) -> str:
    """A median of uptakes some of which were drawn is no more a finding than they are."""
    return DAGGER if any(line.is_uptake_illustrative and line.factor is not None for line in matched) else ""


def _coldest(lines: Sequence[LesionLine]) -> str:
    scored = [line for line in lines if line.newest.reader.is_stated]
    return min(scored, key=lambda line: line.coldness).label if len(scored) > 1 else ""


def _groups(lines: list[LesionLine], columns: list[Column], sort: str) -> list[Group]:
    if sort == "coldest":
        return [Group("", sorted(lines, key=lambda line: line.coldness), [])]
    if sort == "change":
        return [Group("", sorted(lines, key=_by_change), [])]
    organs: dict[str, list[LesionLine]] = {}
    for line in lines:
        organs.setdefault(line.organ, []).append(line)
    return [Group(organ, found, _summary(found, columns)) for organ, found in organs.items()]


def _by_change(line: LesionLine) -> tuple:
    """The biggest change of SUVmax first, up or down; then what has none."""
    if line.factor is None:
        return True, 0.0
    return False, -max(line.factor, 1 / line.factor) if line.factor else 0.0


def _summary(lines: list[LesionLine], columns: list[Column]) -> list[tuple[Column, str]]:
    said = [_range_words([line.pairs[i][1].ratio_value for line in lines]) for i in range(len(columns))]
    return [(c, text + (DAGGER if text and c.is_illustrative else "")) for c, text in zip(columns, said, strict=True)]


def _range_words(found: list[float | None]) -> str:
    """Of an organ's lesions on one scan: coldest and median, and of how many where some have no ratio."""
    ratios = [ratio for ratio in found if ratio is not None]
    if not ratios:
        return ""
    share = f" ({len(ratios)} of {len(found)})" if len(ratios) < len(found) else ""
    if len(ratios) == 1:
        return f"{ratios[0]:.2f} × liver{share}"
    return f"coldest {min(ratios):.2f}, median {median(ratios):.2f} × liver{share}"


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
    """Every line that began between the two scans; drawn in the colour of the last."""
    begun = [line for line in chart.lines if line.clinical_date and a.day <= line.clinical_date < b.day]
    if not begun:
        return None
    said = [f"{line.regimen} ×{line.cycles}" if line.cycles else line.regimen for line in begun]
    return Between(", then ".join(said), begun[-1].treatment_class)


def _line(lesion: Lesion, shown: list[ScanView], columns: list[Column], chart: Chart) -> LesionLine:
    findings = {f.scan_id: f for f in lesion.findings.all()}
    pairs = [(view, findings.get(view.scan.lineage)) for view in shown]
    cells = [cell(lesion, view, finding, chart) for view, finding in pairs]
    word, note = status(lesion, pairs, chart)
    organ = lesion.organ.replace("_", " ")
    return LesionLine(
        label=lesion.label,
        where=f"{organ} {lesion.segment}".strip(),
        organ=organ,
        pairs=list(zip(columns, cells, strict=True)),
        changes=changes(lesion, pairs, cells),
        is_size_illustrative=any(f.is_illustrative for f in findings.values()),
        is_uptake_illustrative=is_uptake_illustrative(lesion),
        status=word,
        status_note=note,
        factor=factor(lesion, pairs),
    )
