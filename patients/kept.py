"""Rows that may be kept though they contradict themselves: with a reason, marked, and without the days in question."""

import copy
from typing import Self

from django.core.exceptions import ValidationError

from patients.domain.contradictions import Contradiction, how_to_keep

NO_REASON = "No reason is recorded."


class Kept:
    """For a model with a ``note``. Only ``contradictions`` keep something from counting."""

    @property
    def reason_field(self) -> str:
        """The field whose words keep the row."""
        return "note"

    def contradictions(self) -> list[Contradiction]:
        return []

    def improbabilities(self) -> list[Contradiction]:
        return []

    @property
    def doubts(self) -> list[Contradiction]:
        row = self.as_written
        return [*row.contradictions(), *row.improbabilities()]

    @property
    def doubt_words(self) -> str:
        """For the mark beside the row; "" where nothing is in doubt."""
        found = self.doubts
        if not found:
            return ""
        has_reason = bool(getattr(self.as_written, self.reason_field))
        said = [*dict.fromkeys(one.text for one in found)]
        said += ["What is in question counts as unknown."] if any(one.clears for one in found) else []
        return " ".join([*said, f"Kept, with the reason in the {self.reason_field}." if has_reason else NO_REASON])

    @property
    def as_written(self) -> Self:
        return self.__dict__.get("_as_written", self)

    def as_counted(self) -> Self:
        """The row to compute with: a copy without what is in question, for reading only, or the row itself."""
        found = self.contradictions()
        if not found:
            return self
        counted = copy.copy(self)
        counted.__dict__["_as_written"] = self.as_written
        for name in {name for one in found for name in one.clears}:
            setattr(counted, name, None)
            if hasattr(counted, f"{name}_precision"):
                setattr(counted, f"{name}_precision", "unknown")
        return counted

    def ask_for_reason(self) -> None:
        """Raises ValidationError with the way to keep it, unless the row says why it is right."""
        if getattr(self, self.reason_field):
            return
        if found := self.doubts:
            raise ValidationError({one.field: how_to_keep(one.text, self.reason_field) for one in found})
