"""What must become of a specimen, file by file and series by series; and the letter that sums it up."""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from tests.imaging.zoo.box import SLICES, Make

FACT, PROVISIONAL, NONE = "fact", "provisional", ""


@dataclass(frozen=True)
class SeriesSeen:
    """``held``: the identity code; ``volume``, ``suv``: refusal codes. ``warnings`` are all there are, with SUV's.

    ``outlines``: of an object of another workstation, why its regions are not placed; "" for one that is.
    """

    held: str = ""
    volume: str = ""
    suv: str = FACT
    warnings: frozenset[str] = frozenset()
    outlines: frozenset[str] = frozenset()

    @property
    def letters(self) -> str:
        is_blocked = self.volume or self.suv not in {FACT, PROVISIONAL, NONE}
        refused = "R" if self.outlines - {""} else ""
        return refused + ("Q" if self.held else "") + ("B" if is_blocked else "") + ("W" if self.warnings else "")

    @property
    def codes(self) -> tuple[str, ...]:
        suv = () if self.suv in {FACT, PROVISIONAL, NONE} else (self.suv,)
        return tuple(filter(None, (self.held, self.volume, *suv, *sorted(self.warnings), *sorted(self.outlines))))


@dataclass(frozen=True)
class Expected:
    """``files``: "outcome code" -> how many; ``series`` in any order."""

    files: Mapping[str, int]
    series: tuple[SeriesSeen, ...] = ()

    @property
    def letter(self) -> str:
        found = {letter for seen in self.series for letter in seen.letters}
        found |= {"R"} if any(outcome.startswith("refused") for outcome in self.files) else set()
        return "+".join(letter for letter in "RQBW" if letter in found) or "H"

    @property
    def codes(self) -> list[str]:
        of_files = [outcome.split()[1] for outcome in self.files if outcome.startswith("refused")]
        return list(dict.fromkeys([*of_files, *(code for seen in self.series for code in seen.codes)]))


@dataclass(frozen=True)
class Specimen:
    """One generated instance of a case. ``routes``: "both", or the one route on which it can exist."""

    what: str
    make: Make
    expected: Expected
    routes: tuple[str, ...] = ("browser", "folder")


@dataclass(frozen=True)
class Case:
    """A row of the table. ``research``: the letter it was given there; ``differs``: why ours is another.

    ``proof`` names the test that shows what no file can show by itself.
    """

    number: int
    title: str
    research: str
    specimens: tuple[Specimen, ...] = ()
    differs: str = ""
    proof: str = ""

    @property
    def letter(self) -> str:
        found = {part for specimen in self.specimens for part in specimen.expected.letter.split("+")}
        return "+".join(letter for letter in "RQBWH" if letter in found)

    @property
    def is_as_researched(self) -> bool:
        """All letters of a sum ("B+W") must be seen, and of alternatives ("R or H") at least one; never any other."""
        wanted, seen = set(re.findall("[RQBWH]", self.research)), set(self.letter.split("+"))
        return seen == wanted if "+" in self.research else seen <= wanted


def refused(code: str, count: int = 1) -> Expected:
    return Expected({f"refused {code}": count})


def pet(
    suv: str = FACT, *warnings: str, volume: str = "", held: str = "", count: int = SLICES, more: Mapping | None = None
) -> Expected:
    """One PET series of ``count`` slices; ``more``: files beside it."""
    seen = SeriesSeen(held, volume, suv, frozenset(warnings))
    return Expected({_outcome(held): count, **(more or {})}, (seen,))


def several(*series: SeriesSeen, count: int = SLICES, more: Mapping | None = None) -> Expected:
    """Several series of ``count`` files each."""
    files = Counter()
    for seen in series:
        files[_outcome(seen.held)] += count
    return Expected(files | Counter(more or {}), series)


def of(what: str, make: Make, expected: Expected, routes: tuple[str, ...] = ("browser", "folder")) -> Specimen:
    return Specimen(what, make, expected, routes)


def _outcome(held: str) -> str:
    return f"held {held}" if held else "stored"
