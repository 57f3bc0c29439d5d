"""Rule sets on a wall: a word, the set with its version, what is open; and what would change it, in short sentences."""

from collections.abc import Sequence
from dataclasses import dataclass

from board import words
from board.chart import Chart
from board.criteria_view import own_keys
from eligibility.domain.criteria import Condition, check
from eligibility.domain.facts import choice_text
from eligibility.domain.flip import Flip
from eligibility.domain.flip_words import phrase
from eligibility.domain.guideline import Criterion
from eligibility.domain.lesions import LesionVerdict
from eligibility.domain.margin import COUNTING
from eligibility.domain.rules import FAVOURABLE, AssessmentResult, RowResult, Verdict
from eligibility.domain.scale_words import distance
from eligibility.domain.vocabulary import RELATIONS
from eligibility.loader import guideline
from eligibility.sensitivity import sensitivity

MOST_SETS = 2
MOST_SENTENCES = 2
MOST_ROWS = 2
ROWS_NAMED = 2
LESIONS_NAMED = 3
LONGEST, SHORT = 70, 16


@dataclass(frozen=True)
class WallVerdict:
    """``word`` never stands without ``label``: the set and its version."""

    code: str
    word: str
    label: str
    note: str
    against: tuple[str, ...]

    @property
    def set_name(self) -> str:
        return self.label.rpartition(" ")[0]

    @property
    def version(self) -> str:
        return self.label.rpartition(" ")[2]


@dataclass(frozen=True)
class WallFlip:
    """``word`` under ``label`` if ``when``; without a word the sentence says why nothing changes it."""

    word: str
    label: str
    when: str


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
    return max(len(own_keys(chart.assessed_on(chart.today))) - MOST_SETS, 0)


def flips(chart: Chart) -> list[WallFlip]:
    """At most two sentences, of each set the nearest first: more cannot be read from the last row."""
    found = chart.assessed_on(chart.today)
    by_set = [_flips(found[key]) for key in _keys(chart)]
    turns = [one[n] for n in range(MOST_SENTENCES) for one in by_set if n < len(one)]
    return turns[:MOST_SENTENCES]


def open_rows(chart: Chart) -> tuple[list[WallRow], int]:
    """What stands against the fullest set, adverse first, and how many more there are."""
    found = chart.assessed_on(chart.today)
    result = max((found[key] for key in _keys(chart)), key=lambda r: len(r.rows), default=None)
    if result is None:
        return [], 0
    rows = [*result.adverse_rows, *result.unknown_rows]
    return [_row(row) for row in rows[:MOST_ROWS]], max(len(rows) - MOST_ROWS, 0)


def _keys(chart: Chart) -> list[str]:
    return own_keys(chart.assessed_on(chart.today))[:MOST_SETS]


def _verdict(result: AssessmentResult) -> WallVerdict:
    said, _, rest = result.verdict_text.partition(" under ")
    label, _, note = rest.partition(" (")
    word = said.partition(",")[0]
    more = said.partition(", ")[2].rstrip(",")
    against = tuple(row.title for row in result.adverse_rows if result.verdict is not Verdict.GATE_NOT_MET)
    notes = [more, note.rstrip(")") if "unknown" in note or "board may" in note else ""]
    return WallVerdict(result.verdict_code, word.upper(), label, ", ".join(n for n in notes if n), against[:ROWS_NAMED])


def _flips(result: AssessmentResult) -> list[WallFlip]:
    one = guideline(result.guideline_id)
    analysis = sensitivity(one, result, result.facts).analysis
    if analysis.flips:
        return [
            WallFlip(_word(flip), one.label, _when(flip, result, improves=analysis.improves)) for flip in analysis.flips
        ]
    rows = [row for row in analysis.blocking if row.is_adverse] or list(analysis.blocking)
    if not rows:
        return [WallFlip("", one.label, "nothing here is marked as changeable")]
    named = " and ".join(row.title for row in rows[:1])
    more = f" and {len(analysis.blocking) - 1} more" if len(analysis.blocking) > 1 else ""
    return [WallFlip("", one.label, f"blocked by {named}{more}")]


def _word(flip: Flip) -> str:
    if flip.verdict in FAVOURABLE:
        return {Verdict.GATE_MET: "MET", Verdict.ELIGIBLE: "ELIGIBLE"}.get(flip.verdict, "ALL ACTIVE ROWS MET")
    return flip.verdict.value.replace("_", " ").upper()


def _when(flip: Flip, result: AssessmentResult, *, improves: bool) -> str:
    criteria = {one.id: one for one in guideline(result.guideline_id).criteria}
    said = [_condition(criteria[row.id], row, result, improves=improves) for row in flip.rows[:ROWS_NAMED]]
    more = f" and {len(flip.rows) - ROWS_NAMED} more" if len(flip.rows) > ROWS_NAMED else ""
    return f"{' and '.join(said)}{more}"


def _condition(criterion: Criterion, row: RowResult, result: AssessmentResult, *, improves: bool) -> str:
    test, want = criterion.test, improves is not criterion.is_exclusion
    if isinstance(test, Condition) and test.quantifier is not None:
        return _lesions(test, row, result, want=want)
    said = words.typeset(phrase(criterion, result.facts, result.as_of, improves=improves))
    return said if len(said) <= LONGEST else f"“{row.title}” were {'met' if improves else 'not met'}"


def _lesions(test: Condition, row: RowResult, result: AssessmentResult, *, want: bool) -> str:
    """ "L01 (0.94 ×) were read above liver"; without lesions on a scan that counts, the row's own name."""
    found = [v for v in check(test, result.facts, result.as_of).lesions if v.weight in COUNTING and v.truth is not want]
    if not found:
        return f"“{row.title}” were {'met' if want else 'not met'}"
    relation = choice_text(test.among)
    wanted = test.among if want else RELATIONS - test.among
    nearest = sorted(found, key=lambda v: distance(v.lesion, wanted))
    if test.quantifier is not None and test.quantifier.is_any is want:
        return f"one lesion were {'' if want else 'not '}{relation} liver, nearest {_named(nearest[:1])}"
    more = f" and {len(nearest) - LESIONS_NAMED} more" if len(nearest) > LESIONS_NAMED else ""
    return f"{_named(nearest[:LESIONS_NAMED])}{more} were {'' if want else 'not '}{relation} liver"


def _named(found: Sequence[LesionVerdict]) -> str:
    ratios = [(v.lesion.label, v.lesion.ratio) for v in found]
    return ", ".join(label if ratio is None else f"{label} ({ratio:.2f} ×)" for label, ratio in ratios)


def _row(row: RowResult) -> WallRow:
    is_short = 0 < len(row.value_text) <= 16 and row.is_adverse
    return WallRow(
        row.state.value, row.state.value.replace("_", " "), row.title, words.typeset(row.value_text) if is_short else ""
    )
