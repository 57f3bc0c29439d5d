"""What became of each row of a file, in words."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from patients.bulk.differences import Difference
from patients.domain.bulk_reasons import CHANGED, NEW, REASONS, REFUSED, SAME
from patients.models import Patient

OUTCOMES = (REFUSED, CHANGED, NEW, SAME)


@dataclass(frozen=True)
class Fault:
    column: str
    sentence: str
    code: str


@dataclass
class Line:
    """``faults``: everything that is wrong with a refused row; the line itself has the words of the first."""

    table: str
    number: int
    outcome: str
    code: str
    sentence: str = ""
    column: str = ""
    what: str = ""
    row: Any = field(default=None, repr=False)
    unknown: tuple[str, ...] = ()
    differences: list[Difference] = field(default_factory=list, repr=False)
    faults: list[Fault] = field(default_factory=list, repr=False)

    def __post_init__(self) -> None:
        self.sentence = self.sentence or REASONS[self.code]

    @property
    def said(self) -> list[Fault]:
        return self.faults or [Fault(self.column, self.sentence, self.code)]

    @property
    def patient(self) -> Patient | None:
        return self.row if isinstance(self.row, Patient) else getattr(self.row, "patient", None)

    @property
    def is_bad(self) -> bool:
        return self.outcome in (REFUSED, CHANGED)


@dataclass
class Report:
    sha256: str
    said: str
    is_trial: bool
    lines: list[Line] = field(default_factory=list)
    batch_id: UUID | None = None

    @property
    def counts(self) -> dict[str, int]:
        found = Counter(line.outcome for line in self.lines)
        return {outcome: found[outcome] for outcome in OUTCOMES}

    @property
    def new(self) -> int:
        return self.counts[NEW]

    @property
    def bad(self) -> int:
        return sum(line.is_bad for line in self.lines)

    @property
    def in_words(self) -> str:
        return counts_in_words(self.counts)


def counts_in_words(counts: dict[str, int]) -> str:
    return ", ".join(f"{counts[one]} {one}" for one in OUTCOMES if counts.get(one)) or "no row"
