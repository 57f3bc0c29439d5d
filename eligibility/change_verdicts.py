"""What the verdicts of several readers say together."""

from collections.abc import Sequence

from eligibility.models import ChangeVerdict

CONFIRMED = ChangeVerdict.Verdict.CONFIRMED
TRUE_CHANGE = ChangeVerdict.Kind.TRUE_CHANGE


def has_two_readers(verdicts: Sequence[ChangeVerdict], digest: str) -> bool:
    """Two readers confirm a true change, each in the verdict that stands and in one given without seeing the other's.

    ``verdicts``: on the two scans, oldest first; those on ``digest`` stand. Whoever stands by something else keeps it
    open.
    """
    last = {row.reader_id: row for row in verdicts if row.digest == digest}
    if not all(_confirms(row) for row in last.values()):
        return False
    return sum(_confirms(row) for reader, row in _blinded(verdicts).items() if reader in last) >= 2


def _confirms(row: ChangeVerdict) -> bool:
    return row.verdict == CONFIRMED and row.kind == TRUE_CHANGE


def _blinded(verdicts: Sequence[ChangeVerdict]) -> dict:
    """Of each reader the last verdict from before any other could be seen.

    Others are shown once the own verdict on what is before one is stored, and what was seen stays seen when data move.
    """
    found: dict = {}
    for number, row in enumerate(verdicts):
        readers = {earlier.reader_id for earlier in verdicts[:number]}
        if row.reader_id not in readers or readers == {row.reader_id}:
            found[row.reader_id] = row
    return found


def shown_to(user_id, verdicts: Sequence[ChangeVerdict], digest: str, *, may_read: bool) -> list[ChangeVerdict]:
    """A reader sees what others said, now or of older data, once the own verdict on this assessment is stored.

    Whoever gives none sees all.
    """
    own = [row for row in verdicts if row.reader_id == user_id]
    if not may_read or any(row.digest == digest for row in own):
        return list(verdicts)
    return own
