"""Numbers of each whole scan under the lesion table: how many above liver, the coldest, the SSTR tumour volume."""

from collections.abc import Sequence
from dataclasses import dataclass

from board.chart import ScanView
from imaging.scan_numbers import scan_numbers
from imaging.views.burden_rows import numbers

_SHOWN = {
    "Lesions above liver, by count": "Krenning ≥ 3 (above liver)",
    "Coldest assessable lesion": "Coldest assessable",
    "SSTR tumour volume": "SSTR tumour volume",
}


@dataclass(frozen=True)
class Value:
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
        return dict.fromkeys(_SHOWN, Value("not computed", found["refusal"]))
    basis = found["basis"]
    return {row["name"]: Value(row["value"], "; ".join([basis, *row["notes"]])) for row in found["rows"]}
