"""Rows of several rule sets put side by side: one line per fact and kind of limit, and what differs on it.

Rows belong on one line when they read the same facts and draw the same kind of limit: at least, at most, one of some
words, recorded. "Must be at least 75" and "must not be below 75" are the same kind. Met and clear are the same answer,
and so are not met and triggered.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from eligibility.domain.criteria import Comparator, Condition, Test, fact_names
from eligibility.domain.guideline import Criterion, Guideline, Level
from eligibility.domain.rules import AssessmentResult, RowResult, RowState
from eligibility.domain.vocabulary import label_of

_ANSWERS = {
    RowState.MET: "fine",
    RowState.CLEAR: "fine",
    RowState.NOT_MET: "adverse",
    RowState.TRIGGERED: "adverse",
    RowState.UNKNOWN: "unknown",
}
ABSENT = "not in every set"
Key = tuple[tuple[str, ...], str]


@dataclass(frozen=True)
class AlignedLine:
    """``cells`` in the order of the sets; an empty cell: this set has no such row. ``difference``: "" where none."""

    label: str
    cells: tuple[tuple[RowResult, ...], ...]
    difference: str

    @property
    def stands_out(self) -> bool:
        """Another answer or another limit. That a set asks nothing of a fact is no disagreement with one that does."""
        return bool(self.difference) and self.difference != ABSENT

    @property
    def only_in(self) -> int | None:
        """Of several sets the one that alone has such a row."""
        asked = [place for place, cell in enumerate(self.cells) if cell]
        return asked[0] if len(self.cells) > 1 and len(asked) == 1 else None


def align(sets: Sequence[tuple[Guideline, AssessmentResult]]) -> list[AlignedLine]:
    """Lines in the order in which the sets first name them; rows without a condition are left out."""
    columns = [_by_key(guideline, result) for guideline, result in sets]
    keys = list(dict.fromkeys(key for column in columns for key in column))
    return [_line(key, tuple(column.get(key, ()) for column in columns)) for key in keys]


def _by_key(guideline: Guideline, result: AssessmentResult) -> Mapping[Key, tuple[RowResult, ...]]:
    rows = {row.id: row for row in result.rows}
    found: dict[Key, tuple[RowResult, ...]] = {}
    for criterion in guideline.criteria:
        if criterion.test is not None:
            key = (tuple(sorted(set(fact_names(criterion.test)))), family(criterion))
            found[key] = (*found.get(key, ()), rows[criterion.id])
    return found


def family(criterion: Criterion) -> str:
    """ "at least", "at most", "one of", "recorded" or "several": which side of a limit is wanted."""
    test = criterion.test
    if not isinstance(test, Condition):
        return "recorded" if test is not None and _is_recorded(test) else "several"
    if test.comparator is Comparator.KNOWN:
        return "recorded"
    if test.comparator is Comparator.IN:
        return "one of"
    says_must = criterion.level is Level.REQUIRED and not criterion.is_exclusion
    is_lower = test.comparator in (Comparator.GE, Comparator.GT)
    return "at least" if is_lower is says_must else "at most"


def _is_recorded(test: Test) -> bool:
    if isinstance(test, Condition):
        return test.comparator is Comparator.KNOWN
    return all(map(_is_recorded, test.parts))


def _line(key: Key, cells: tuple[tuple[RowResult, ...], ...]) -> AlignedLine:
    names, kind = key
    label = label_of(names[0]) if len(names) == 1 else f"{label_of(names[0])} and {len(names) - 1} more"
    suffix = "" if kind in ("one of", "several") else f", {kind}"
    return AlignedLine(f"{label}{suffix}", cells, _difference(cells))


def _difference(cells: tuple[tuple[RowResult, ...], ...]) -> str:
    asked = [cell for cell in cells if cell]
    if len({_answers(cell) for cell in asked}) > 1:
        return "answer differs"
    if len({_limits(cell) for cell in asked}) > 1:
        return "limit differs"
    return ABSENT if len(asked) < len(cells) else ""


def _answers(cell: tuple[RowResult, ...]) -> frozenset[tuple[str, bool]]:
    return frozenset((_ANSWERS.get(row.state, ""), row.is_active) for row in cell)


def _limits(cell: tuple[RowResult, ...]) -> frozenset[tuple[str, str]]:
    """A limit of another level is another limit: "not recommended below 75" is not "excluded below 75"."""
    return frozenset((row.level.value, row.wanted_text) for row in cell)
