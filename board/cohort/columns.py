"""What a column of an export is, and how its values leave: numbers, codes of a known list, moved days, references.

No text leaves by accident: a value that is none of these is "other". Free text has columns of its own, off by default.
"""

import datetime as dt
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from board.cohort.cases import CohortCase
from board.domain.cohort_safe import moved
from eligibility.case_rows import CaseRows
from imaging.models import Lesion, Scan
from patients.models import HistologySpecimen, TreatmentLine

OTHER = "other"
_VERSION = re.compile(r"[A-Za-z][A-Za-z-]{1,20}/\d{1,3}(\.\d{1,3}){0,2}\Z", re.ASCII)
KINDS = {
    "number": "number",
    "flag": "yes, no; empty: unknown",
    "date": "date (ISO 8601), moved by the shift of the patient",
    "code": "one of a fixed list; other: something else",
    "codes": "several of a fixed list, parted by semicolons",
    "reference": "name within this export",
    "version": "version of a method",
    "text": "free text, as typed",
}


@dataclass(frozen=True)
class Column:
    """``codes``: the list of a code; ``of``: its coding system or where the list stands."""

    name: str
    meaning: str
    kind: str
    source: str
    get: Callable
    unit: str = ""
    codes: frozenset[str] = frozenset()
    of: str = ""


@dataclass(frozen=True)
class Table:
    """``rows`` of one case; every table begins with the pseudonym of the patient."""

    name: str
    meaning: str
    rows: Callable[["Leaving"], Iterable]
    columns: tuple[Column, ...]


@dataclass
class Leaving:
    """One case on its way out: its rows, the name and the shift it has in this export."""

    case: CaseRows
    found: CohortCase
    name: str
    shift: dt.timedelta
    as_of: dt.date

    def of(self, model) -> list:
        return self.case.of(model)

    @cached_property
    def _references(self) -> dict:
        """S1 is the first scan, L1 the first lesion ...: their own names may say too much."""
        letters = {Scan: "S", Lesion: "L", TreatmentLine: "T", HistologySpecimen: "H"}
        return {
            (model, row.lineage): f"{letter}{number}"
            for model, letter in letters.items()
            for number, row in enumerate(self.case.of(model), start=1)
        }

    def reference(self, model, lineage) -> str:
        return self._references.get((model, lineage), "")


def leaves(column: Column, value, shift: dt.timedelta) -> str:
    """The value as text in the file; "" for unknown."""
    if value is None or value == "":
        return ""
    return _AS_TEXT[column.kind](column, value, shift)


def _number(_column, value, _shift) -> str:
    if isinstance(value, Decimal):
        return f"{value.normalize():f}" if value.is_finite() else ""
    return repr(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""


def _flag(_column, value, _shift) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else ""


def _date(_column, value, shift: dt.timedelta) -> str:
    day = moved(value if isinstance(value, dt.date) else None, shift)
    return day.isoformat() if day else ""


def _code(column: Column, value, _shift) -> str:
    return str(value) if str(value) in column.codes else OTHER


def _codes(column: Column, value, _shift) -> str:
    return ";".join(sorted({str(one) if str(one) in column.codes else OTHER for one in value}))


def _version(_column, value, _shift) -> str:
    return str(value) if _VERSION.match(str(value)) else OTHER


def _plain(_column, value, _shift) -> str:
    return str(value)


_AS_TEXT: dict[str, Callable] = {
    "number": _number,
    "flag": _flag,
    "date": _date,
    "code": _code,
    "codes": _codes,
    "version": _version,
    "reference": _plain,
    "text": _plain,
}
