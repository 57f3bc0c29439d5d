"""Numbers of each whole scan under the lesion table: how many above liver, the coldest, the SSTR tumour volume."""

from collections.abc import Sequence
from dataclasses import dataclass

from board.chart import ScanView
from imaging.scan_numbers import scan_numbers
from imaging.views.burden_rows import numbers
from imaging.views.numbers import number

NOTHING = number(None)
DAGGER = " †"
READ_BY_PEOPLE = "Lesions above liver, by count"
_SHOWN = {
    READ_BY_PEOPLE: "Krenning ≥ 3 (above liver)",
    "Coldest assessable lesion": "Coldest assessable",
    "SSTR tumour volume": "SSTR tumour volume",
}


@dataclass(frozen=True)
class Value:
    """``text`` is "" where there is no number; ``note`` then says why."""

    text: str
    note: str = ""


@dataclass(frozen=True)
class Total:
    name: str
    values: tuple[Value, ...]


def totals(shown: Sequence[ScanView]) -> tuple[Total, ...]:
    found = [_of(view) for view in shown]
    return tuple(Total(said, tuple(values[name] for values in found)) for name, said in _SHOWN.items())


def _of(view: ScanView) -> dict[str, Value]:
    """The same numbers as on the scan's own page; why one is missing stands in its place."""
    found = numbers(scan_numbers(view.scan, view.measured, signed=lambda _: view.reading))
    if not found["rows"]:
        return dict.fromkeys(_SHOWN, Value("", found["refusal"]))
    return {row["name"]: _value(row, found["basis"], _mark(view, row["name"])) for row in found["rows"]}


def _mark(view: ScanView, name: str) -> str:
    """The share above liver is the reader's; the other numbers of a drawn scan were drawn."""
    return DAGGER if view.scan.is_illustrative and name != READ_BY_PEOPLE else ""


def _value(row: dict, basis: str, mark: str) -> Value:
    notes = "; ".join(row["notes"])
    if row["value"] == NOTHING:
        return Value("", notes)
    return Value(row["value"] + mark, f"{basis}; {notes}".removesuffix("; "))
