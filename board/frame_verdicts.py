"""Rule sets on a wall: a word, the set with its version, what is open; and what would change it, in short sentences."""

from collections.abc import Callable
from dataclasses import dataclass

from board import words
from board.chart import Chart
from board.criteria_view import own_keys
from board.frame_flips import WallFlip, flips_of, nearest
from eligibility.domain.guideline import SAFETY_LEVELS, Level
from eligibility.domain.rules import AssessmentResult, RowResult, RowState, Verdict
from eligibility.loader import guideline

MOST_SETS = 2
MOST_ROWS = 2
OWN_WORDS = 32  # of the 60 of a view: the rest are its head and foot


@dataclass(frozen=True)
class WallVerdict:
    """``word`` never stands without ``label``: the set and its version. ``against``: the first row that decided it."""

    code: str
    word: str
    label: str
    note: str
    against: str

    @property
    def set_name(self) -> str:
        return self.label.rpartition(" ")[0]

    @property
    def version(self) -> str:
        return self.label.rpartition(" ")[2]


@dataclass(frozen=True)
class WallRow:
    """One criterion that is not fine: its state in a word beside the mark."""

    code: str
    word: str
    title: str
    value: str


def verdicts(chart: Chart) -> list[WallVerdict]:
    found = chart.assessed_on(chart.today)
    return [_verdict(found[key]) for key in _keys(chart)]


def left_out(chart: Chart) -> int:
    return max(len(own_keys()) - MOST_SETS, 0)


def flips(chart: Chart) -> list[WallFlip]:
    found = chart.assessed_on(chart.today)
    return nearest(flips_of(guideline(key), found[key]) for key in _keys(chart))


def open_rows(chart: Chart, sentences: list[WallFlip]) -> tuple[list[WallRow], int]:
    """What stands against the fullest set, adverse first, as far as the sentences leave room; how many more."""
    found = chart.assessed_on(chart.today)
    result = max((found[key] for key in _keys(chart)), key=lambda r: len(r.rows), default=None)
    if result is None:
        return [], 0
    rows = [*result.adverse_rows, *result.unknown_rows]
    room = OWN_WORDS - sum(len(f"{one.word} under {one.label} if {one.when}".split()) for one in sentences)
    shown: list[WallRow] = []
    for row in map(_row, rows[:MOST_ROWS]):
        room -= len(f"{row.word} {row.title} {row.value}".split())
        if room < 0:
            break
        shown.append(row)
    return shown, len(rows) - len(shown)


def _keys(chart: Chart) -> list[str]:
    return own_keys()[:MOST_SETS]


def _verdict(result: AssessmentResult) -> WallVerdict:
    said, _, rest = result.verdict_text.partition(" under ")
    label, _, note = rest.partition(" (")
    word = said.partition(",")[0]
    more = said.partition(", ")[2].rstrip(",")
    notes = [more, note.rstrip(")") if "unknown" in note or "board may" in note else ""]
    return WallVerdict(result.verdict_code, word.upper(), label, ", ".join(n for n in notes if n), against(result))


def against(result: AssessmentResult) -> str:
    """ "Platelets below 75 and 1 more": the rows behind an adverse verdict. A gate says it by its own name."""
    deciding = _DECIDING.get(result.verdict)
    rows = [row for row in result.adverse_rows if deciding is not None and deciding(row)]
    more = f" and {len(rows) - 1} more" if len(rows) > 1 else ""
    return f"{rows[0].title}{more}" if rows else ""


_DECIDING: dict[Verdict, Callable[[RowResult], bool]] = {
    Verdict.CONTRAINDICATED: lambda row: row.level is Level.ABS_CI,
    Verdict.NOT_ELIGIBLE: lambda row: row.state is RowState.NOT_MET,
    Verdict.NOT_RECOMMENDED: lambda row: row.level in SAFETY_LEVELS,
}


def _row(row: RowResult) -> WallRow:
    is_short = 0 < len(row.value_text) <= 16 and row.is_adverse
    return WallRow(
        row.state.value, row.state.value.replace("_", " "), row.title, words.typeset(row.value_text) if is_short else ""
    )
