"""What must become of a specimen, file by file and series by series; and the letter that sums it up."""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from imaging.domain.errors import NOTES
from tests.imaging.zoo.box import SLICES, Make

FACT, PROVISIONAL, NONE = "fact", "provisional", ""
OF_FILES = {"refused": "R", "held": "Q"}


@dataclass(frozen=True)
class SeriesSeen:
    """``held``: the identity code; ``volume``, ``suv``: refusal codes. ``warnings`` are all there are, with SUV's; notes
    among them ask nothing of anybody and give no W.

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
        is_warned = self.warnings - NOTES
        return refused + ("Q" if self.held else "") + ("B" if is_blocked else "") + ("W" if is_warned else "")

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
        found |= {letter for word, letter in OF_FILES.items() if any(o.startswith(word) for o in self.files)}
        return "+".join(letter for letter in "RQBW" if letter in found) or "H"

    @property
    def blocks_only_what_is_held(self) -> bool:
        return all("Q" in seen.letters for seen in self.series if "B" in seen.letters)

    @property
    def codes(self) -> list[str]:
        of_files = [outcome.split()[1] for outcome in self.files if outcome.startswith(tuple(OF_FILES))]
        return list(dict.fromkeys([*of_files, *(code for seen in self.series for code in seen.codes)]))


@dataclass(frozen=True)
class Specimen:
    """One generated instance of a case. ``routes``: those on which it can exist.

    ``is_control``: sound, or sound enough, and so handled; it shows that the check is not too strict.
    """

    what: str
    make: Make
    expected: Expected
    routes: tuple[str, ...] = ("browser", "folder")
    is_control: bool = False


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
        return all(self.agrees(specimen) for specimen in self.specimens if not specimen.is_control)

    def agrees(self, specimen: Specimen) -> bool:
        """All letters of a sum ("B+W"), of alternatives ("R or H") one; no other, save a warning beside them.

        What is blocked says why on its page, so B warns too. What is handled with a warning ("H+W") is used. A series
        that is held is in no chart, and what it lacks besides (B) is a part of the question.
        """
        wanted = set(re.findall("[RQBWH]", self.research))
        seen = set(specimen.expected.letter.split("+"))
        of_question = {"B"} if "Q" in wanted and specimen.expected.blocks_only_what_is_held else set()
        if seen - wanted - {"W"} - of_question or (seen == {"W"} and "W" not in wanted):
            return False
        return "+" not in self.research or wanted - {"H"} <= seen | ({"W"} if "B" in seen else set())


def refused(code: str, count: int = 1) -> Expected:
    return Expected({f"refused {code}": count})


def pet(
    suv: str = FACT, *warnings: str, volume: str = "", held: str = "", count: int = SLICES, more: Mapping | None = None
) -> Expected:
    """One PET series of ``count`` slices; ``more``: files beside it."""
    seen = SeriesSeen(held, volume, suv, frozenset(warnings))
    return Expected({_outcome(held): count, **(more or {})}, (seen,))


def picture(held: str, count: int = 1) -> Expected:
    """Files of which no pixel is ever read, as one series."""
    return Expected({_outcome(held): count}, (SeriesSeen(held, suv=NONE),))


def several(*series: SeriesSeen, count: int = SLICES, more: Mapping | None = None) -> Expected:
    """Several series of ``count`` files each."""
    files = Counter()
    for seen in series:
        files[_outcome(seen.held)] += count
    return Expected(files | Counter(more or {}), series)


def of(what: str, make: Make, expected: Expected, routes: tuple[str, ...] = ("browser", "folder")) -> Specimen:
    return Specimen(what, make, expected, routes)


def control(what: str, make: Make, expected: Expected) -> Specimen:
    return Specimen(what, make, expected, is_control=True)


def _outcome(held: str) -> str:
    return f"held {held}" if held else "stored"
