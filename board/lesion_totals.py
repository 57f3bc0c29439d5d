"""Numbers of each whole scan under the lesion table: how many above liver, the coldest, the SSTR tumour volume."""

from collections.abc import Sequence
from dataclasses import dataclass

from board.chart import ScanView
from imaging.scan_numbers import scan_numbers
from imaging.views.burden_rows import numbers
from imaging.views.numbers import number

NOTHING = number(None)
_SHOWN = {
    "Lesions above liver, by count": "Krenning ≥ 3 (above liver)",
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
    return {row["name"]: _value(row, found["basis"]) for row in found["rows"]}


def _value(row: dict, basis: str) -> Value:
    notes = "; ".join(row["notes"])
    return Value("", notes) if row["value"] == NOTHING else Value(row["value"], f"{basis}; {notes}".removesuffix("; "))
