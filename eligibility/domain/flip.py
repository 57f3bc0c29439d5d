"""What would change the verdict: every minimal set of up to three criteria whose change flips it. No advice.

Only active REQUIRED rows marked modifiable are varied: towards "met" where the verdict is not favourable, towards "not
met" where it is. Contraindications, cautions and inactive rows are never varied, nor is a row whose set does not mark
it. A set is minimal when none of its parts flips the verdict alone. Favourable: eligible, active rows met, gate met.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from eligibility.domain.guideline import SAFETY_LEVELS, GuidelineKind, Level
from eligibility.domain.rules import FAVOURABLE, AssessmentResult, RowResult, RowState, Verdict, verdict_of

MOST_TOGETHER = 3
_FINE = frozenset({RowState.MET, RowState.CLEAR, RowState.INFORMATION})


@dataclass(frozen=True)
class Flip:
    """One minimal set, in the order of the rule file, and the verdict it leads to."""

    rows: tuple[RowResult, ...]
    verdict: Verdict


@dataclass(frozen=True)
class FlipAnalysis:
    """``improves``: the sets lead to the favourable side. ``blocking``: rows that nothing varied here can move.

    ``modifiable``: rows that might be varied; without flip and without blocking row there are too many of them.
    """

    improves: bool
    flips: tuple[Flip, ...]
    blocking: tuple[RowResult, ...] = ()
    modifiable: tuple[RowResult, ...] = ()


def analyse(result: AssessmentResult, *, never_fail: Collection[str] = ()) -> FlipAnalysis:
    """All minimal flips of one assessment, smallest first, then in the order of the rule file.

    ``never_fail``: rows that only ask whether something is recorded; they can be open, and never "not met".
    """
    improves = result.verdict not in FAVOURABLE
    able = [row for row in result.rows if improves or row.id not in never_fail]
    candidates = [row for row in able if may_vary(row, improves=improves)]
    flips = _minimal(result.guideline_kind, result.rows, candidates, improves=improves)
    if flips or not improves:
        return FlipAnalysis(improves, flips, (), tuple(candidates))
    blocking = tuple(row for row in result.rows if _stands_in_the_way(row, result.guideline_kind))
    return FlipAnalysis(improves, (), blocking, tuple(candidates))


def may_vary(row: RowResult, *, improves: bool) -> bool:
    """An active, modifiable REQUIRED row whose state the flip would change."""
    if not (row.is_active and row.is_modifiable and row.level is Level.REQUIRED):
        return False
    return row.state in (RowState.NOT_MET, RowState.UNKNOWN) if improves else row.state is RowState.MET


def changed(rows: Sequence[RowResult], ids: Iterable[str], *, improves: bool) -> tuple[RowResult, ...]:
    """The rows with those of ``ids`` met (or not met)."""
    state, wanted = (RowState.MET if improves else RowState.NOT_MET), set(ids)
    return tuple(replace(row, state=state) if row.id in wanted else row for row in rows)


def _minimal(
    kind: GuidelineKind, rows: tuple[RowResult, ...], candidates: list[RowResult], *, improves: bool
) -> tuple[Flip, ...]:
    def verdict(ids: Iterable[str]) -> Verdict:
        return verdict_of(kind, changed(rows, ids, improves=improves))

    def flips(ids: Iterable[str]) -> bool:
        return (verdict(ids) in FAVOURABLE) is improves

    ids = [row.id for row in candidates]
    by_id = {row.id: row for row in candidates}
    found = _minimal_sets(ids, flips)
    return tuple(Flip(tuple(by_id[i] for i in one), verdict(one)) for one in found)


def _minimal_sets(ids: list[str], flips: Callable[[Iterable[str]], bool]) -> list[tuple[str, ...]]:
    """Changing more of them the same way never undoes a flip, so what all sets must hold is found first."""
    if not ids or not flips(ids):
        return []
    needed = [one for one in ids if not flips([other for other in ids if other != one])]
    free = [one for one in ids if one not in needed]
    found: list[tuple[str, ...]] = []
    for size in range(max(len(needed), 1), MOST_TOGETHER + 1):
        for more in combinations(free, size - len(needed)):
            one = {*needed, *more}
            if not any(one.issuperset(smaller) for smaller in found) and flips(one):
                found.append(tuple(i for i in ids if i in one))
    return found


def _stands_in_the_way(row: RowResult, kind: GuidelineKind) -> bool:
    """An active row that decides, is not fine, and is never varied."""
    deciding = {Level.REQUIRED} if kind is GuidelineKind.GATE else SAFETY_LEVELS
    is_decisive = row.is_active and row.level in deciding and row.state not in _FINE
    return is_decisive and not may_vary(row, improves=True)
