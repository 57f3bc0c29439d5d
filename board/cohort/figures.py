"""The numbers of the page: how many, who is left out and why, how many converted, what is missing."""

from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings

from board.cohort.cases import CohortCase
from board.cohort.gaps import FIELDS, OF_PAIRS
from board.cohort.selection import Cohort
from board.domain.cohort_figures import SMALL_N, Count, counts, parts
from board.domain.cohort_pairs import EXCLUSIONS
from patients import reads

WORDING = "possible treatment-associated increase in SSTR uptake (unconfirmed)"
# In the order in which they are shown first where not all can be: key, name, what it counts.
ROWS: tuple[tuple[str, str, str], ...] = (
    ("raw", "Class of the scan rose (raw)", f"POOR to MIXED or RICH, or MIXED to RICH: {WORDING}"),
    ("adjusted", "After the SSA check", "of these, those whose somatostatin analogue explains nothing and is known"),
    ("confirmed", "Confirmed by a reader", "of these, those where every reader's last verdict is a true change"),
    ("lesion_loss", "Lesion loss only", "cold lesions vanished and no matched lesion rose; most count as raw as well"),
    ("unsure", "A reader is unsure", "of the raw ones"),
    ("unknown", "Class not known", "a scan has no known class: never counted as a rise"),
    ("twice", "Confirmed by two readers, blinded", "class CONFIRMED of TA-SSTR-UP/1.0"),
)
BY_READERS = frozenset({"confirmed", "unsure", "twice"})
WITHHELD = (
    "Other readers have given a verdict on cases of this cohort on which you have given none. What readers said is "
    "hidden from you, here and in the rows of these cases, until you have given your own on each."
)
CASES_NAMED = 12


@dataclass(frozen=True)
class Line:
    key: str
    name: str
    meaning: str
    count: Count
    is_withheld: bool = False


@dataclass(frozen=True)
class Reason:
    """``number`` None where it is hidden."""

    sentence: str
    number: int | None


@dataclass(frozen=True)
class Gap:
    name: str
    tab: str
    count: Count
    cases: list[str]
    more: int


@dataclass(frozen=True)
class Numbers:
    """``matched`` None where it would tell a small cell by subtraction; so are the others where they are one."""

    matched: int | None
    included: int | None
    excluded: int | None
    smallest: int
    is_small_n: bool

    def word(self, number: int | None) -> str:
        return f"fewer than {self.smallest}" if number is None else str(number)

    @property
    def is_hidden(self) -> bool:
        return None in (self.included, self.excluded)

    @property
    def included_text(self) -> str:
        return self.word(self.included)

    @property
    def excluded_text(self) -> str:
        return self.word(self.excluded)

    @property
    def matched_text(self) -> str:
        return "not shown" if self.matched is None else str(self.matched)


def smallest_cell() -> int:
    return max(1, settings.COHORT_SMALLEST_CELL)


def numbers(found: Cohort, *, shows_all: bool) -> Numbers:
    inside, outside, smallest = len(found.included), len(found.excluded), smallest_cell()
    shown = [None if 0 < n < smallest and not shows_all else n for n in (inside, outside)]
    matched = None if None in shown else inside + outside
    return Numbers(matched, shown[0], shown[1], smallest, inside < SMALL_N)


def exclusions(found: Cohort, *, shows_all: bool) -> list[Reason]:
    told = found.exclusions()
    cells = [(code, told[code]) for code in EXCLUSIONS if code in told]
    shown = parts(cells, smallest=smallest_cell(), shows_all=shows_all)
    if numbers(found, shows_all=shows_all).excluded is None:
        shown = dict.fromkeys(shown)
    return [Reason(EXCLUSIONS[code], shown[code]) for code, _ in cells]


def conversion(found: Cohort, *, shows_all: bool) -> list[Line]:
    whole = len(found.included)
    withheld = BY_READERS if found.is_blinded else frozenset()
    rows = {key: _members(found.included, _is(key)) for key, _, _ in ROWS if key not in withheld}
    told = {count.key: count for count in counts(rows, whole, smallest=smallest_cell(), shows_all=shows_all)}
    told |= {key: Count(key, 0, whole, is_hidden=True) for key in withheld}
    return [Line(key, name, meaning, told[key], key in withheld) for key, name, meaning in ROWS]


def _is(key: str) -> Callable[[CohortCase], bool]:
    return lambda case: getattr(case.outcome, key)


def _members(cases: list[CohortCase], holds: Callable[[CohortCase], bool]) -> list[int]:
    return [n for n, case in enumerate(cases) if holds(case)]


def gaps(found: Cohort, *, shows_all: bool, names_cases: bool) -> list[Gap]:
    """Of all who match; what belongs to a pair of scans only of those who have one. The most missing first."""
    paired = [case for case in found.members if case.pair.before and case.pair.after]
    lines = []
    for cases, keys in ((found.members, FIELDS.keys() - OF_PAIRS), (paired, OF_PAIRS)):
        rows = {key: _members(cases, lambda case, key=key: key in case.gaps) for key in FIELDS if key in keys}
        order = sorted(rows, key=lambda key: -len(rows[key]))
        told = counts({key: rows[key] for key in order}, len(cases), smallest=smallest_cell(), shows_all=shows_all)
        lines += [_gap(count, [cases[n] for n in rows[count.key]] if names_cases else []) for count in told]
    return sorted(lines, key=lambda line: share_missing(line.count))


def share_missing(count: Count) -> tuple[bool, float, int]:
    """For sorting: hidden ones last and in no order, else the largest share first, then the larger number."""
    if count.is_hidden:
        return True, 0.0, 0
    return False, -count.part / max(count.whole, 1), -count.part


def _gap(count: Count, cases: list[CohortCase]) -> Gap:
    name, tab = FIELDS[count.key]
    shown = cases[:CASES_NAMED]
    reads.note_all(case.patient_id for case in shown)
    return Gap(name, tab, count, [case.case_number for case in shown], max(0, len(cases) - CASES_NAMED))
