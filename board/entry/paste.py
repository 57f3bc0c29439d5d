"""A pasted table of laboratory values as a preview. Nothing is stored: the person confirms it into the draft."""

from typing import Any

from patients.domain.lab_table import Row, parse_lab_table
from patients.domain.units import UnitRefused, implausible


def preview(text: str) -> dict[str, Any]:
    table = parse_lab_table(text)
    return {"rows": [_line(row) for row in table.rows], "unread": list(table.unread)[:20]}


def _line(row: Row) -> dict[str, Any]:
    return {
        "name": row.name,
        "analyte": row.analyte,
        "value": f"{row.comparator}{row.value:f}" if row.value is not None else "",
        "unit": row.unit,
        "unit_sure": row.unit_sure,
        "day": row.day.isoformat() if row.day else "",
        "day_sure": row.day_sure,
        "reference_low": "" if row.low is None else f"{row.low:f}",
        "reference_high": "" if row.high is None else f"{row.high:f}",
        "asks": list(row.asks),
        "doubt": _doubt(row),
        "source": row.source[:200],
    }


def _doubt(row: Row) -> str:
    if not row.analyte or not row.unit or row.value is None:
        return ""
    try:
        return implausible(row.value, row.unit, row.analyte)
    except UnitRefused:
        return ""
