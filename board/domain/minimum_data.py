"""What has to be known before a case is discussed, how old it may be, and what is missing or out of date.

The list follows a mandatory proforma (docs/meetings.md); ages and weights are this product's proposal (evidence D), to
be set by the site in ``minimum_data.toml``. What is not known is missing, never current.
"""

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

_PRRT = re.compile(r"prrt|177\s*lu|lu-?\s*177|lutetium|lutathera|radioligand|radionuclide", re.IGNORECASE)

DAYS_ONLY = 31


class State(StrEnum):
    CURRENT = "current"
    STALE = "stale"
    MISSING = "missing"


class Weight(StrEnum):
    """What an open point does: ``block`` and ``red`` ask for a reason before the case is listed."""

    BLOCK = "block"
    RED = "red"
    AMBER = "amber"
    INFO = "info"


@dataclass(frozen=True)
class Known:
    """One item as the rows have it. ``day``: of the oldest value it rests on, None where it has no date.

    ``lacks``: what of it is not there, in words; ``is_partial``: something of it is there. ``stale_because``: why it
    does not count any more, whatever its age.
    """

    key: str
    is_known: bool
    day: dt.date | None = None
    lacks: tuple[str, ...] = ()
    stale_because: str = ""
    is_partial: bool = False


@dataclass(frozen=True)
class ItemRule:
    """``max_days`` None: it does not grow old. ``if_prrt``: weight where the question is about PRRT.

    ``amber_days``: a value that is stale, but not older than this, is amber whatever the question.
    """

    key: str
    label: str
    weight: Weight
    if_prrt: Weight
    max_days: int | None = None
    amber_days: int | None = None


@dataclass(frozen=True)
class Point:
    """``age_days`` None: without a date, or it has none to have."""

    key: str
    label: str
    state: State
    weight: Weight
    age_days: int | None
    max_days: int | None
    lacks: tuple[str, ...] = ()
    stale_because: str = ""
    is_partial: bool = False

    @property
    def is_open(self) -> bool:
        return self.state is not State.CURRENT

    @property
    def age(self) -> str:
        """In days where the limit is one of days, so that the two can be compared."""
        if self.age_days is None:
            return ""
        is_short = self.max_days is not None and self.max_days <= DAYS_ONLY
        return f"{self.age_days} d" if is_short and self.age_days >= 0 else age_words(self.age_days)

    @property
    def words(self) -> str:
        """ "Labs 31 d, stale (limit 14 d)": what stands beside the dot."""
        if self.state is State.MISSING:
            return f"{self.label} {self._without}" if self.is_partial else f"{self.label} missing"
        text = f"{self.label} {self.age}" if self.age else self.label
        return text if self.state is State.CURRENT else f"{text}, stale"

    @property
    def _without(self) -> str:
        more = len(self.lacks) - 1
        return f"without {self.lacks[0]}" + (f" and {more} more" if more else "")

    @property
    def why(self) -> str:
        """One sentence for the gate and for the message to whoever can bring it."""
        if self.state is State.CURRENT:
            return f"{self.label}: current"
        if self.state is State.MISSING:
            return f"{self.label}: {', '.join(self.lacks)} missing" if self.lacks else f"{self.label}: missing"
        if self.stale_because:
            return f"{self.label}: {self.stale_because}"
        if self.age_days is None:
            return f"{self.label}: without a date"
        return f"{self.label}: {self.age} old, limit {age_words(self.max_days or 0)}"


def points(known: Iterable[Known], rules: Iterable[ItemRule], *, question: str, day: dt.date) -> tuple[Point, ...]:
    """Every item of ``rules`` that ``known`` speaks of, on ``day``, in the order of the rules."""
    found = {item.key: item for item in known}
    about_prrt = is_about_prrt(question)
    return tuple(_point(found[rule.key], rule, about_prrt, day) for rule in rules if rule.key in found)


def _point(item: Known, rule: ItemRule, about_prrt: bool, day: dt.date) -> Point:
    age = (day - item.day).days if item.is_known and item.day is not None else None
    state = _state(item, rule, age)
    is_barely = state is State.STALE and age is not None and rule.amber_days is not None and age <= rule.amber_days
    weight = Weight.AMBER if is_barely else rule.if_prrt if about_prrt else rule.weight
    because = item.stale_because if state is State.STALE else ""
    return Point(rule.key, rule.label, state, weight, age, rule.max_days, item.lacks, because, item.is_partial)


def _state(item: Known, rule: ItemRule, age: int | None) -> State:
    if not item.is_known:
        return State.MISSING
    if item.stale_because:
        return State.STALE
    if rule.max_days is None:
        return State.CURRENT
    return State.STALE if age is None or age > rule.max_days else State.CURRENT


def refusing(found: Iterable[Point], *, is_noting: bool) -> list[Point]:
    """Points that ask for a reason before the case is listed; for noting only what blocks always."""
    weights = {Weight.BLOCK} if is_noting else {Weight.BLOCK, Weight.RED}
    return [point for point in found if point.is_open and point.weight in weights]


def is_about_prrt(question: str) -> bool:
    """Whether the question names the treatment. Without a question nothing rules it out: then it is."""
    return not question.strip() or _PRRT.search(question) is not None


def age_words(days: int) -> str:
    """ "4 d", "5 w", "6 mo", "5 y": the largest unit of which there are two or more, rounded down."""
    if days < 0:
        return "dated ahead"
    for size, unit in ((365, "y"), (30, "mo"), (7, "w")):
        if days >= 2 * size and (unit != "w" or days >= 21):
            return f"{days // size} {unit}"
    return f"{days} d"
