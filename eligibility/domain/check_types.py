"""What a check of comparability is: its rule, its answer, and what is still to be entered for it."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from eligibility.domain.change_inputs import Between, Course, LesionPair, ScanRecord
from eligibility.domain.index_lesions import IndexLesions


class State(StrEnum):
    OK = "ok"
    SOFT = "soft"
    HARD = "hard"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Missing:
    """A value still to be entered: ``field`` of the record, on scan ``side`` ("before", "after"), of a ``lesion``."""

    field: str
    side: str
    text: str
    lesion: str = ""

    @property
    def key(self) -> str:
        return ":".join(part for part in (self.field, self.lesion, self.side) if part)


@dataclass(frozen=True)
class Answer:
    """``may_hide_hard``: of an unknown, whether the missing value could turn out to be a hard one."""

    state: State
    reason: str
    missing: tuple[Missing, ...] = ()
    may_hide_hard: bool = False


@dataclass(frozen=True)
class Rule:
    key: str
    title: str
    rule: str
    level: str
    evidence: str


@dataclass(frozen=True)
class Check:
    rule: Rule
    state: State
    reason: str
    missing: tuple[Missing, ...]
    may_hide_hard: bool

    @property
    def blocks(self) -> bool:
        return self.state is State.HARD or (self.state is State.UNKNOWN and self.may_hide_hard)


@dataclass(frozen=True)
class Pair:
    """Everything a check may look at."""

    before: ScanRecord
    after: ScanRecord
    lesions: Sequence[LesionPair]
    between: Between
    index: IndexLesions


def ok(reason: str) -> Answer:
    return Answer(State.OK, reason)


def soft(reason: str) -> Answer:
    return Answer(State.SOFT, reason)


def hard(reason: str) -> Answer:
    return Answer(State.HARD, reason)


def unknown(reason: str, missing: tuple[Missing, ...] = (), *, hides_hard: bool = False) -> Answer:
    return Answer(State.UNKNOWN, reason, missing, hides_hard)


def percent(change: Decimal) -> str:
    """Signed, with a real minus: +26.2 %, −22.0 %; what rounds to nothing is +0.0 %, never minus nothing."""
    rounded = (100 * change).quantize(Decimal("0.1")) + 0
    return f"{rounded:+f}\N{NO-BREAK SPACE}%".replace("-", "−")


def number(value: Decimal) -> str:
    return f"{value.normalize():f}"


def lacking(pair: Pair, field: str, name: str, sides: Sequence[str] = ("before", "after")) -> tuple[Missing, ...]:
    """The scans whose ``field`` is unknown."""
    found = []
    for side in sides:
        scan: ScanRecord = getattr(pair, side)
        if getattr(scan, field) in (None, ""):
            found.append(Missing(field, side, f"{name} of the scan of {scan.day}: {scan.why(field)}"))
    return tuple(found)


def said(missing: Sequence[Missing]) -> str:
    """In words; one value that is missing on both scans for one reason is said once."""
    if len(missing) == 2 and missing[0].field == missing[1].field:
        (first, _, why), (_, _, other) = (item.text.partition(": ") for item in missing)
        if why == other:
            return f"{first.partition(' of the scan of ')[0]} of both scans: {why}"
    return "; ".join(item.text for item in missing)


def between_unknown(courses: Sequence[Course]) -> str:
    """Of courses whose dates leave open whether they began between the scans."""
    return f"whether {', '.join(course.name for course in courses)} lay between the scans is not known"


def lowered(title: str) -> str:
    """As it stands inside a sentence: "PSF" keeps its capitals."""
    return title[:1].lower() + title[1:]
