"""What the verdicts of several readers say together."""

from collections.abc import Sequence

from eligibility.models import ChangeVerdict

CONFIRMED = ChangeVerdict.Verdict.CONFIRMED


def has_two_readers(verdicts: Sequence[ChangeVerdict]) -> bool:
    """Two readers confirm, each in the verdict that stands and in the first one, given without seeing the other's.

    ``verdicts``: on one assessment, oldest first. Whoever says something else, as it stands, keeps it open.
    """
    first, last = by_reader(verdicts, is_first=True), by_reader(verdicts, is_first=False)
    if any(row.verdict != CONFIRMED for row in last.values()):
        return False
    return sum(row.verdict == CONFIRMED for row in first.values()) >= 2


def by_reader(verdicts: Sequence[ChangeVerdict], *, is_first: bool) -> dict:
    """Of each reader the first or the last verdict."""
    ordered = reversed(verdicts) if is_first else verdicts
    return {row.reader_id: row for row in ordered}


def shown_to(user_id, verdicts: Sequence[ChangeVerdict], digest: str, *, may_read: bool) -> list[ChangeVerdict]:
    """A reader sees what others said, now or of older data, once the own verdict on this assessment is stored.

    Whoever gives none sees all.
    """
    own = [row for row in verdicts if row.reader_id == user_id]
    if not may_read or any(row.digest == digest for row in own):
        return list(verdicts)
    return own
