"""What a rule set says now against what it said when an assessment was frozen, row by row."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

# The parts of a row that somebody has to hear about; ages and wording are not news.
_TELLING = ("state", "value", "reason", "date")


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
        states = f"{self.old_state} to {self.new_state}" if self.old_state != self.new_state else self.new_state
        values = f" ({self.old_value} to {self.new_value})" if self.old_value != self.new_value else ""
        return f"{self.title}: {states}{values}"

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


def _told(rows: Mapping[str, Mapping[str, Any]], row_id: str) -> tuple[Any, ...] | None:
    row = rows.get(row_id)
    return None if row is None else tuple(row[name] for name in _TELLING)


def _change(
    guideline_id: str, row_id: str, old: Mapping[str, Any] | None, new: Mapping[str, Any] | None, cause: str
) -> Change:
    title = (new or old or {})["title"]
    return Change(guideline_id, row_id, title, _state(old), _state(new), _value(old), _value(new), cause)


def _state(row: Mapping[str, Any] | None) -> str:
    return "absent" if row is None else str(row["state"])


def _value(row: Mapping[str, Any] | None) -> str:
    """The value, or why there is none."""
    if row is None:
        return ""
    return str(row["value"]) if row["state"] != "unknown" else str(row["reason"] or row["value"])
