"""Lesions on a wall, the coldest first: scores with their digits, what changed, and how many there are."""

from dataclasses import dataclass

from board.chart import Chart, ScanView
from board.lesion_cell import Cell, Score
from board.lesion_view import LesionLine, lesion_table
from imaging.models import Lesion

MOST_ROWS = 6
BESIDE_A_SENTENCE = 4
MOST_SCANS = 3
RATIO = "Peak × liver"


@dataclass(frozen=True)
class WallScore:
    """A tile: digits on the colour step ``css``, and the words that say whose number it is."""

    day: str
    digits: str
    css: str
    words: str
    is_stated: bool


@dataclass(frozen=True)
class WallLesion:
    """``number`` of ``count``, counted from the coldest. ``facts`` are name and value, before → after."""

    label: str
    where: str
    scores: tuple[WallScore, ...]
    facts: tuple[tuple[str, str], ...]
    status: str
    number: int
    count: int

    @property
    def ratio(self) -> str:
        return dict(self.facts).get(RATIO, "")


@dataclass(frozen=True)
class WallHeatmap:
    """``columns``: the day of each scan, and what was given since the one before."""

    columns: tuple[tuple[str, str], ...]
    rows: tuple[WallLesion, ...]
    more: int
    counts: str
    above: str


def lines_of(chart: Chart, scans: list[ScanView]) -> list[LesionLine]:
    return lesion_table(chart, "coldest", scans=scans).lines


def lesion_at(chart: Chart, index: int) -> tuple[Lesion, WallLesion] | None:
    """The lesion that is ``index`` steps warmer than the coldest, on the newest two SSTR scans; the last at most."""
    lines = lines_of(chart, chart.dated_sstr_scans[-2:])
    if not lines:
        return None
    at = min(index, len(lines) - 1)
    found = next(lesion for lesion in chart.lesions if lesion.label == lines[at].label)
    return found, _lesion(lines[at], at + 1, len(lines))


def coldest(chart: Chart) -> WallLesion | None:
    found = lesion_at(chart, 0)
    return found[1] if found else None


def above_liver(chart: Chart) -> str:
    """ "3 of 4 above liver": of the lesions with a score on the newest SSTR scan."""
    lines = lines_of(chart, chart.dated_sstr_scans[-1:])
    stated = [line.newest.reader for line in lines if line.newest.reader.is_stated]
    if not stated:
        return ""
    return f"{sum((score.low or 0) >= 3 for score in stated)} of {len(stated)} above liver"


def heatmap(chart: Chart, most: int = MOST_ROWS) -> WallHeatmap:
    dated = chart.dated_sstr_scans
    scans = dated if len(dated) <= MOST_SCANS else [dated[0], *dated[-(MOST_SCANS - 1) :]]
    table = lesion_table(chart, "coldest", scans=scans)
    rows = tuple(_lesion(line, n, len(table.lines)) for n, line in enumerate(table.lines[:most], start=1))
    return WallHeatmap(
        columns=tuple((one.day, one.between.text if one.between else "") for one in table.columns),
        rows=rows,
        more=len(table.lines) - len(rows),
        counts=table.counts,
        above=above_liver(chart),
    )


def _lesion(line: LesionLine, number: int, count: int) -> WallLesion:
    cells = [cell for _, cell in line.pairs]
    scores = tuple(_score(column.day, cell) for column, cell in line.pairs)
    return WallLesion(line.label, line.where, scores, _facts(cells), line.status, number, count)


def _score(day: str, cell: Cell) -> WallScore:
    score: Score = cell.reader
    if not score.is_stated and cell.state.startswith("no SUV"):
        return WallScore(day, "!", "k-refused", "no SUV", False)
    return WallScore(day, score.digits, score.css, "" if score.is_stated else score.words, score.is_stated)


def _facts(cells: list[Cell]) -> tuple[tuple[str, str], ...]:
    newest = cells[-1]
    if newest.state and not newest.suv:
        return (("Uptake", newest.state.rstrip(".")),)
    ratios = [f"{c.ratio_value:.2f}" if c.ratio_value is not None else "–" for c in cells[-2:]]
    found = [
        (RATIO, _arrow(ratios)),
        ("SUVmax", _arrow([c.suv or "–" for c in cells[-2:]])),
        ("Long axis", _arrow([_axis(c) for c in cells[-2:]])),
    ]
    return tuple((name, value) for name, value in found if value.strip("– →"))


def _axis(cell: Cell) -> str:
    first = cell.size.partition(" × ")[0]
    return f"{first} mm" if first.replace(".", "").isdigit() else cell.size or "–"


def _arrow(values: list[str]) -> str:
    if len(values) == 2 and values[0].endswith(" mm") and values[1].endswith(" mm"):
        values = [values[0].removesuffix(" mm"), values[1]]
    return " → ".join(values)
