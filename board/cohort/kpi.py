"""Three figures of care in the cohort: recommendations followed, cases prepared, time to the next scan."""

from dataclasses import dataclass

from board.cohort.figures import smallest_cell
from board.cohort.selection import Cohort
from board.domain.adherence import Adherence, Share, adherence
from board.domain.spread import Spread, spread
from board.follow_through import recommendations
from board.models import AgendaItem, BoardDecision

HIDDEN = "hidden"
CHUNK = 500


@dataclass(frozen=True)
class Kpi:
    """Words; "hidden" where they would tell of fewer than the smallest cell."""

    recorded: str
    done: str
    younger: int
    prepared: str
    reimaged: Spread | None


def kpi(found: Cohort, *, today, shows_all: bool) -> Kpi:
    ids = [case.patient_id for case in found.members]
    followed = adherence(_recommendations(ids), today)
    said = _Said(shows_all)
    return Kpi(
        recorded=said.share(followed.recorded),
        done=said.share(followed.done),
        younger=followed.younger if shows_all or _is_safe(followed) else 0,
        prepared=said.share(_prepared(ids)),
        reimaged=said.spread(spread(_days(case) for case in found.members if case.pair.before)),
    )


@dataclass(frozen=True)
class _Said:
    shows_all: bool

    def share(self, share: Share) -> str:
        cells = (share.part, share.whole - share.part)
        is_small = any(0 < cell < smallest_cell() for cell in cells)
        return HIDDEN if is_small and not self.shows_all else share.text

    def spread(self, found: Spread) -> Spread | None:
        """The ends of a spread are those of one person each: they are for those who read the cases."""
        return found if self.shows_all else None


def _is_safe(found: Adherence) -> bool:
    return found.younger == 0 or found.younger >= smallest_cell()


def _recommendations(ids: list) -> list:
    found = []
    for start in range(0, len(ids), CHUNK):
        found += recommendations(BoardDecision.objects.filter(patient__in=ids[start : start + CHUNK]))
    return found


def _prepared(ids: list) -> Share:
    missing: list[list] = []
    for start in range(0, len(ids), CHUNK):
        items = AgendaItem.objects.filter(patient__in=ids[start : start + CHUNK]).exclude(
            state=AgendaItem.State.REMOVED
        )
        missing += items.values_list("gate_missing", flat=True)
    return Share(sum(not gate for gate in missing), len(missing))


def _days(case) -> int | None:
    """From the end of the treatment, or its start where no end is recorded, to the second scan."""
    end = case.event.stop or case.event.start
    return (case.pair.after.day - end[1]).days if case.pair.after and end else None
