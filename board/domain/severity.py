"""How grave a change under a decision is, for telling the worst first. A local convention (D): features.md E6."""

from collections.abc import Iterable
from enum import IntEnum

from eligibility.domain.comparison import Change


class Severity(IntEnum):
    """Sorted, the worst comes first."""

    BLOCKS = 0
    UNKNOWN = 1
    CLEARS = 2
    VALUE = 3

    @property
    def words(self) -> str:
        return _WORDS[self]


_WORDS = {
    Severity.BLOCKS: "a criterion now speaks against it",
    Severity.UNKNOWN: "a criterion can no longer be answered",
    Severity.CLEARS: "a criterion no longer speaks against it",
    Severity.VALUE: "a value changed, no criterion did",
}
_BLOCKING = frozenset({"not met", "triggered"})
_OPEN = frozenset({"unknown", "no longer here", "absent"})


def severity(change: Change) -> Severity:
    """Of one row: a state it was not in before counts by what it now says, the same state by its value only."""
    if change.old_state == change.new_state:
        return Severity.VALUE
    if change.new_state in _BLOCKING:
        return Severity.BLOCKS
    if change.new_state in _OPEN:
        return Severity.UNKNOWN
    return Severity.CLEARS if change.old_state in _BLOCKING | _OPEN else Severity.VALUE


def worst(changes: Iterable[Change]) -> Severity:
    """Of several; ``VALUE`` where there are none."""
    return min((severity(change) for change in changes), default=Severity.VALUE)
