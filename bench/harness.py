"""Side-by-side timing: shuffled rounds of one process, medians, a ratio per goal, and a check that values agree.

Only ratios inside one run mean anything; absolute times belong to the machine. A bench module exposes
``run() -> list[Result]``; ``python -m bench.run`` calls them all.
"""

import gc
import random
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

Case = Callable[[], object]


@dataclass(frozen=True)
class Result:
    """One goal: ``ratio`` must be at least ``goal`` (or at most, ``is_limit``), and the values must agree."""

    name: str
    what: str
    ratio: float | None
    goal: float
    is_limit: bool = False
    agrees: bool = True
    note: str = ""

    @property
    def status(self) -> str:
        if self.ratio is None:
            return "SKIP"
        is_met = self.ratio <= self.goal if self.is_limit else self.ratio >= self.goal
        return "PASS" if is_met and self.agrees else "FAIL"

    def __str__(self) -> str:
        sign = "<=" if self.is_limit else ">="
        found = "-" if self.ratio is None else f"{self.ratio:.3g}"
        agreement = "" if self.agrees else " VALUES DIFFER"
        return f"{self.name} ratio {found} goal {sign} {self.goal:g} {self.status}{agreement}  {self.what}. {self.note}"


def skipped(name: str, what: str, goal: float, why: str, *, is_limit: bool = False) -> Result:
    """A goal whose peer is not installed here."""
    return Result(name, what, None, goal, is_limit, note=why)


def medians(cases: dict[str, Case], *, rounds: int = 7, warm_up: int = 1) -> dict[str, float]:
    """Median seconds of each case; every round calls all of them once, in a new order, with no collection inside."""
    for case in cases.values():
        for _ in range(warm_up):
            case()
    times: dict[str, list[float]] = {name: [] for name in cases}
    for number in range(rounds):
        names = list(cases)
        random.Random(number).shuffle(names)
        for name in names:
            times[name].append(_timed(cases[name]))
    return {name: statistics.median(values) for name, values in times.items()}


def ratio(over: str, under: str, found: dict[str, float]) -> float:
    """How many times longer ``over`` takes than ``under``."""
    return found[over] / found[under]


def shown(found: dict[str, float]) -> str:
    """The medians in one line, e.g. ``ours 4.2 ms, peer 190 ms``."""
    return ", ".join(f"{name} {1000 * seconds:.3g} ms" for name, seconds in found.items())


def _timed(case: Case) -> float:
    gc.collect()
    gc.disable()
    try:
        start = time.perf_counter()
        case()
        return time.perf_counter() - start
    finally:
        gc.enable()
