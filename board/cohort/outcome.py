"""What became of uptake between the two scans of a case: raw, after the SSA check, confirmed by readers."""

from collections.abc import Iterable
from dataclasses import dataclass

from eligibility.case_rows import CaseRows
from eligibility.change_facts import verdicts_on
from eligibility.domain.change import ChangeAssessment
from eligibility.domain.check_types import State
from eligibility.domain.scan_class import RANK, ScanClass
from eligibility.models import ChangeVerdict

_V, _K = ChangeVerdict.Verdict, ChangeVerdict.Kind
_OPEN = frozenset({State.HARD, State.UNKNOWN})


@dataclass(frozen=True)
class Outcome:
    """``name``: class of TA-SSTR-UP; ``before`` and ``after``: classes of the scans. Each truth is a row of figures."""

    name: str = ""
    label: str = ""
    before: str = ""
    after: str = ""
    ssa: str = ""
    ssa_check: str = ""
    method_version: str = ""
    raw: bool = False
    adjusted: bool = False
    confirmed: bool = False
    twice: bool = False
    lesion_loss: bool = False
    unsure: bool = False
    unknown: bool = False


def outcome_of(case: CaseRows, change: ChangeAssessment | None) -> Outcome:
    if change is None:
        return Outcome()
    classes = change.class_before.name, change.class_after.name
    is_unknown = ScanClass.UNKNOWN in classes
    raw = not is_unknown and RANK[classes[1]] > RANK[classes[0]]
    ssa = next(check for check in change.checks if check.rule.key == "ssa")
    adjusted = raw and ssa.state not in _OPEN
    said = standing(verdicts_on(case.of(ChangeVerdict), change))
    confirmed = adjusted and bool(said) and all(_confirms(row) for row in said)
    return Outcome(
        name=str(change.name),
        label=change.label,
        before=change.class_before.label,
        after=change.class_after.label,
        ssa=ssa_state(change),
        ssa_check=str(ssa.state),
        method_version=change.method_version,
        raw=raw,
        adjusted=adjusted,
        confirmed=confirmed,
        twice=confirmed and change.name == "CONFIRMED",
        lesion_loss="lesion loss" in change.patterns,
        unsure=raw and any(row.verdict == _V.UNSURE for row in said),
        unknown=is_unknown,
    )


def standing(verdicts: Iterable[ChangeVerdict]) -> list[ChangeVerdict]:
    """The last word of each reader."""
    return list({row.reader_id: row for row in verdicts}.values())


def ssa_state(change: ChangeAssessment) -> str:
    before, after = change.before.ssa, change.after.ssa
    if not before or not after:
        return "unknown"
    if before == after:
        return "on" if before == "on" else "none"
    return "new" if after == "on" else "stopped"


def _confirms(row: ChangeVerdict) -> bool:
    return row.verdict == _V.CONFIRMED and row.kind == _K.TRUE_CHANGE
