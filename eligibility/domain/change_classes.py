"""The classes of a change between two scans, and the table that gives every pair exactly one.

``PRECEDENCE`` is read from the top: the first row whose condition holds names the class, and the last always holds.
Classes: clinical.md 4.2 (D), with LESION_LOSS between them. CONFIRMED and PROBABLE need the reader's category change;
what is unknown never makes a class, it leads to UNDETERMINED.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from eligibility.domain.three import Truth


class ChangeClass(StrEnum):
    CONFIRMED = "CONFIRMED"
    PROBABLE = "PROBABLE"
    REFERENCE_DRIVEN = "REFERENCE_DRIVEN"
    LESION_LOSS = "LESION_LOSS"
    NOT_COMPARABLE = "NOT_COMPARABLE"
    UNDETERMINED = "UNDETERMINED"
    NO_CHANGE = "NO_CHANGE"
    LOSS = "LOSS"


LABELS: dict[ChangeClass, str] = {
    ChangeClass.CONFIRMED: "confirmed treatment-associated increase in SSTR uptake",
    ChangeClass.PROBABLE: "possible treatment-associated increase (unconfirmed)",
    ChangeClass.REFERENCE_DRIVEN: "reference-driven: the liver fell, the lesions did not rise",
    ChangeClass.LESION_LOSS: "lesion loss: cold lesions vanished, no matched lesion rose",
    ChangeClass.NOT_COMPARABLE: "scans not comparable",
    ChangeClass.UNDETERMINED: "undetermined",
    ChangeClass.NO_CHANGE: "no change of category",
    ChangeClass.LOSS: "loss of SSTR uptake: suspect dedifferentiation, consider FDG",
}


@dataclass(frozen=True)
class Signs:
    """What the table reads. ``criteria``: A to G by letter.

    ``fell``: a lesion of 10 mm or more went from above liver to not above; unknown where it is not marked on one scan,
    where its stated status contradicts its scores, or where the rise of the liver alone explains it. ``rose_anywhere``:
    a lesion, index or not, rose. ``class_fell``: the scans have known classes and the second is the lower.
    ``suv_rose``: of a responding index lesion, SUVmax rose (> 10 %); False only if of none. ``liver_fell``: by more
    than 20 %. ``is_beyond_noise``: a responding lesion rose above the repeatability limit.
    ``cold_vanished``: a lost lesion was the reason that the scan's class, or its coldest score, is higher.
    """

    criteria: dict[str, Truth]
    has_hard: bool
    has_unknown_hard: bool
    fell: Truth
    rose_anywhere: Truth
    suv_rose: Truth
    liver_fell: Truth
    is_beyond_noise: Truth
    has_ihc: bool
    has_second_reader: bool
    cold_vanished: Truth
    class_fell: bool

    def holds(self, letters: str) -> bool:
        return all(self.criteria[letter] is True for letter in letters)


@dataclass(frozen=True)
class Row:
    number: int
    name: ChangeClass
    rule: str
    applies: Callable[[Signs], bool]


def _is_confirmed(s: Signs) -> bool:
    is_backed = s.is_beyond_noise is True or s.has_ihc
    return s.holds("ABCDEFG") and s.has_second_reader and is_backed


def _is_reference_driven(s: Signs) -> bool:
    return s.criteria["C"] is True and s.suv_rose is False and s.liver_fell is True


def _is_probable(s: Signs) -> bool:
    return s.holds("ABCDEF") and s.suv_rose is not False


_C = ChangeClass
PRECEDENCE: tuple[Row, ...] = (
    Row(1, _C.NOT_COMPARABLE, "a hard item fails", lambda s: s.has_hard),
    Row(2, _C.UNDETERMINED, "a hard item is unknown", lambda s: s.has_unknown_hard),
    Row(
        3,
        _C.LOSS,
        "a matched lesion of 10 mm or more went from 3 or more to 2 or less",
        lambda s: s.fell is True,
    ),
    Row(
        4,
        _C.UNDETERMINED,
        "whether a lesion fell is unknown: unscored or unmarked on one scan, contradictory, or by the liver alone",
        lambda s: s.fell is None,
    ),
    Row(
        5,
        _C.CONFIRMED,
        "A to G hold, a second reader who had not seen the first verdict agrees, and SUV rose above the repeatability "
        "limit or SSTR2A IHC is paired",
        _is_confirmed,
    ),
    Row(
        6,
        _C.REFERENCE_DRIVEN,
        "C holds, SUV of no responding lesion rose by more than 10 %, liver SUVmean fell by more than 20 %",
        _is_reference_driven,
    ),
    Row(7, _C.PROBABLE, "A to F hold; SUV of a responding lesion rose by more than 10 %, or is unknown", _is_probable),
    Row(
        8,
        _C.UNDETERMINED,
        "C holds or is unknown, and none of the rows above",
        lambda s: s.criteria["C"] is not False,
    ),
    Row(
        9,
        _C.UNDETERMINED,
        "a lesion that is no index lesion rose, or may have risen",
        lambda s: s.rose_anywhere is not False,
    ),
    Row(
        10,
        _C.UNDETERMINED,
        "the SSTR class of the scan fell though no matched lesion of 10 mm or more did",
        lambda s: s.class_fell,
    ),
    Row(
        11,
        _C.LESION_LOSS,
        "the class of the scan or its coldest score is higher only because cold lesions vanished",
        lambda s: s.cold_vanished is True,
    ),
    Row(
        12,
        _C.UNDETERMINED,
        "whether a vanished lesion was cold is unknown",
        lambda s: s.cold_vanished is None,
    ),
    Row(13, _C.NO_CHANGE, "none of the rows above", lambda _: True),
)


def classify(signs: Signs) -> Row:
    """The row that names the class."""
    return next(row for row in PRECEDENCE if row.applies(signs))
