"""What a rule set says now against what it said when an assessment was frozen, row by row."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

# The parts of a row that somebody has to hear about; ages and wording are not news.
_TELLING = ("state", "value", "reason", "date")


@dataclass(frozen=True)
class Difference:
    """One piece of a value that reads otherwise: ``subject`` ("L01 liver") where it has a name, before, after."""

    subject: str
    before: str
    after: str


@dataclass(frozen=True)
class Change:
    """One row that says something else. ``cause``: "corrected", "newer" or "rule set"."""

    guideline_id: str
    row_id: str
    title: str
    old_state: str
    new_state: str
    old_value: str
    new_value: str
    cause: str

    @property
    def text(self) -> str:
        """E.g. "Platelets below 75: clear to triggered (104 to 70 10^9/L)"."""
        values = f" ({self.old_value} to {self.new_value})" if self.old_value != self.new_value else ""
        return f"{self.title}: {self.states}{values}"

    @property
    def states(self) -> str:
        """E.g. "clear to triggered", or the one state where it stayed."""
        return self.new_state if self.old_state == self.new_state else f"{self.old_state} to {self.new_state}"

    @property
    def differences(self) -> tuple[Difference, ...]:
        """Only what reads otherwise; what stayed the same is left out."""
        return differences(self.old_value, self.new_value)

    @property
    def as_json(self) -> dict[str, str]:
        return {**vars(self), "text": self.text}


def compare(
    guideline_id: str, before: Iterable[Mapping[str, Any]], after: Iterable[Mapping[str, Any]], cause: str
) -> list[Change]:
    """Rows (as in ``report.row_json``) that differ; one that came or went has the state "absent"."""
    old, new = {row["id"]: row for row in before}, {row["id"]: row for row in after}
    changed = [
        row_id for row_id in [*old, *(i for i in new if i not in old)] if _told(old, row_id) != _told(new, row_id)
    ]
    return [_change(guideline_id, row_id, old.get(row_id), new.get(row_id), cause) for row_id in changed]


def differences(before: str, after: str) -> tuple[Difference, ...]:
    """Enumerations ("L01 liver: 3, above; L02 ...") piece by piece, matched by subject; any other value as a whole.

    A piece that came or went has an empty other side.
    """
    if before == after:
        return ()
    old, new = _pieces(before), _pieces(after)
    if old is None or new is None or not old.keys() & new.keys():
        return (Difference("", before, after),)
    subjects = [*old, *(subject for subject in new if subject not in old)]
    found = [(subject, old.get(subject, ""), new.get(subject, "")) for subject in subjects]
    return tuple(Difference(subject, *_narrowed(a, b)) for subject, a, b in found if a != b)


def _pieces(text: str) -> dict[str, str] | None:
    """ "a: 1; b: 2" by subject; None where the text is no such enumeration."""
    parts = [piece.partition(": ") for piece in text.split("; ")]
    found = {subject: value for subject, colon, value in parts if colon}
    return found if len(found) == len(parts) else None


def _narrowed(before: str, after: str) -> tuple[str, str]:
    """Of two lists of equal length only the members that differ."""
    old, new = before.split(", "), after.split(", ")
    if len(old) != len(new):
        return before, after
    pairs = [(a, b) for a, b in zip(old, new, strict=True) if a != b]
    return ", ".join(a for a, _ in pairs), ", ".join(b for _, b in pairs)


def _told(rows: Mapping[str, Mapping[str, Any]], row_id: str) -> tuple[Any, ...] | None:
    row = rows.get(row_id)
    return None if row is None else tuple(row[name] for name in _TELLING)


def _change(
    guideline_id: str, row_id: str, old: Mapping[str, Any] | None, new: Mapping[str, Any] | None, cause: str
) -> Change:
    title = (new or old or {})["title"]
    before, after = _value(old), _value(new)
    if before == after and old and new:  # unknown for the same reason: what moved is the value that is shown
        before, after = str(old["value"]), str(new["value"])
    return Change(guideline_id, row_id, title, _state(old), _state(new), before, after, cause)


def _state(row: Mapping[str, Any] | None) -> str:
    return "absent" if row is None else str(row["state"])


def _value(row: Mapping[str, Any] | None) -> str:
    """The value, or why there is none."""
    if row is None:
        return ""
    return str(row["value"]) if row["state"] != "unknown" else str(row["reason"] or row["value"])
