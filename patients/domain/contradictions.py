"""What in one row contradicts itself or its patient: storable with a reason only; its days then count as unknown.

What cannot be at all (no day of the calendar, no number, ECOG 9) is refused where it is read.
"""

from dataclasses import dataclass
from decimal import Decimal

from patients.domain.dates import Span, is_surely_before

TO_KEEP = "If it is right, say so in the"


@dataclass(frozen=True)
class Contradiction:
    """``field``: where it stands; ``clears``: what is not to be computed with, though it stays as it was written."""

    field: str
    text: str
    clears: tuple[str, ...] = ()


def how_to_keep(text: str, reason_field: str) -> str:
    return f"{text} {TO_KEEP} {reason_field}."


def before_birth(when: Span | None, born: Span | None, field: str = "clinical_date") -> list[Contradiction]:
    if not is_surely_before(when, born):
        return []
    return [Contradiction(field, "This date lies before the patient was born.", (field,))]


def of_line(start: Span | None, stop: Span | None, is_ongoing: bool | None) -> list[Contradiction]:
    """Which of the two days is wrong nobody can tell: neither counts."""
    found = []
    if is_surely_before(stop, start):
        clears = ("clinical_date", "stop_date", "is_ongoing")
        found.append(Contradiction("stop_date", "The line stops before it starts.", clears))
    if stop is not None and is_ongoing:
        text = "The line has a stop date and is said to be ongoing."
        found.append(Contradiction("is_ongoing", text, ("stop_date", "is_ongoing")))
    return found


def of_death(died: Span | None, born: Span | None, is_said_deceased: bool) -> list[Contradiction]:
    """Whether somebody is alive is said by the status alone."""
    found = []
    if is_surely_before(died, born):
        found.append(Contradiction("deceased_on", "The date of death lies before the birth.", ("deceased_on",)))
    if died is not None and not is_said_deceased:
        text = "There is a date of death, and the vital status is not deceased."
        found.append(Contradiction("vital_status", text, ("deceased_on",)))
    return found


def of_limits(low: object, high: object) -> list[Contradiction]:
    if not (isinstance(low, Decimal) and isinstance(high, Decimal) and low > high):
        return []
    text = "The lower limit is above the upper limit."
    return [Contradiction("reference_low", text, ("reference_low", "reference_high"))]


def of_comparison(earlier: Span | None, later: Span | None) -> list[Contradiction]:
    """The day of the assertion goes with them: it would stand for the later examination."""
    if earlier is None or later is None or earlier[0] < later[0]:
        return []
    text = "The later examination does not come after the earlier one."
    return [Contradiction("compared_to", text, ("compared_from", "compared_to", "clinical_date"))]
