"""Three figures of care in the cohort: recommendations followed, cases prepared, time to the next scan."""

import uuid
from dataclasses import dataclass

from board.cohort.figures import smallest_cell
from board.cohort.selection import Cohort
from board.domain.adherence import Recommendation, Share, adherence
from board.domain.spread import Spread, spread
from board.follow_through import recommendations_by_patient
from board.models import AgendaItem, BoardDecision

HIDDEN = "hidden"
CHUNK = 500


@dataclass(frozen=True)
class Kpi:
    """Words; "hidden" where they would tell of fewer patients than the smallest cell."""

    recorded: str
    done: str
    younger: int
    prepared: str
    reimaged: Spread | None


def kpi(found: Cohort, *, today, shows_all: bool) -> Kpi:
    ids = [case.patient_id for case in found.members]
    followed = [adherence(of_one, today) for of_one in _recommendations(ids)]
    said = _Said(shows_all)
    return Kpi(
        recorded=said.share([one.recorded for one in followed]),
        done=said.share([one.done for one in followed]),
        younger=said.number([one.younger for one in followed]),
        prepared=said.share(_prepared(ids)),
        reimaged=said.spread(spread(_days(case) for case in found.members if case.pair.before)),
    )


@dataclass(frozen=True)
class _Said:
    """A figure is added up from what each patient brings to it: a cell is small by its patients, not by its rows."""

    shows_all: bool

    def share(self, of_each: list[Share]) -> str:
        cells = (sum(one.part > 0 for one in of_each), sum(one.part < one.whole for one in of_each))
        if any(self._hides(cell) for cell in cells):
            return HIDDEN
        return Share(sum(one.part for one in of_each), sum(one.whole for one in of_each)).text

    def number(self, of_each: list[int]) -> int:
        return 0 if self._hides(sum(one > 0 for one in of_each)) else sum(of_each)

    def spread(self, found: Spread) -> Spread | None:
        """The ends of a spread are those of one person each: they are for those who read the cases."""
        return found if self.shows_all else None

    def _hides(self, patients: int) -> bool:
        return 0 < patients < smallest_cell() and not self.shows_all


def _recommendations(ids: list) -> list[list[Recommendation]]:
    """Those of each patient."""
    found: list[list[Recommendation]] = []
    for start in range(0, len(ids), CHUNK):
        of_some = BoardDecision.objects.filter(patient__in=ids[start : start + CHUNK])
        found += recommendations_by_patient(of_some).values()
    return found


def _prepared(ids: list) -> list[Share]:
    """Of each patient: listings with nothing missing, of all."""
    gates: dict[uuid.UUID, list[bool]] = {}
    for start in range(0, len(ids), CHUNK):
        items = AgendaItem.objects.filter(patient__in=ids[start : start + CHUNK]).exclude(
            state=AgendaItem.State.REMOVED
        )
        for patient, missing in items.values_list("patient_id", "gate_missing"):
            gates.setdefault(patient, []).append(not missing)
    return [Share(sum(of_one), len(of_one)) for of_one in gates.values()]


def _days(case) -> int | None:
    """From the end of the treatment, or its start where no end is recorded, to the second scan."""
    end = case.event.stop or case.event.start
    return (case.pair.after.day - end[1]).days if case.pair.after and end else None
