"""Whether recommendations were followed, told within 90 days: shares always with what they are shares of."""

import datetime as dt
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

WITHIN_DAYS = 90  # as boards report it; a local convention of when a status is asked for
SMALL_N = 10
DONE, PARTLY, NOT_DONE = "done", "partly", "not_done"


@dataclass(frozen=True)
class Told:
    """What became of a recommendation, as somebody said on ``on``."""

    on: dt.date
    kind: str


@dataclass(frozen=True)
class Recommendation:
    """A signed decision that asks for something. ``replaced_on``: a later decision stands since that day."""

    decided_on: dt.date
    told: tuple[Told, ...] = ()
    replaced_on: dt.date | None = None

    @property
    def asked_on(self) -> dt.date:
        return self.decided_on + dt.timedelta(days=WITHIN_DAYS)

    @property
    def status(self) -> str:
        """The last word by the day it is asked for; "" where nobody has said anything by then."""
        in_time = [told for told in self.told if told.on <= self.asked_on]
        return max(in_time, key=lambda told: told.on).kind if in_time else ""

    @property
    def is_left_out(self) -> bool:
        """Replaced before it was asked for and nobody had said anything: there is nothing to tell any more."""
        return not self.status and self.replaced_on is not None and self.replaced_on <= self.asked_on


@dataclass(frozen=True)
class Share:
    """``part`` of ``whole``; a share of fewer than ``SMALL_N`` is not said in per cent."""

    part: int
    whole: int

    @property
    def text(self) -> str:
        if not self.whole:
            return "none yet"
        said = f"{self.part} of {self.whole}"
        if self.whole < SMALL_N:
            return f"{said} (n too small for a share)"
        return f"{said} ({100 * self.part / self.whole:.0f} %)"


@dataclass(frozen=True)
class Adherence:
    """``asked``: old enough for a status; ``younger`` and ``left_out`` are in no share."""

    asked: int
    told: int
    by_kind: dict[str, int]
    younger: int
    left_out: int

    @property
    def recorded(self) -> Share:
        return Share(self.told, self.asked)

    @property
    def done(self) -> Share:
        return Share(self.by_kind[DONE], self.told)


def adherence(recommendations: Iterable[Recommendation], today: dt.date) -> Adherence:
    every = list(recommendations)
    old = [one for one in every if one.asked_on <= today]
    asked = [one for one in old if not one.is_left_out]
    counts = Counter(one.status for one in asked if one.status)
    by_kind = {kind: counts[kind] for kind in (DONE, PARTLY, NOT_DONE)}
    return Adherence(len(asked), sum(by_kind.values()), by_kind, len(every) - len(old), len(old) - len(asked))
